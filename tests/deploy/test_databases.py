"""Proves that every service has a database of its own and can open no other."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from deploy.local import databases, plan


@pytest.fixture
def urls(database_server: str) -> Iterator[dict[str, str]]:
    """Two services' databases with names no installation uses."""
    suffix = secrets.token_hex(4)
    made = {
        name: plan.service_url(database_server, f"{name}_{suffix}", "p@ss/word")
        for name in ("exchanges", "ledger")
    }
    databases.prepare(database_server, made)
    yield made
    with psycopg.connect(database_server, autocommit=True) as connection:
        for url in made.values():
            name = sql.Identifier(databases.database_of(url))
            connection.execute(sql.SQL("drop database {} with (force)").format(name))
            connection.execute(sql.SQL("drop role {}").format(name))


def test_a_role_opens_its_own_database(urls: dict[str, str]) -> None:
    for url in urls.values():
        with psycopg.connect(url) as connection:
            connection.execute("create table mine (id int)")


def test_a_role_cannot_open_another_services_database(urls: dict[str, str]) -> None:
    other = databases.other_database(urls["ledger"], databases.database_of(urls["exchanges"]))
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(other)


def test_a_role_may_neither_make_databases_nor_roles(urls: dict[str, str]) -> None:
    for statement in ("create database more", "create role more"):
        with (
            psycopg.connect(urls["ledger"], autocommit=True) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement.encode())


def test_the_trigram_search_is_there_for_exchanges(urls: dict[str, str]) -> None:
    with psycopg.connect(urls["exchanges"]) as connection:
        assert connection.execute("select similarity('nurse', 'nurses') > 0.5").fetchone() == (
            True,
        )


def test_preparing_again_changes_nothing_and_sets_the_password_anew(
    database_server: str, urls: dict[str, str]
) -> None:
    with psycopg.connect(urls["ledger"]) as connection:
        connection.execute("create table kept (id int)")
    parts = urlsplit(urls["ledger"])
    renewed = parts._replace(netloc=parts.netloc.replace("p%40ss%2Fword", "another")).geturl()
    databases.prepare(database_server, {"ledger": renewed})
    with psycopg.connect(renewed) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(urls["ledger"])
