"""Puts every fault into a platform under load, audits it, and reports.

python -m tests.faults [--minutes 60] [--only F1,F5] [--seed 7]
python -m tests.faults --only F1 --minutes 60 [--points ledger.mid_batch] [--workers 2] [--seeds 20]
python -m tests.faults --replay ledger.mid_batch:7
python -m tests.faults --sum [--record]
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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from deploy.local.places import REPOSITORY
from tests.faults import crash, kept, report
from tests.faults.platform import INSTANCE, Platform
from tests.faults.scenario import Result, Scenario
from tests.faults.scenarios import SCENARIOS
from tests.faults.version import commit, tested

FOLDER = REPOSITORY / "var" / "faults"
SEEDS = 1_000_000
SHORT_SECONDS = 145.0
"""Seconds after which no fault of the short form is begun that is likely to end later: on a busy
machine the last one takes half a minute longer than is likely, and three minutes are allowed."""
LANES = 2
"""Platforms of the short form side by side: a fault mostly waits for what it hurt."""

LONG_ONLY: dict[str, str] = {
    "F8": "long form only: fourteen cases on a platform of its own",
    "F10": "long form only: a platform of its own on a small file system",
    "F11": "long form only: the backlog takes too long",
    "F12": "long form only: a platform of its own under a false clock",
}
"""Faults that do not fit into the short form, each with the reason that the table gives."""


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.sum:
        return show_sum(record=options.record)
    if options.replay:
        return replay(options.replay, options.instance)
    wanted = [s for s in SCENARIOS if not options.only or s.name in options.only.split(",")]
    if not wanted:
        print(f"there are: {', '.join(s.name for s in SCENARIOS)}", file=sys.stderr)
        return 2
    seed = options.seed if options.seed is not None else random.randrange(SEEDS)
    run = _about(seed, options.minutes)
    print(f"commit {run['commit']}, tested {run['tested']}, seed {seed}", flush=True)
    if options.minutes is None and not options.only:
        done = short_form(wanted, options.instance, seed)
    else:
        done = one_by_one(wanted, options, seed)
    content = report.as_json(done, run)
    print("\n" + report.table(done))
    print(f"\nwritten to {report.write(FOLDER, content)}")
    if options.record:
        print(f"and to {report.write(kept.RESULTS, content, latest=False)}")
    return 0 if content["sound"] else 1


def _about(seed: int, minutes: float | None) -> dict[str, Any]:
    return {
        "began": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "tested": tested(),
        "seed": seed,
        "minutes": minutes,
        "machine": f"{os.cpu_count()} cores, {machine.platform()}, Python {sys.version.split()[0]}",
    }


def one_by_one(
    wanted: Sequence[Scenario], options: argparse.Namespace, seed: int
) -> dict[Scenario, Result]:
    """The faults one after another on one platform, each as long as its share."""
    place = Platform(options.instance)
    place.fresh()
    try:
        return {
            each: _run(each, place, seed, share(each, wanted, options.minutes), options)
            for each in wanted
        }
    finally:
        if not options.keep:
            place.down()


def short_form(wanted: Sequence[Scenario], instance: str, seed: int) -> dict[Scenario, Result]:
    """Every fault that fits once, on two platforms side by side; the others by their reason."""
    end = time.monotonic() + SHORT_SECONDS
    done = {each: Result(0, 0, left_out=LONG_ONLY.get(each.name, "")) for each in wanted}
    # The longest first, so that both end together.
    todo = sorted((s for s in wanted if s.name not in LONG_ONLY), key=lambda s: s.minutes)
    lanes = [Platform(instance), *(Platform(f"{instance}-{n}") for n in range(2, LANES + 1))]

    def lane(place: Platform) -> None:
        place.fresh()
        try:
            while todo:
                each = todo.pop()
                late = time.monotonic() + 60 * each.minutes > end
                done[each] = LATE if late else _run(each, place, seed, each.minutes)
        finally:
            place.down()

    with ThreadPoolExecutor(LANES) as threads:
        for ended in [threads.submit(lane, place) for place in lanes]:
            ended.result()
    return done


LATE = Result(0, 0, left_out="left out: the time of the short form was over")


def replay(name: str, instance: str) -> int:
    """Run one case of F1 again, such as ``ledger.mid_batch:7``; 1 when it is not sound."""
    print(f"commit {commit()}, tested {tested()}, {name}", flush=True)
    place = Platform(instance)
    place.fresh()
    try:
        case = crash.replay(place, name)
    finally:
        place.down()
    print("not reached" if case is None else json.dumps(vars(case), indent=2))
    return 0 if case and case.sound else 1


def show_sum(*, record: bool) -> int:
    """Print what F1 has shown over all runs; 1 when any of it was not sound."""
    summary = kept.Kept().summary()
    print(kept.told(summary))
    if record:
        print(f"written to {kept.record(summary)}")
    return 1 if summary["total"]["not sound"] else 0


def _run(
    scenario: Scenario,
    place: Platform,
    seed: int,
    minutes: float,
    options: argparse.Namespace | None = None,
) -> Result:
    name = scenario.name
    print(f"{name}  {scenario.meaning} ({minutes:.1f} min)", flush=True)
    began = time.monotonic()
    if scenario is crash.F1 and options is not None:
        more = partial(
            crash.run, workers=options.workers, seeds=options.seeds, places=options.points
        )
        scenario = replace(scenario, run=more)
    try:
        result = scenario.run(place, seed, minutes)
    except Exception as error:  # the other faults are still worth knowing
        traceback.print_exc()
        result = Result(0, 0, wrong=(f"{type(error).__name__}: {error}"[:500],))
    took = time.monotonic() - began
    print(f"    {name} {'ok' if result.sound else 'NOT SOUND'} after {took:.0f} s", flush=True)
    return result


def share(scenario: Scenario, all_of_them: Sequence[Scenario], minutes: float | None) -> float:
    """Minutes a fault may take: its own in the short form, its part of the whole in the long."""
    if minutes is None:
        return scenario.minutes
    return minutes * scenario.minutes / sum(each.minutes for each in all_of_them)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    add = parser.add_argument
    add("--minutes", type=float, help="of the long form; absent: the short form")
    add("--only", default="", help="names of faults, a comma list")
    add("--seed", type=int, help="what chooses; absent: chosen and printed")
    add("--replay", default="", help="one case of F1, such as ledger.mid_batch:7")
    add("--workers", type=int, default=1, help="platforms on which F1 runs side by side")
    add("--seeds", type=int, default=0, help="cases of each point after which F1 is done")
    add("--points", type=crash.named, default=crash.PLACES, help="points of F1; absent: all")
    add("--sum", action="store_true", help="what F1 has shown of this code over all runs")
    add("--record", action="store_true", help="keep the figures in tests/faults/results, too")
    add("--instance", default=INSTANCE, help="name of the platform")
    add("--keep", action="store_true", help="leave the platform running")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
