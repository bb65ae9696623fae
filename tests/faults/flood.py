"""London flooded with completed exchanges while the North West books, with pools apart."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg

from deploy.local import readers
from services.bus import said
from services.bus.transaction import Transaction
from services.ledger import store, transfer, transfer_handlers
from services.ledger.transfer import Cause
from tests.benchmarks import ourselves, pipeline
from tests.benchmarks.deals import Work, messages, work
from tests.faults.arranged import arrange, milliseconds
from tests.faults.neighbours import Region
from tests.faults.platform import Platform, wrong_of

LONDON, NORTH_WEST = "london", "north-west"
APART = "\n".join(
    f"[{service}]\n{LONDON} = 1\n{NORTH_WEST} = 1\nrest = 1"
    for service in ("members", "exchanges", "ledger", "notifications", "reporting")
)
ACCOUNTS = 1000
EXCHANGES, PAIRS = 100, 2
"""Of the North West in each phase, and how many pairs book at once: as fast as they are served."""
POLL = 0.01
"""Seconds between two looks of a client at its exchange."""
WARM = 20
AT_ONCE = 1000
"""Events said in one transaction, or exchanges counted as one step."""
LOOK = 0.5
"""Seconds between two looks at how far it is: a question over the whole backlog costs something."""
SLOWEST_PER_SECOND = 40
"""A drain slower than this is given up."""


def run(platform: Platform, size: int) -> dict[str, Any]:
    """Idle, flooded with London's pools stopped, and draining; then quiet, and the audit.

    The backlog is prepared as the platform's own code would have left it: accounts with their
    grants, which are announced, holds, exchanges in the state ``completed``; and its events lie
    in the outbox of exchanges, from where the platform itself says them.
    """
    arrange(platform, APART)
    north_west = Region(platform, NORTH_WEST, PAIRS, POLL)
    north_west.do(WARM)
    found: dict[str, Any] = {"backlog": size, "wrong": []}
    _phase(found, "idle", north_west)
    platform.launch("pool", "stop", "all", LONDON)
    backlog = work(ACCOUNTS, size, 1, 0, LONDON)
    prepare(platform, backlog)
    found["said per second"] = _say(platform, backlog)
    _phase(found, "standing", north_west)
    found["waiting in London's queues"] = _waiting(platform)
    _drain(platform, found, north_west, backlog)
    _phase(found, "afterwards", north_west)
    seconds, found["audit"] = platform.settled(60 + size / SLOWEST_PER_SECOND)
    found["quiet after s"] = round(seconds, 1)
    return found


def _phase(found: dict[str, Any], name: str, region: Region) -> None:
    seen = region.do(EXCHANGES)
    _note(found, name, seen.booking, seen.settling)
    found["wrong"] += [f"{name}: {sentence}" for sentence in seen.wrong]
    found["wrong"] += [f"{name}: {seen.tried_again} calls failed"] if seen.tried_again else []


def _note(
    found: dict[str, Any], name: str, booking: Sequence[float], settling: Sequence[float]
) -> None:
    found[name] = {
        "booking ms": milliseconds(booking),
        "confirm to settled ms": milliseconds(settling),
    }
    print(f"    {name}: {found[name]}", flush=True)


def prepare(platform: Platform, backlog: Work) -> None:
    """Accounts, grants and holds in the ledger, completed exchanges where they are kept."""
    now = datetime.datetime.now(datetime.UTC)
    with psycopg.connect(platform.at.database_urls["ledger"]) as conn:
        tx = Transaction(conn, now, "prepared")
        store.open_accounts(conn, [(account, LONDON) for account in backlog.accounts], now)
        why = Cause(LONDON, "prepared", now)
        grants = [
            transfer.starter_grant(account, minutes + ourselves.SPARE, why)
            for account, minutes in backlog.held().items()
        ]
        transfer_handlers.post(tx, grants)
        ourselves.hold(conn, backlog, now)
        said.keep(conn, tx.said)
    with psycopg.connect(platform.at.database_urls["exchanges"]) as conn:
        pipeline.add_exchanges(conn, backlog.deals, now)
    for service in ("ledger", "exchanges"):
        with psycopg.connect(platform.at.database_urls[service], autocommit=True) as conn:
            conn.execute("analyze")


def _say(platform: Platform, backlog: Work) -> float:
    """Leave the completions in the outbox until all are said; events a second."""
    events = messages(backlog.feed)
    began = time.monotonic()
    with psycopg.connect(platform.at.database_urls["exchanges"], autocommit=True) as conn:
        for start in range(0, len(events), AT_ONCE):
            said.keep(conn, events[start : start + AT_ONCE])
    left = "select exists (select from outbox)"
    if not _reached(lambda: not platform.looks.ask("exchanges", left)[0][0], len(events)):
        raise TimeoutError("the outbox of exchanges is not empty")
    return round(len(events) / (time.monotonic() - began))


def _reached(true: Callable[[], bool], size: int) -> bool:
    """Wait until ``true()`` is; false when that takes too long for so many."""
    deadline = time.monotonic() + 60 + size / SLOWEST_PER_SECOND
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK)  # between two looks
    return True


def _waiting(platform: Platform) -> Mapping[str, int]:
    """What waits in London's queues, by service."""
    found = readers.find(platform.at.amqp_url)
    return {service: each.waiting for (service, region), each in found.items()
            if region == LONDON and each.waiting}  # fmt: skip


def _drain(platform: Platform, found: dict[str, Any], north_west: Region, backlog: Work) -> None:
    """Start London's pools and let the North West go on until all of the backlog is settled."""
    starter = threading.Thread(target=platform.launch, args=("pool", "start", "all", LONDON))
    north_west.begin()
    starter.start()
    done = _reached(lambda: _any(platform, backlog, "state = 'settled'"), len(backlog.deals))
    began = time.monotonic()
    done = done and _reached(
        lambda: not _any(platform, backlog, "state <> 'settled'"), len(backlog.deals)
    )
    took = time.monotonic() - began
    outcome = north_west.outcome()
    starter.join()
    seen = north_west.seen
    _note(found, "draining", seen.booking, seen.settling)
    found["drained, exchanges a second"] = round(len(backlog.deals) / took)
    found["drained after s"] = round(took, 1)
    found["wrong"] += [f"draining: {each}" for each in wrong_of(outcome, north_west.exchanges)]
    found["wrong"] += [f"draining: {seen.tried_again} calls failed"] if seen.tried_again else []
    found["wrong"] += [] if done else ["draining: not all was settled in time"]


def _any(platform: Platform, backlog: Work, condition: str) -> bool:
    """Whether there is one in the backlog, whose exchanges have a listing of their own."""
    statement = f"select exists (select from exchange where listing_id = %s and {condition})"
    return bool(platform.looks.ask("exchanges", statement, backlog.deals[0].exchange_id)[0][0])
