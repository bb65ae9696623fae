"""Recomputes every balance from the entries and reports any difference.

    python -m services.ledger.check

Exit code 0 when there is none, 1 when there is, 2 when it could not look.
"""

import sys
from typing import Any

import psycopg

from services.bus import settings
from services.ledger import check_store


def check(conn: psycopg.Connection[Any]) -> dict[str, int]:
    """All counts by name; each is zero in a sound ledger, also while it is at work."""
    return {name: count(conn) for name, count in check_store.CHECKS.items()}


def main() -> int:
    with settings.refusing_to_start():
        url = settings.DATABASE_URL.read()
    try:
        with psycopg.connect(url, autocommit=True) as conn:
            found = check(conn)
    except psycopg.OperationalError as error:
        print(error, file=sys.stderr)
        return 2
    for name, count in found.items():
        print(f"{count:8}  {name}")
    print("Every figure is zero." if not any(found.values()) else "NOT EVERY FIGURE IS ZERO.")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
