"""Loses nodes and servers of a real cluster under load, audits what is left, and reports.

python -m tests.faults.cluster [--rounds 3] [--only C1,C3] [--record] [--keep]

Three brokers in one cluster, a database with a standby, all encrypted, and a platform led to
them by its settings alone; everything on one machine, and with no data at the beginning.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial

from deploy.local import cluster, commands, failover, standby
from deploy.local.places import Places, places
from services.bus import settings
from tests.faults import cluster_faults, cluster_refusals, cluster_watched, kept, report
from tests.faults.__main__ import FOLDER, _about
from tests.faults.platform import Platform
from tests.faults.scenario import Result, Scenario

BANK = "cluster-bank"
"""The instance of the platform; its servers are the instance ``cluster``."""
OF_IT = {
    # Our servers' addresses are numbers, which the launcher cannot know of servers it is led to.
    "EVENTLET_NO_GREENDNS": "yes",
}
Run = Callable[[Platform, Places, int], Result]


def refusals(platform: Platform, where: Places, rounds: int) -> Result:
    """C5: whatever must be refused is, on every node and on the server promoted last."""
    tried, wrong = cluster_refusals.wrong(platform, where)
    return Result(1, 0, wrong=tuple(wrong), measured={"things tried": tried})


FAULTS: tuple[tuple[str, str, Run], ...] = (
    ("C1", "the broker's node that leads the most queues killed", cluster_faults.run_nodes),
    ("C2", "the database's standby killed", cluster_faults.run_standby),
    ("C3", "the database's primary lost under load", cluster_faults.run_primary),
    ("C4", "the primary lost when nobody followed it", cluster_faults.run_unfollowed),
    ("C5", "strangers, plain words, others' rights", refusals),
    ("C6", "a replica behind, a certificate ending, a replica gone", cluster_watched.run),
)


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    wanted = [each for each in FAULTS if not options.only or each[0] in options.only.split(",")]
    where = places(cluster.CLUSTER) if options.there else _servers()
    led = cluster.environment(where)
    os.environ[settings.AMQP_CA.name] = led[settings.AMQP_CA.name]  # we look there, too
    platform = Platform(BANK, {**led, **OF_IT})
    done: dict[Scenario, Result] = {}
    try:
        if options.there:
            platform.up()
        else:
            platform.fresh()
        for name, meaning, run in wanted:
            one = partial(_run, name, run, platform, where, options.rounds)
            done[Scenario(name, meaning, run, 0)] = one()  # type: ignore[arg-type] # for its name
    finally:
        if not options.keep:
            platform.down()
            commands.down(where)
    content = {**report.as_json(done, {**_about(0, None), "rounds": options.rounds})}
    print("\n" + report.table(done))
    print(f"\nwritten to {report.write(FOLDER, content, latest=False)}")
    if options.record:
        _record(content)
    return 0 if content["sound"] else 1


def _record(content: dict[str, object]) -> None:
    kept.RESULTS.mkdir(parents=True, exist_ok=True)
    file = kept.RESULTS / "cluster.json"
    file.write_text(json.dumps(content, indent=2, default=list) + "\n")
    print(f"and to {file}")


def _servers() -> Places:
    """The cluster, made anew."""
    where = places(cluster.CLUSTER)
    commands.down(where)
    shutil.rmtree(where.folder)
    where = places(cluster.CLUSTER)
    began = time.monotonic()
    cluster.start(where)
    print(f"the cluster was made in {time.monotonic() - began:.0f} s", flush=True)
    return where


def _run(name: str, run: Run, platform: Platform, where: Places, rounds: int) -> Result:
    print(f"{name} ...", flush=True)
    began = time.monotonic()
    try:
        result = run(platform, where, rounds)
    except Exception as error:  # the others are still worth knowing
        traceback.print_exc()
        result = Result(0, 0, wrong=(f"{type(error).__name__}: {error}"[:500],))
        _repair(where)
    took = time.monotonic() - began
    print(f"    {name} {'ok' if result.sound else 'NOT SOUND'} after {took:.0f} s", flush=True)
    return result


def _repair(where: Places) -> None:
    """Whatever a fault that broke off has left behind."""
    if standby.held(where, standby.other(standby.primary(where))).exists():
        failover.rejoin(where)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.cluster")
    parser.add_argument("--rounds", type=int, default=3, help="times each fault is put in")
    parser.add_argument("--only", default="", help="names of faults, a comma list")
    parser.add_argument("--record", action="store_true", help="keep the figures in the repository")
    parser.add_argument("--there", action="store_true", help="with what runs already, and its data")
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
