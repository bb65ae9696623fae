"""Three ledger pools of one region, one of them killed every second while it books."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from typing import Any

from deploy.local.places import Problem
from tests.faults.arranged import arrange, milliseconds
from tests.faults.measured import Case, Watch
from tests.faults.neighbours import Region
from tests.faults.platform import Platform

THREE = "[ledger]\nlondon = 3\nrest = 1\n"
VICTIMS = ("ledger-london", "ledger-london-2", "ledger-london-3")
PAIRS = 8
EVERY = 1.0
"""Seconds from one kill to the next."""


def run(platform: Platform, seed: int, minutes: float) -> dict[str, Any]:
    """Kill for so long; figures, and under ``wrong`` whatever was not as promised."""
    arrange(platform, THREE)
    draw, kills, missed = random.Random(seed), 0, 0
    londoners = Region(platform, "london", PAIRS, repeat=0.05)
    watch = Watch(platform)
    londoners.begin()
    end, due = time.monotonic() + 60 * minutes, time.monotonic()
    while due < end:
        due += EVERY
        if _kill_one(platform, draw):
            kills += 1
        else:
            missed += 1
        time.sleep(max(0.0, due - time.monotonic()))  # the pace of the kills
    platform.await_all()
    case = watch.ended(Case(), londoners)
    return {
        "kills": kills,
        "times all three were away": missed,
        "exchanges": case.exchanges,
        "redelivered": case.redelivered,
        "tried again by the clients": londoners.seen.tried_again,
        "confirm to settled ms": milliseconds(londoners.seen.settling),
        "empty after s": case.empty[0],
        "audit": case.figures,
        "wrong": case.wrong,
    }


def _kill_one(platform: Platform, draw: random.Random) -> bool:
    """Kill any that lives; false when all are on their way back from the last time."""
    for name in draw.sample(VICTIMS, len(VICTIMS)):
        with suppress(Problem):
            platform.kill(name)
            return True
    return False
