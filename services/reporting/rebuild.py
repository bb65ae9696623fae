"""Makes every projection again from what was heard.

    python -m services.reporting.rebuild

Prints each projection before and after; exits with 1 when they differ, which says that
the figures shown until now were not those of the log. The new ones are kept either way.
"""

import sys

from services.bus import settings
from services.bus.transaction import Database, Transaction
from services.reporting import handlers, store

BATCH = 1000
"""Events in memory at once."""


def rebuild(tx: Transaction) -> tuple[list[store.Fingerprint], list[store.Fingerprint]]:
    """Replay the log into empty projections.

    Returns:
        the fingerprints of every projection before and after.
    """
    store.close_the_log(tx.conn)
    before = store.fingerprints(tx.conn)
    store.forget_facts(tx.conn)
    for batch in store.log(tx.conn, sorted(handlers.READ_BACK), BATCH):
        handlers.project(tx, [handlers.remembered(heard) for heard in batch])
    return before, store.fingerprints(tx.conn)


def main() -> int:
    with settings.refusing_to_start():
        url = settings.DATABASE_URL.read()
    # a call gives up after half a minute; reading a long log may take an hour
    database = Database(url, size=1, statement_timeout=0)
    database.open()
    try:
        with database.transaction() as tx:
            before, after = rebuild(tx)
    finally:
        database.close()
    for then, now in zip(before, after, strict=True):
        same = "the same" if then == now else "different"
        print(f"{now.projection}: {then.rows} rows before, {now.rows} after, {same}")
    return 0 if before == after else 1


if __name__ == "__main__":
    sys.exit(main())
