"""Repairs what a broker lost: every service says again what the broker had confirmed.

    python -m deploy.reconcile [--region london] [--since 2026-11-21T10:00:00Z]

A platform does so by itself when it finds a queue missing. Doing it once more is harmless:
readers know every event by its id.
"""

import argparse
import datetime
import sys
from collections.abc import Mapping, Sequence

import psycopg

from deploy.local import installation
from deploy.local.places import DEMO, Problem
from services.bus import said


def run(
    urls: Mapping[str, str],
    regions: Sequence[str] | None = None,
    since: datetime.datetime | None = None,
) -> dict[str, int]:
    """How many events each service will say again, by service.

    Args:
        urls: database address by service.
        regions: slugs; all by default.
        since: leaves out what was said earlier.
    """
    found = {}
    for service, url in urls.items():
        with psycopg.connect(url) as conn:
            found[service] = said.say_again(conn, regions, since)
    return found


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.reconcile")
    parser.add_argument("--region", action="append", help="a slug; may be repeated")
    parser.add_argument("--since", type=datetime.datetime.fromisoformat, help="ISO 8601")
    parser.add_argument("--instance", default=DEMO, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        urls = installation.read(options.instance).database_urls
        found = run(urls, options.region, options.since)
    except (Problem, psycopg.OperationalError) as error:
        print(error, file=sys.stderr)
        return 2
    for service, count in found.items():
        print(f"{service:14} {count:8} events will be said again")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
