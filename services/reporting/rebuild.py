"""Makes every projection again from what was heard.

    python -m services.reporting.rebuild

Prints each projection before and after; exits with 1 when they differ, which says that
the figures shown until now were not those of the log. The new ones are kept either way.
"""

import sys
from typing import Any

import psycopg

from services.bus import settings
from services.reporting import handlers, store

BATCH = 1000
"""Events in memory at once."""


def rebuild(conn: psycopg.Connection[Any]) -> tuple[list[store.Fingerprint], ...]:
    """Replay the log into empty projections, in the caller's transaction.

    Returns:
        the fingerprints of every projection before and after.
    """
    store.close_the_log(conn)
    before = store.fingerprints(conn)
    store.forget_facts(conn)
    reader = handlers.Reader()
    for batch in store.log(conn, reader.types, BATCH):
        handlers.project(conn, [reader.read(heard) for heard in batch])
    return before, store.fingerprints(conn)


def main() -> int:
    with settings.refusing_to_start():
        url = settings.DATABASE_URL.read()
    # the driver's own time-outs suit calls; a long log may take an hour
    with psycopg.connect(url, options="-c statement_timeout=0 -c timezone=UTC") as conn:
        before, after = rebuild(conn)
    for then, now in zip(before, after, strict=True):
        same = "the same" if then == now else "different"
        print(f"{now.projection}: {then.rows} rows before, {now.rows} after, {same}")
    return 0 if before == after else 1


if __name__ == "__main__":
    sys.exit(main())
