"""London's pools moved between two arrangements, again and again, while everybody books."""

from __future__ import annotations

import time
from typing import Any

from tests.faults.arranged import arrange, milliseconds, spread
from tests.faults.measured import Case, Watch
from tests.faults.neighbours import Region
from tests.faults.platform import Platform

ALONE = """
[members]
london = 1
rest = 1
[exchanges]
london = 2
rest = 1
[ledger]
london = 3
rest = 1
[notifications]
london = 1
rest = 1
"""
TOGETHER = """
[members]
rest = 1
[exchanges]
"london, south-east" = 1
rest = 1
[ledger]
"london, north-west" = 1
rest = 1
[reporting]
london = 1
rest = 1
"""
"""Every process of London is another in the one than in the other."""
PAIRS = 3


def run(platform: Platform, seed: int, minutes: float) -> dict[str, Any]:
    """Move for so long, twice at least; figures, and under ``wrong`` what was not as promised."""
    arrange(platform, ALONE)
    groups = [Region(platform, region, PAIRS) for region in ("london", "north-west")]
    watch, took = Watch(platform), list[float]()
    for group in groups:
        group.begin()
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end or len(took) < 2:
        took.append(arrange(platform, TOGETHER if len(took) % 2 == 0 else ALONE))
    case = watch.ended(Case(), *groups)
    again = sum(group.seen.tried_again for group in groups)
    if again:
        case.wrong.append(f"{again} calls were answered by an error, or not at all")
    settling = [wait for group in groups for wait in group.seen.settling]
    booking = [wait for group in groups for wait in group.seen.booking]
    return {
        "moves": len(took),
        "a move took s": spread(took),
        "exchanges": case.exchanges,
        "calls": sum(group.seen.calls for group in groups),
        "calls that met an error": again,
        "booking ms": milliseconds(booking),
        "confirm to settled ms": milliseconds(settling),
        "audit": case.figures,
        "wrong": case.wrong,
    }
