"""Measures speed: `python -m tests.benchmarks --help`, or `make bench`.

Every experiment runs in every round, one after the other, so that what else happens on
the machine meets all of them alike.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
import structlog

from tests.benchmarks import (
    first_byte,
    gateway_speed,
    growth,
    latency,
    ledger_hop,
    machine,
    pipeline,
    regions_apart,
    report,
    webhooks,
)
from tests.benchmarks.bench_servers import FOLDER, BenchServers
from tests.benchmarks.figures import Figures

ROUNDS = 5
SECONDS = 20.0
RESULTS = Path(__file__).parent / "results"

Experiment = Callable[[BenchServers, Figures, float, int], None]
EXPERIMENTS: Mapping[str, Experiment] = {
    "hop": ledger_hop.run,
    "latency": latency.run,
    "pipeline": pipeline.run,
    "gateway": gateway_speed.run,
    "regions": regions_apart.run,
    "growth": growth.run,
    "webhooks": webhooks.run,
    "pages": first_byte.run,
}


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="roughly, of one measurement"
    )
    parser.add_argument(
        "--only", nargs="+", choices=EXPERIMENTS, default=list(EXPERIMENTS), metavar="EXPERIMENT",
        help=", ".join(EXPERIMENTS),
    )  # fmt: skip
    parser.add_argument("--keep", metavar="NAME", help="also write results/NAME.json and .svg")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Exit code 0 when everything was measured and every audit was clean, 1 otherwise."""
    options = _options(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    figures, broken = Figures(), False
    servers = BenchServers.up()
    try:
        facts = machine.facts(servers)
        for number in range(1, options.rounds + 1):
            for name in options.only:
                print(f"round {number} of {options.rounds}: {name}", flush=True)
                try:
                    EXPERIMENTS[name](servers, figures, options.seconds, number)
                except (OSError, RuntimeError, psycopg.Error) as error:
                    # The other experiments still count; this one is named in the report.
                    figures.lack(name, f"round {number}: {error}")
                    print(f"  {name} was given up: {error}", flush=True)
                    broken = True
    finally:
        servers.down()
    facts["fsync_us_after"] = machine.fsync()
    chosen = {"rounds": options.rounds, "seconds": options.seconds, "experiments": options.only}
    run = report.as_json(figures, facts, chosen)
    report.write(FOLDER, "latest", run, figures)
    if options.keep:
        report.write(RESULTS, options.keep, run, figures)
    print(report.table(figures, facts))
    return 1 if broken or any(figure.wrong for figure in figures.all.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
