"""Brings a service's database to the newest of its numbered SQL files.

python -m services.bus.migrate services.ledger
"""

import contextlib
import sys
import time
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import yoyo

from services.bus import settings

LOCK_MS = 500
"""Milliseconds a migration waits for a lock. Everybody else waits behind it meanwhile; and after
a second the database would look for a deadlock, and end a transaction of somebody who is served."""
GIVING_WAY = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
"""A deadlock is seen at once where somebody already waits for a weaker lock we hold; then the
migration is the one that is ended."""
TRIES = 120
PAUSE = 0.5
"""Seconds between two tries of a migration that gave way."""


def apply(database_url: str, package: str) -> None:
    """Apply the bus's and the package's migrations that are not yet applied.

    Args:
        database_url: ``postgresql://`` URL of the service's own database.
        package: dotted name of a package with a folder ``sql``.

    Several processes may call this at once: one works, the others wait.
    """
    url = _with_psycopg3(_of_one_host(database_url))
    backend, hasty = yoyo.get_backend(url), yoyo.get_backend(_giving_way(url))
    migrations = yoyo.read_migrations(*(str(folder) for folder in folders(package)))
    with (
        contextlib.closing(backend.connection),
        contextlib.closing(hasty.connection),
        backend.lock(),
    ):
        for each in backend.to_apply(migrations):
            each.load()
            # What has no transaction could not be taken back, and holds nobody up.
            _apply_one(hasty if each.use_transactions else backend, each)


def _apply_one(backend: Any, migration: Any) -> None:
    """Apply a migration as soon as nobody holds what it changes.

    Raises:
        psycopg.errors.LockNotAvailable: somebody holds it for minutes.
    """
    for _ in range(TRIES - 1):
        try:
            backend.apply_one(migration)
            return
        except GIVING_WAY:
            time.sleep(PAUSE)  # others go first
    backend.apply_one(migration)


def _giving_way(url: str) -> str:
    """The same place, for who waits for a lock no longer than ``LOCK_MS``."""
    options = f"options={quote(f'-c lock_timeout={LOCK_MS}')}"
    return f"{url}{'&' if '?' in url else '?'}{options}"


def folders(package: str) -> list[Path]:
    """Where the SQL of the bus and of ``package`` lies, in the order of application."""
    packages = dict.fromkeys(("services.bus", package))
    places = (Path(str(resources.files(name))) / "sql" for name in packages)
    return [place for place in places if place.is_dir()]


def wait_for(database_url: str, seconds: float = 60) -> None:
    """Wait until the database answers; raise its last error after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(database_url, connect_timeout=3).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)  # between two attempts; the condition is the connection


def _of_one_host(url: str) -> str:
    """Of the servers in an address the one that answers as the address wants; yoyo reads no more.

    Raises:
        psycopg.OperationalError: none of them does.
    """
    parts = urlsplit(url)
    who, _, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return url
    with psycopg.connect(url, connect_timeout=3) as conn:
        netloc = f"{who}@{conn.info.host}:{conn.info.port}"
    return urlunsplit(parts._replace(netloc=netloc))


def _with_psycopg3(url: str) -> str:
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m services.bus.migrate PACKAGE", file=sys.stderr)
        return 2
    with settings.refusing_to_start():
        url = settings.DATABASE_URL.read()
    wait_for(url)
    apply(url, arguments[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
