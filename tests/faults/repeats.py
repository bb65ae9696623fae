"""F5: every event comes again and again, to several readers at once, and again after 8 days."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence

from tests.faults.crowd import more_of
from tests.faults.measured import Case, Watch, total
from tests.faults.messages import Copy, TakenDown, publish
from tests.faults.platform import Platform
from tests.faults.scenario import Result, Scenario

EXCHANGES, CLIENTS = 25, 8
MOST = 9
"""Further copies of an event at most: each comes 2 to 10 times."""
DAYS = 8
"""Longer than any of the windows that others forget a message after."""
READERS = 4
"""Processes that read the same queues at once."""


def run(platform: Platform, seed: int, minutes: float) -> Result:
    """Drive exchanges, repeat everything said meanwhile, move the clock, repeat it again."""
    rng = random.Random(seed)
    cases, copies = 0, 0
    watch, case = Watch(platform), Case()
    with more_of(platform, "ledger", READERS - 1), TakenDown(platform.at.amqp_url) as taken:
        load = platform.load(EXCHANGES * (4 if minutes >= 1 else 1), CLIENTS)
        load.process.wait()
        platform.await_quiet()
        heard, before = list(taken.copies), balances(platform)
        copies += _repeat(platform, heard, rng)
        platform.await_quiet()
        with _later(platform, DAYS):
            copies += _repeat(platform, heard, rng)
            watch.ended(case, load)
        cases = len(heard)
    if balances(platform) != before:
        case.wrong.append("balances are not what they were before the repeats")
    measured = {
        "events repeated": cases,
        "copies of them": copies,
        "readers of the ledger": READERS,
    }
    return total([case], measured)


def _repeat(platform: Platform, heard: Sequence[Copy], rng: random.Random, most: int = MOST) -> int:
    """Publish every event 1 to ``most`` times more, in no order; how many in all."""
    again = [copy for copy in heard for _ in range(rng.randint(1, most))]
    rng.shuffle(again)
    publish(platform.at.amqp_url, again)
    return len(again)


@contextlib.contextmanager
def _later(platform: Platform, days: int) -> Iterator[None]:
    """Every database's clock shows a later day meanwhile."""
    for service in platform.at.database_urls:
        platform.query(service, f"update clock set ahead = ahead + interval '{days} days'")
    try:
        yield
    finally:
        for service in platform.at.database_urls:
            platform.query(service, f"update clock set ahead = ahead - interval '{days} days'")


def balances(platform: Platform) -> list[tuple[object, ...]]:
    """Every account with what it has and how often it moved."""
    statement = "select id, balance_minutes, held_minutes, version from account order by id"
    return platform.query("ledger", statement)


F5 = Scenario("F5", "every event 2 to 10 times, and again 8 days later", run, 0.3)
