"""Judges matches beside plain search: `python -m tests.benchmarks.matching`."""

from __future__ import annotations

import os

os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_select")

import argparse
import random
import sys

import psycopg

from services.bus.transaction import Database
from tests.benchmarks.matching import ways
from tests.benchmarks.matching.fill import fill, forget_exchanges
from tests.benchmarks.matching.judged import Judged, judged
from tests.benchmarks.matching.population import Population
from tests.servers import Databases, Servers

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
    options = parser.parse_args(arguments)
    servers = Servers.find()
    databases = Databases(servers.database_url)
    print(HEAD)
    print("|" + " --- |" * (HEAD.count("|") - 1))
    try:
        for members in options.members:
            _population(databases, Population(members, options.seed), options.askers)
    finally:
        databases.drop_templates()
        servers.release()
    return 0


def _population(databases: Databases, population: Population, most: int) -> None:
    url = databases.fresh("services.exchanges")
    database = Database(url, size=2)
    try:
        with psycopg.connect(url) as conn:
            fill(conn, population)
            database.open()
            for kind in LOOKED_FOR:
                askers = _askers(population, kind, most)
                for name, way in WAYS.items():
                    forget_exchanges(conn)
                    found = judged(database, population, way, kind, askers)
                    print(_line(len(population.people), LOOKED_FOR[kind], name, found), flush=True)
    finally:
        database.close()
        databases.drop(url)


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
