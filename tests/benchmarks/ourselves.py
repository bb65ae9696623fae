"""The real ledger, as one process, taking part in its own benchmark."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from services.bus.topology import event_queue
from services.ledger import check, store, transfer
from services.ledger.hold import Hold
from services.ledger.transfer import Cause
from tests.benchmarks import queues
from tests.benchmarks.bench_servers import BenchServers, process
from tests.benchmarks.contestant import QueueContestant
from tests.benchmarks.deals import REGION, Work

SPARE = 600
"""Minutes each account has beside what is held of it: no nudge is due on the way down."""


class Timebank(QueueContestant):
    """One process of the ledger with its own settings, all regions."""

    name = "this platform"
    expected = 2500
    queue = event_queue("ledger", REGION)
    heard_on = (event_queue("exchanges", REGION), event_queue("reporting", REGION))
    settled = "select count(*) from transfer where kind = 'exchange'"

    @contextmanager
    def database(self, servers: BenchServers) -> Iterator[str]:
        with servers.service_database("services.ledger") as url:
            yield url

    def fill(self, url: str, work: Work) -> None:
        now = datetime.datetime.now(datetime.UTC)
        with psycopg.connect(url) as conn:
            fill(conn, work, now)

    def declare(self, connection: Any) -> None:
        queues.declare_platform(connection)

    @contextmanager
    def process(self, amqp_url: str, database_url: str) -> Iterator[int]:
        settings = {"TIMEBANK_AMQP_URL": amqp_url, "TIMEBANK_DATABASE_URL": database_url}
        command = ["-m", "services.bus.runner", "services.ledger.service"]
        with process("ledger", command, settings) as running:
            yield running.pid

    def books(self, conn: psycopg.Connection[Any], work: Work) -> list[str]:
        wrong = [f"{name}: {count}" for name, count in check.check(conn).items() if count]
        for text, query, expected in (
            ("transfers", self.settled, len(work.deals)),
            ("entries", "select count(*) from entry e join transfer t on t.id = e.transfer_id"
             " where t.kind = 'exchange'", 2 * len(work.deals)),
            ("minutes held", "select coalesce(sum(held_minutes), 0) from account", 0),
            ("outbox rows", "select count(*) from outbox", 0),
            ("retries", "select count(*) from retry", 0),
        ):  # fmt: skip
            row = conn.execute(query.encode()).fetchone()
            if row != (expected,):
                wrong.append(f"{text}: {row}, not {expected}")
        return wrong


def fill(conn: psycopg.Connection[Any], work: Work, now: datetime.datetime) -> None:
    """Accounts granted what is held of them, and the holds: by the ledger's own statements."""
    region = work.deals[0].region
    why = Cause(region, "prepared", now)
    store.open_accounts(conn, [(account, region) for account in work.accounts], now)
    grants = [
        transfer.starter_grant(account, minutes + SPARE, why)
        for account, minutes in work.held().items()
    ]
    store.post(conn, grants)
    hold(conn, work, now)


def hold(conn: psycopg.Connection[Any], work: Work, now: datetime.datetime) -> None:
    """The holds of the deals, on accounts that have the minutes."""
    holds = [
        Hold(
            id=deal.hold_id, exchange_id=deal.exchange_id, account_id=deal.receiver_id,
            minutes=deal.minutes, state="held", region=deal.region, available_minutes=SPARE,
        )
        for deal in work.deals
    ]  # fmt: skip
    store.add_holds(conn, holds, now)
