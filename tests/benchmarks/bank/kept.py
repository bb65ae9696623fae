"""Keeps a loaded bank on the benchmark's server, so that only the first round pays for it."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from deploy.local import databases
from services.bus import migrate
from tests.benchmarks.bank.load import load
from tests.benchmarks.bank.size import Size

PASSWORD = "bench"  # of roles on a private server on loopback that hold made-up people only


AT_WORK = ("exchanges", "ledger")
"""Services whose databases grow by everything that happens; enough for their own speed."""


def kept(administrator_url: str, size: Size, services: Sequence[str] = AT_WORK) -> dict[str, str]:
    """URLs of the databases of a bank, by service; loaded when they are not there yet.

    Newer migrations are applied to what is there; it is loaded again when one of those it
    was made with has changed, or its own scripts have.
    """
    workers = [_Keeping(administrator_url, service, size) for service in services]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    failed = [worker.error for worker in workers if worker.error]
    if failed:
        raise RuntimeError(f"the bank could not be loaded: {failed[0]}")
    return {worker.service: worker.url(worker.final) for worker in workers}


@contextmanager
def copied(
    administrator_url: str, size: Size, services: Sequence[str] = AT_WORK
) -> Iterator[Mapping[str, str]]:
    """As ``kept``, but copies for one use: what is done to them is gone afterwards."""
    originals = kept(administrator_url, size, services)
    made = {service: f"bank_copy_{service}_{secrets.token_hex(4)}" for service in services}
    copy = sql.SQL("create database {} template {} owner {}")
    try:
        for service, name in made.items():
            original = databases.database_of(originals[service])
            names = (sql.Identifier(each) for each in (name, original, _role(service)))
            _run(administrator_url, copy.format(*names))
        yield {service: _url(administrator_url, service, name) for service, name in made.items()}
    finally:
        for name in made.values():
            _drop(administrator_url, name)


def warmed(administrator_url: str, urls: Iterable[str]) -> None:
    """Bring databases into memory as a bank that has been open for weeks has them there: all of
    them in the system's, and what every posting touches somewhere in the database's own."""
    for url in urls:
        there = databases.other_database(administrator_url, databases.database_of(url))
        with psycopg.connect(there, autocommit=True) as conn:
            conn.execute("create extension if not exists pg_prewarm")
            conn.execute(
                "select sum(pg_prewarm(oid, case when relkind = 'i' or relname = 'account'"
                " then 'buffer' else 'read' end)) from pg_class"
                " where relkind in ('r', 'i') and relpersistence = 'p'"
            )


class _Keeping(threading.Thread):
    """Sees to one service's database, beside the others."""

    def __init__(self, administrator_url: str, service: str, size: Size) -> None:
        super().__init__(daemon=True)
        self.administrator_url, self.service, self.size = administrator_url, service, size
        self.final = f"bank_{service}_{size.members}_{size.exchanges}"
        self.package = f"services.{service}"
        self.error: Exception | None = None

    def url(self, name: str) -> str:
        return _url(self.administrator_url, self.service, name)

    def run(self) -> None:
        try:
            made_of = _made_of(self.package)
            if not self._is_sound(made_of):
                self._load()
            migrate.apply(self.url(self.final), self.package)
            note = sql.SQL("comment on database {} is {}")
            text = sql.Literal(json.dumps(made_of))
            _run(self.administrator_url, note.format(sql.Identifier(self.final), text))
        except Exception as error:
            self.error = error

    def _is_sound(self, made_of: Mapping[str, str]) -> bool:
        """Whether it is there, made of files that are all still the same."""
        with psycopg.connect(self.administrator_url) as conn:
            found = conn.execute(
                "select shobj_description(oid, 'pg_database') from pg_database where datname = %s",
                [self.final],
            ).fetchone()
        then = json.loads(found[0]) if found and found[0] else {}
        return bool(then) and all(made_of.get(name) == text for name, text in then.items())

    def _load(self) -> None:
        draft = f"{self.final}_draft"
        for name in (self.final, draft):
            _drop(self.administrator_url, name)
        databases.prepare(self.administrator_url, {self.service: self.url(draft)})
        migrate.apply(self.url(draft), self.package)
        load(self.administrator_url, self.url(draft), self.service, self.size)
        # A load that was interrupted leaves a draft, which is begun again.
        rename = sql.SQL("alter database {} rename to {}")
        names = (sql.Identifier(draft), sql.Identifier(self.final))
        _run(self.administrator_url, rename.format(*names))


def _made_of(package: str) -> dict[str, str]:
    """What decides what is in the database: a digest of each file, by its name."""
    here = Path(__file__).parent
    files = [here / "load.py", here / "size.py", here / "words.py", *here.glob("*.sql")]
    for folder in migrate.folders(package):
        files += [path for path in folder.iterdir() if path.is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files}


def _role(service: str) -> str:
    return f"bank_{service}"


def _url(administrator_url: str, service: str, name: str) -> str:
    parts = urlsplit(administrator_url)
    netloc = f"{_role(service)}:{PASSWORD}@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{name}"))


def _drop(administrator_url: str, name: str) -> None:
    drop = sql.SQL("drop database if exists {} with (force)")
    _run(administrator_url, drop.format(sql.Identifier(name)))


def _run(administrator_url: str, statement: sql.Composed) -> None:
    with psycopg.connect(administrator_url, autocommit=True) as conn:
        conn.execute(statement)
