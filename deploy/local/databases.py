"""Gives each service a database and a role of its own, which can open no other database."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

EXTENSIONS = {"exchanges": ("pg_trgm",)}
"""Made by the administrator, because a service's role may not make them itself."""


def prepare(administrator_url: str, services: Mapping[str, str]) -> None:
    """Make what is missing; `services` gives each service's own URL. Safe to repeat."""
    with psycopg.connect(administrator_url, autocommit=True) as connection:
        for service, url in services.items():
            _prepare_one(connection, url)
            for extension in EXTENSIONS.get(service, ()):
                add_extension(other_database(administrator_url, database_of(url)), extension)


def _prepare_one(connection: psycopg.Connection, url: str) -> None:
    parts = urlsplit(url)
    role, password = sql.Identifier(parts.username or ""), unquote(parts.password or "")
    database = sql.Identifier(database_of(url))
    exists = "select exists (select from pg_roles where rolname = %s)"
    verb = "alter" if _one(connection, exists, parts.username) else "create"
    connection.execute(
        sql.SQL("{} role {} login nosuperuser nocreatedb nocreaterole password {}").format(
            sql.SQL(verb), role, sql.Literal(password)
        )
    )
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
