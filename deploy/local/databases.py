"""Gives each service a database and a role of its own, which can open no other database."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

EXTENSIONS = {"exchanges": ("pg_trgm",)}
"""Made by the administrator, because a service's role may not make them itself."""
STATISTICS = "pg_read_all_stats"
"""The role by which the audit sees how far replicas are behind, and nothing of anybody's data."""


def prepare(
    administrator_url: str, services: Mapping[str, str], auditors: Mapping[str, str] | None = None
) -> None:
    """Make what is missing. Safe to repeat.

    Args:
        services: each service's own URL.
        auditors: for each service the URL of the role that may only read it, if there is one.
    """
    with psycopg.connect(administrator_url, autocommit=True) as connection:
        for service, url in services.items():
            _prepare_one(connection, url)
            for extension in EXTENSIONS.get(service, ()):
                add_extension(other_database(administrator_url, database_of(url)), extension)
        for service, url in (auditors or {}).items():
            _prepare_role(connection, url)
            _let_read(administrator_url, url, urlsplit(services[service]).username or "")
        for role in {urlsplit(url).username or "" for url in (auditors or {}).values()}:
            _let_see_replicas(connection, role)


def _prepare_role(connection: psycopg.Connection, url: str) -> sql.Identifier:
    parts = urlsplit(url)
    role, password = sql.Identifier(parts.username or ""), unquote(parts.password or "")
    exists = "select exists (select from pg_roles where rolname = %s)"
    verb = "alter" if _one(connection, exists, parts.username) else "create"
    connection.execute(
        sql.SQL("{} role {} login nosuperuser nocreatedb nocreaterole password {}").format(
            sql.SQL(verb), role, sql.Literal(password)
        )
    )
    return role


def _let_read(administrator_url: str, url: str, owner: str) -> None:
    """Let a role read every table its owner has made or will make, and write nothing."""
    role, database = sql.Identifier(urlsplit(url).username or ""), sql.Identifier(database_of(url))
    there = other_database(administrator_url, database_of(url))
    with psycopg.connect(there, autocommit=True) as connection:
        for statement in (
            sql.SQL("grant connect on database {} to {}").format(database, role),
            sql.SQL("grant select on all tables in schema public to {}").format(role),
            sql.SQL(
                "alter default privileges for role {} in schema public grant select on tables to {}"
            ).format(sql.Identifier(owner), role),
            sql.SQL("alter role {} set default_transaction_read_only = on").format(role),
        ):
            connection.execute(statement)


def _let_see_replicas(connection: psycopg.Connection, role: str) -> None:
    statement = sql.SQL("grant {} to {}").format(sql.Identifier(STATISTICS), sql.Identifier(role))
    # Not every administrator of somebody else's server may; nothing is told of replicas then.
    with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def _prepare_one(connection: psycopg.Connection, url: str) -> None:
    role = _prepare_role(connection, url)
    database = sql.Identifier(database_of(url))
    exists = "select exists (select from pg_database where datname = %s)"
    if not _one(connection, exists, database_of(url)):
        # On a server of somebody else's we may give a role ownership only as its member.
        connection.execute(sql.SQL("grant {} to current_user").format(role))
        connection.execute(sql.SQL("create database {} owner {}").format(database, role))
    # By default everybody may connect to every database of a server.
    connection.execute(sql.SQL("revoke all on database {} from public").format(database))


def _one(connection: psycopg.Connection, query: str, value: str | None) -> bool:
    row = connection.execute(query.encode(), (value,)).fetchone()
    return bool(row and row[0])


def add_extension(url: str, extension: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create extension if not exists {}").format(sql.Identifier(extension))
        )


def database_of(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


def other_database(url: str, name: str) -> str:
    """The same server and user, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
