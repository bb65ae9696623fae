"""Lends each contestant a fresh database and virtual host on servers that write durably."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from deploy.local import broker, commands, plan, ports, supervisor
from deploy.local.databases import other_database
from deploy.local.places import REPOSITORY, places
from tests.servers import Databases

INSTANCE = os.environ.get("BENCH_INSTANCE", "bench")
"""Its own servers: those of the tests do not wait for the disk. Two runs at once, on a machine
that only tries the benchmark out, need two names."""
FOLDER = REPOSITORY / "var" / INSTANCE
STOP_SECONDS = 30


@dataclass
class BenchServers:
    """A broker and a database with fsync on, and what to make on them."""

    amqp_url: str
    administrator_url: str
    started: bool

    @classmethod
    def up(cls) -> BenchServers:
        """Start the servers unless they run; those found running are left running."""
        where = places(INSTANCE)
        started = supervisor.running(where) is None
        running = commands.up(where, plan.SERVERS)
        servers = cls(running.amqp_url, running.administrator_url, started)
        servers._refuse_fleeting()
        return servers

    def down(self) -> None:
        if self.started:
            commands.down(places(INSTANCE))

    def _refuse_fleeting(self) -> None:
        with psycopg.connect(self.administrator_url) as conn:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                row = conn.execute(sql.SQL("show {}").format(sql.Identifier(name))).fetchone()
                assert row == ("on",), f"{name} is off: a rate measured here would mean nothing"

    def pids(self) -> dict[str, int]:
        """Process ids of broker and database, by name."""
        told = supervisor.read_state(places(INSTANCE))["processes"]
        return {name: told[name]["pid"] for name in ("broker", "database")}

    @contextmanager
    def service_database(self, package: str) -> Iterator[str]:
        """A fresh database with the migrations of a package, opened as a role of its own."""
        databases = Databases(self.administrator_url)
        url = databases.fresh(package)
        try:
            yield url
        finally:
            databases.drop(url)
            databases.drop_templates()

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """A fresh database of the administrator's, for a peer's own tables."""
        name = f"bench_{secrets.token_hex(6)}"
        with psycopg.connect(self.administrator_url, autocommit=True) as conn:
            conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            yield other_database(self.administrator_url, name)
        finally:
            with psycopg.connect(self.administrator_url, autocommit=True) as conn:
                drop = sql.SQL("drop database {} with (force)")
                conn.execute(drop.format(sql.Identifier(name)))

    @contextmanager
    def virtual_host(self) -> Iterator[str]:
        """The URL of a fresh virtual host."""
        name = f"bench-{secrets.token_hex(6)}"
        self._evaluate(
            f'ok = rabbit_vhost:add(<<"{name}">>, <<"bench">>), '
            f'ok = rabbit_auth_backend_internal:set_permissions(<<"{broker.USER}">>, '
            f'<<"{name}">>, <<".*">>, <<".*">>, <<".*">>, <<"bench">>).'
        )
        try:
            yield urlunsplit(urlsplit(self.amqp_url)._replace(path=f"/{name}"))
        finally:
            self._evaluate(f'rabbit_vhost:delete(<<"{name}">>, <<"bench">>).')

    def _evaluate(self, expression: str) -> None:
        where = places(INSTANCE)
        broker.control(where, ports.remembered(where.ports), "eval", expression)


def settled_disk(url: str) -> None:
    """Bring the tables just filled into the state of a running system: analysed, on disk."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("vacuum analyze")


def checkpointed(administrator_url: str) -> None:
    """Write everything out, so that nobody pays for who came before."""
    with psycopg.connect(administrator_url, autocommit=True) as conn:
        conn.execute("checkpoint")


@contextmanager
def process(
    name: str, command: Sequence[str], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for the length of a block; its output goes to ``var/bench/logs``.

    Args:
        command: without the interpreter when it begins with ``-m``.
    """
    logs = FOLDER / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    whole = [sys.executable, *command] if command[0] == "-m" else list(command)
    with (logs / f"{name}.log").open("wb") as log:
        running = subprocess.Popen(
            whole, cwd=REPOSITORY, env={**inherited(), **environment},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield running
        finally:
            stop(running)


def stop(running: subprocess.Popen[bytes]) -> None:
    """End a process gently, by force after ``STOP_SECONDS``."""
    if running.poll() is None:
        running.terminate()
        try:
            running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def log_of(name: str) -> Path:
    return FOLDER / "logs" / f"{name}.log"


def inherited() -> dict[str, str]:
    kept = {key: text for key, text in os.environ.items() if not key.startswith("TIMEBANK_")}
    return {**kept, "PYTHONWARNINGS": "ignore", "MALLOC_ARENA_MAX": "2"}
