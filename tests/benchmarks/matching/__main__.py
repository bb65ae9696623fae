"""Judges matches beside plain search: `python -m tests.benchmarks.matching [--keep NAME]`."""

from __future__ import annotations

import os

os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_select")

import argparse
import datetime
import json
import random
import sys
from pathlib import Path
from typing import Any

import psycopg

from services.bus.transaction import Database
from tests.benchmarks import machine
from tests.benchmarks.matching import ways
from tests.benchmarks.matching.fill import fill, forget_exchanges
from tests.benchmarks.matching.judged import Judged, judged
from tests.benchmarks.matching.population import Population
from tests.servers import Databases, Servers

RESULTS = Path(__file__).resolve().parents[1] / "results"
SEED = 2026
SIZES = (800, 50_000)
ASKERS = 3_000
WAYS = {"plain search": ways.by_search, "matches": ways.by_matches}
LOOKED_FOR = {"offer": "help", "request": "give"}
HEAD = (
    "| members | for | way | precision at 3 | of at most | one good of 3 | good both ways"
    " | fitting people reached | most asked of one | ms, median | ms, p95 |"
)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.matching")
    parser.add_argument("--members", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--askers", type=int, default=ASKERS, help="at most, of each population")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--keep", metavar="NAME", help="also write results/NAME.json")
    options = parser.parse_args(arguments)
    servers = Servers.find()
    databases = Databases(servers.database_url)
    print(HEAD)
    print("|" + " --- |" * (HEAD.count("|") - 1))
    found: list[dict[str, Any]] = []
    try:
        with psycopg.connect(servers.database_url) as conn:
            facts = machine.looked_at(conn.info.server_version)
        for members in options.members:
            found += _population(databases, Population(members, options.seed), options.askers)
    finally:
        databases.drop_templates()
        servers.release()
    if options.keep:
        _keep(options.keep, {"seed": options.seed, "askers": options.askers}, facts, found)
    return 0


def _keep(
    name: str, settings: dict[str, Any], facts: dict[str, Any], found: list[dict[str, Any]]
) -> None:
    run = {
        "shape": 1,
        "measured_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": {**facts, "load_after": machine.load()},
        "settings": settings,
        "figures": found,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(run, indent=1) + "\n", "utf-8")


def _population(databases: Databases, population: Population, most: int) -> list[dict[str, Any]]:
    url = databases.fresh("services.exchanges")
    database = Database(url, size=2)
    members, kept = len(population.people), list[dict[str, Any]]()
    try:
        with psycopg.connect(url) as conn:
            fill(conn, population)
            database.open()
            for kind in LOOKED_FOR:
                askers = _askers(population, kind, most)
                for name, way in WAYS.items():
                    forget_exchanges(conn)
                    found = judged(database, population, way, kind, askers)
                    print(_line(members, LOOKED_FOR[kind], name, found), flush=True)
                    about = {"members": members, "for": LOOKED_FOR[kind], "way": name}
                    kept.append({**about, **found.figures()})
    finally:
        database.close()
        databases.drop(url)
    return kept


def _askers(population: Population, kind: str, most: int) -> list[int]:
    """Those who look for something, drawn by a seed of their own."""
    looking = [
        number
        for number, who in enumerate(population.people)
        if (who.wants if kind == "offer" else who.gives)
    ]
    random.Random(SEED + 1).shuffle(looking)
    return looking[:most]


def _line(members: int, looked_for: str, way: str, found: Judged) -> str:
    cells = [
        f"{members:,}", looked_for, way, f"{found.precision:.0%}", f"{found.ceiling:.0%}",
        f"{found.one:.0%}", f"{found.mutual:.1%}", f"{found.reached:.0%}",
        str(found.most_asked), f"{found.median:.1f}", f"{found.slow:.1f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
