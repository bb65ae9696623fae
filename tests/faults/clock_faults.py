"""F12: the clocks of our processes go wrong by an hour, the database's never."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from tests.faults.disturbed import disturbed
from tests.faults.measured import Case, total
from tests.faults.platform import Platform
from tests.faults.scenario import Result, Scenario

LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib*/faketime/libfaketimeMT.so.1")
SKEWS = (("-3600", "+0"), ("+0", "+3600"), ("-3600", "-3600"))
"""Seconds when people sign in, and from the midst of their exchanges on. The last case begins
with a jump back by two hours, under no load: a token from the future is rightly turned away."""
LASTS = 3.0
"""Seconds exchanges go on under a skew before the next case begins."""


def run(_: Platform, seed: int, minutes: float) -> Result:
    """A platform of its own, all of whose Python processes live under a false clock."""
    library = next((str(f) for pattern in LIBRARIES for f in Path("/").glob(pattern[1:])), "")
    if not library:
        return Result(0, 0, wrong=("NOT RUN: the package faketime is not installed",))
    platform = Platform("faults-clock")
    said = platform.where.folder / "clock"
    said.write_text("+0\n")
    platform.environment |= {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(said),
        "FAKETIME_NO_CACHE": "1",
        # Only what a wrong or corrected clock shows: intervals are measured by another one.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    platform.up()
    try:
        return _skewed(platform, said)
    finally:
        platform.down()


def _skewed(platform: Platform, said: Path) -> Result:
    cases: list[Case] = []
    for signed_in, later in SKEWS:
        said.write_text(f"{signed_in}\n")
        case = disturbed(platform, partial(_jump, said, later))
        case.wrong = [f"{signed_in} {later}: {sentence}" for sentence in case.wrong]
        cases.append(case)
    ((early,),) = platform.query(
        "exchanges",
        "select count(*) from exchange where state in ('expired', 'lapsed')"
        " or abs(extract(epoch from completed_at - clock_timestamp())) > 1800",
    )
    if early:
        cases[-1].wrong.append(f"{early} exchanges followed a wrong clock")
    return total(cases)


def _jump(said: Path, skew: str) -> None:
    said.write_text(f"{skew}\n")
    time.sleep(LASTS)  # the fault lasts, and goes on lasting while we look


F12 = Scenario("F12", "our processes' clocks an hour ahead, behind, and jumping", run, 0.7)
