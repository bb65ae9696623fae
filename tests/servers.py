"""Finds or starts the servers the tests run against and makes fresh databases and virtual hosts."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from deploy.local import broker, commands, databases, installation, plan, ports, supervisor
from deploy.local.places import TEST, Problem, places

ROLE_PASSWORD = "only-for-tests"
MANY_ROWS = 1000
"""More than this would be in the way of the next tests even when deleted."""
BATCH = 10
"""Virtual hosts made by the first call of rabbitmqctl, and twice as many by each after it: a call
takes half a second of a core, and a virtual host a fiftieth."""


@dataclass
class Servers:
    """A broker and a database server; stopped at the end when this session started them."""

    database_url: str
    broker_url: str
    started: bool = False

    @classmethod
    def find(cls) -> Servers:
        database = os.environ.get("TIMEBANK_TEST_DATABASE_URL", "")
        messages = os.environ.get("TIMEBANK_TEST_AMQP_URL", "")
        if database and messages:
            return cls(database, messages)
        where = places(TEST)
        started = supervisor.running(where) is None
        running = commands.up(where, plan.SERVERS)
        return cls(running.administrator_url, running.amqp_url, started)

    def release(self) -> None:
        if self.started:
            commands.down(places(TEST))

    @property
    def broker_is_ours(self) -> bool:
        """Whether the broker is the private test instance, which we may control."""
        try:
            return installation.read(TEST).amqp_url == self.broker_url
        except Problem:
            return False


class Databases:
    """One migrated template per package and session; each test gets a copy of it."""

    def __init__(self, administrator_url: str) -> None:
        self.administrator_url = administrator_url
        self.session = secrets.token_hex(4)
        self.templates: dict[str, str] = {}

    def fresh(self, package: str) -> str:
        """The URL of a new database of a package, migrated, opened as the package's own role."""
        template = self.templates.get(package) or self._make_template(package)
        name = f"test_{self.session}_{secrets.token_hex(6)}"
        role = sql.Identifier(self._role(package))
        self._run(
            sql.SQL("create database {} template {} owner {}").format(
                sql.Identifier(name), sql.Identifier(template), role
            ),
            sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)),
        )
        return self._url(package, name)

    def drop(self, url: str) -> None:
        name = databases.database_of(url)
        self._run(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def drop_templates(self) -> None:
        for package, name in self.templates.items():
            self.drop(self._url(package, name))
            self._run(sql.SQL("drop role if exists {}").format(sql.Identifier(self._role(package))))

    def _make_template(self, package: str) -> str:
        from services.bus import migrate  # a service under test; the launcher's tests need none

        service = package.rpartition(".")[2]
        name = f"test_{self.session}_{service}"
        url = self._url(package, name)
        databases.prepare(self.administrator_url, {service: url})
        self.templates[package] = name
        migrate.apply(url, package)
        return name

    def _role(self, package: str) -> str:
        return f"test_{self.session}_{package.rpartition('.')[2]}"

    def _url(self, package: str, name: str) -> str:
        parts = urlsplit(self.administrator_url)
        host = parts.netloc.rpartition("@")[2]
        netloc = f"{self._role(package)}:{ROLE_PASSWORD}@{host}"
        return urlunsplit(parts._replace(netloc=netloc, path=f"/{name}"))

    def _run(self, *statements: sql.Composed) -> None:
        with psycopg.connect(self.administrator_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


class Kept:
    """One database of a package for many tests, which find in it what the migrations wrote.

    Making one takes as long as ten tests of rules, truncating all tables as long as two; deleting
    the few rows of a test does not.
    """

    def __init__(self, databases: Databases, package: str) -> None:
        self.databases, self.package = databases, package
        self.url = ""
        self._connection: psycopg.Connection[Any] | None = None
        self._make()

    def as_new(self) -> str:
        """Its URL, once nothing is left of the tests before."""
        try:
            self._empty()
        except psycopg.Error:  # somebody still holds it
            self._make()
        return self.url

    def drop(self) -> None:
        if self._connection:
            self._connection.close()
            self.databases.drop(self.url)

    def _make(self) -> None:
        self.drop()
        self.url = self.databases.fresh(self.package)
        self._connection = psycopg.connect(
            databases.other_database(self.databases.administrator_url, self._name),
            autocommit=True,
            # Rows go whatever rule would keep them: these are not the rules under test.
            options="-c session_replication_role=replica -c lock_timeout=2s",
        )
        tables = self._one(
            "select array_agg(tablename::text order by tablename) from pg_tables"
            " where schemaname = 'public' and tablename <> 'clock'"
        )
        self._written = self._marks(tables)
        self._empty_ones = [table for table in tables if self._written[table] is None]

    @property
    def _name(self) -> str:
        return databases.database_of(self.url)

    def _empty(self) -> None:
        marks = self._marks([*self._written])
        if any(marks[table] != mark for table, mark in self._written.items() if mark):
            self._make()  # a test has changed what was there from the beginning
            return
        used = {table: mark for table in self._empty_ones if (mark := marks[table])}
        self._run(*(f"delete from {table}" for table in used), "update clock set ahead = '0'")
        for table, mark in used.items():
            if int(mark.split()[0]) > MANY_ROWS:
                self._run(f"vacuum {table}")

    def _marks(self, tables: list[str]) -> dict[str, str | None]:
        """For each table how many rows it has and which transaction wrote last; None if empty."""
        told = "count(*) || ' ' || max(xmin::text::bigint)"
        asked = ", ".join(f"(select {told} from {table})" for table in tables)
        return dict(zip(tables, self._one(f"select array[{asked}]"), strict=True))

    def _one(self, statement: str) -> Any:
        assert self._connection, "made with the database"
        row = self._connection.execute(statement.encode()).fetchone()
        return row[0] if row else None

    def _run(self, *statements: str) -> None:
        assert self._connection, "made with the database"
        self._connection.execute("; ".join(statements).encode())


class VirtualHosts:
    """Fresh virtual hosts of our broker, made some at a time; a foreign broker's one is shared."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.unused: list[str] = []
        self.made: list[str] = []

    def fresh(self) -> str:
        if not self.servers.broker_is_ours:
            return self.servers.broker_url
        if not self.unused:
            self.unused = self._make(max(BATCH, len(self.made)))
        return urlunsplit(urlsplit(self.servers.broker_url)._replace(path=f"/{self.unused.pop()}"))

    def _make(self, count: int) -> list[str]:
        names = [f"test-{secrets.token_hex(6)}" for _ in range(count)]
        self.made += names
        self._evaluate(
            names,
            'ok = rabbit_vhost:add(V, <<"test">>), '
            f'ok = rabbit_auth_backend_internal:set_permissions(<<"{broker.USER}">>, V, '
            '<<".*">>, <<".*">>, <<".*">>, <<"test">>)',
        )
        return names

    def drop(self) -> None:
        if self.made:
            self._evaluate(self.made, 'rabbit_vhost:delete(V, <<"test">>)')

    def _evaluate(self, names: list[str], each: str) -> None:
        """Run one Erlang expression for every virtual host V, in a single control command."""
        where = places(TEST)
        listed = ", ".join(f'<<"{name}">>' for name in names)
        broker.control(
            where,
            ports.remembered(where.ports),
            "eval",
            f"[begin {each} end || V <- [{listed}]].",
        )
