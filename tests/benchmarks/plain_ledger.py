"""The tables all peers share: filled with the same work, audited by the same sums."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg

from tests.benchmarks.bench_servers import BenchServers
from tests.benchmarks.deals import Work

PEERS = Path(__file__).parent / "peers"
ISSUE = UUID("ffffffff-ffff-8fff-bfff-fffffffffffe")
"""Owes what the others began with, so that all balances sum to zero."""
SPARE = 600

SETTLED = "select count(*) from transfer"
AUDIT = {
    "minutes too many or too few": "select abs(sum(balance_minutes)) from account",
    "minutes still held": "select sum(held_minutes) from account",
    "accounts unlike their entries": (
        "select count(*) from account a left join (select account_id, sum(minutes) as minutes,"
        " count(*) as entries from entry group by account_id) e on e.account_id = a.id"
        " where a.balance_minutes <> a.opening_minutes + coalesce(e.minutes, 0)"
        " or a.version <> coalesce(e.entries, 0)"
    ),
    "transfers without their two entries": (
        "select count(*) from transfer t where (select (count(*), sum(e.minutes), max(e.minutes))"
        " from entry e where e.transfer_id = t.id) is distinct from (2::bigint, 0::numeric,"
        " t.minutes)"
    ),
    "entries whose balances do not follow": (
        "select count(*) from entry where balance_after <> balance_before + minutes"
    ),
    "holds not posted": "select count(*) from hold where state <> 'posted'",
}
"""Each is zero in sound books."""


@contextmanager
def database(servers: BenchServers) -> Iterator[str]:
    with servers.empty_database() as url:
        with psycopg.connect(url) as conn:
            conn.execute((PEERS / "ledger.sql").read_bytes())
        yield url


def fill(url: str, work: Work) -> None:
    """Accounts with balances and held minutes, holds, and the feed for those without a queue."""
    held = work.held()
    with psycopg.connect(url) as conn, conn.cursor() as cursor:
        columns = "id, balance_minutes, held_minutes, opening_minutes, floor_minutes"
        with cursor.copy(f"copy account ({columns}) from stdin".encode()) as copy:
            total = 0
            for account, minutes in held.items():
                copy.write_row((account, minutes + SPARE, minutes, minutes + SPARE, -180))
                total += minutes + SPARE
            copy.write_row((ISSUE, -total, 0, -total, -10 * total))
        with cursor.copy(b"copy hold (id, exchange_id, account_id, minutes) from stdin") as copy:
            for deal in work.deals:
                copy.write_row((deal.hold_id, deal.exchange_id, deal.receiver_id, deal.minutes))
        with cursor.copy(b"copy feed from stdin") as copy:
            for number, deal in enumerate(work.feed, 1):
                transfer_id = uuid5(deal.exchange_id, "exchange")
                copy.write_row((
                    number, str(deal.event_id), deal.exchange_id, deal.hold_id, deal.giver_id,
                    deal.receiver_id, deal.minutes, transfer_id, uuid5(transfer_id, "out"),
                ))  # fmt: skip


def wrong(conn: psycopg.Connection[Any], work: Work, in_outbox: int) -> list[str]:
    """What is wrong in a peer's books, with ``in_outbox`` rows expected there."""
    expected = {
        "transfers": (SETTLED, len(work.deals)),
        "outbox rows": ("select count(*) from outbox", in_outbox),
        **{name: (query, 0) for name, query in AUDIT.items()},
    }
    found = []
    for name, (query, right) in expected.items():
        row = conn.execute(query.encode()).fetchone()
        if row is None or int(row[0]) != right:
            found.append(f"{name}: {row[0] if row else None}, not {right}")
    return found
