"""Puts every fault into a platform under load, audits it, and reports.

python -m tests.faults [--minutes 60] [--only F1,F5] [--seed 7] [--replay ledger.mid_batch:7]
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform as machine
import random
import sys
import time
import traceback
from collections.abc import Sequence

from deploy.local.places import REPOSITORY
from tests.faults import crash, report
from tests.faults.platform import Platform
from tests.faults.scenario import Result, Scenario
from tests.faults.scenarios import SCENARIOS
from tests.faults.version import commit

FOLDER = REPOSITORY / "var" / "faults"
SEEDS = 1_000_000


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.replay:
        return replay(options.replay)
    wanted = [s for s in SCENARIOS if not options.only or s.name in options.only.split(",")]
    if not wanted:
        print(f"there are: {', '.join(s.name for s in SCENARIOS)}", file=sys.stderr)
        return 2
    seed = options.seed if options.seed is not None else random.randrange(SEEDS)
    run = {
        "began": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "seed": seed,
        "minutes": options.minutes,
        "machine": f"{os.cpu_count()} cores, {machine.platform()}, Python {sys.version.split()[0]}",
    }
    print(f"commit {run['commit']}, seed {seed}", flush=True)
    place = Platform()
    place.fresh()
    done: dict[Scenario, Result] = {}
    try:
        for scenario in wanted:
            done[scenario] = _run(scenario, place, seed, share(scenario, wanted, options.minutes))
    finally:
        if not options.keep:
            place.down()
    content = report.as_json(done, run)
    print("\n" + report.table(done))
    print(f"\nwritten to {report.write(FOLDER, content)}")
    return 0 if content["sound"] else 1


def replay(name: str) -> int:
    """Run one case of F1 again, such as ``ledger.mid_batch:7``; 1 when it is not sound."""
    point, _, seed = name.partition(":")
    print(f"commit {commit()}, {point} with seed {seed}", flush=True)
    place = Platform()
    place.fresh()
    try:
        case = crash.run_case(place, crash.BY_NAME[point], int(seed))
    finally:
        place.down()
    print("not reached" if case is None else json.dumps(vars(case), indent=2))
    return 0 if case and case.sound else 1


def _run(scenario: Scenario, place: Platform, seed: int, minutes: float) -> Result:
    print(f"{scenario.name}  {scenario.meaning} ({minutes:.1f} min)", flush=True)
    began = time.monotonic()
    try:
        result = scenario.run(place, seed, minutes)
    except Exception as error:  # the other faults are still worth knowing
        traceback.print_exc()
        result = Result(0, 0, wrong=(f"{type(error).__name__}: {error}"[:500],))
    took = time.monotonic() - began
    print(f"    {'ok' if result.sound else 'NOT SOUND'} after {took:.0f} s", flush=True)
    return result


def share(scenario: Scenario, all_of_them: Sequence[Scenario], minutes: float | None) -> float:
    """Minutes a fault may take: its own in the short form, its part of the whole in the long."""
    if minutes is None:
        return scenario.minutes
    return minutes * scenario.minutes / sum(each.minutes for each in all_of_them)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--minutes", type=float, help="of the long form; absent: the short form")
    parser.add_argument("--only", default="", help="names of faults, a comma list")
    parser.add_argument("--seed", type=int, help="what chooses; absent: chosen and printed")
    parser.add_argument("--replay", default="", help="one case of F1, such as ledger.mid_batch:7")
    parser.add_argument("--keep", action="store_true", help="leave the platform running")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
