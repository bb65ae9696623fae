"""Where an audit reads: an installation's databases, each as of one moment, and its broker."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from deploy.local import installation
from deploy.local.places import Problem
from services.bus import settings

Connections = Mapping[str, psycopg.Connection[Any]]

SERVICES = ("reporting", "notifications", "ledger", "exchanges", "members")
"""In this order each database is frozen for the audit: whoever only hears comes before whoever
speaks, so that nothing is found at a hearer that its speaker seems not to have said yet."""

DATABASES = settings.Setting(
    "TIMEBANK_AUDIT_DATABASE_URL",
    "where `python -m deploy.audit` reads, as a role that may only read; {service} stands for"
    " each service's name.",
    settings.url("postgresql", "postgres"),
)


@dataclass(frozen=True)
class Sources:
    """Addresses: a database for each service, and the broker."""

    databases: Mapping[str, str]
    amqp_url: str = ""
    """Empty: the broker is left out."""


def find(instance: str) -> Sources:
    """What the environment names, else an installation on this machine.

    Raises:
        SettingError: the environment names one half only, or nothing usable.
        Problem: there is no such installation.
    """
    if DATABASES.name in os.environ:
        pattern = DATABASES.read()
        if "{service}" not in pattern:
            raise Problem(f"{DATABASES.name} does not say where {{service}} stands in it.")
        named = {service: pattern.replace("{service}", service) for service in SERVICES}
        return Sources(named, settings.AMQP_URL.read())
    place = installation.read(instance)
    if not place.audit_urls:
        raise Problem("This installation is older than its audit's own role; run `make up` once.")
    return Sources(place.audit_urls, place.amqp_url)


@contextmanager
def opened(databases: Mapping[str, str]) -> Iterator[Connections]:
    """A connection to every database, which sees nothing later than its opening."""
    missing = set(SERVICES) - set(databases)
    if missing:
        raise Problem(f"no database is named for {', '.join(sorted(missing))}")
    with ExitStack() as stack:
        found: dict[str, psycopg.Connection[Any]] = {}
        for service in SERVICES:
            conn = stack.enter_context(psycopg.connect(databases[service]))
            conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            conn.read_only = True
            conn.execute("select from clock")  # the first query is the moment that counts
            found[service] = conn
        yield found
        for conn in found.values():
            conn.rollback()


def aged(column: str) -> str:
    """SQL for whether a moment was long enough ago; ``%(s)s`` are the seconds to leave out, and
    with none to leave out all counts, whatever time the clock is set to."""
    return f"(%(s)s = 0 or {column} < now() + ahead - %(s)s * interval '1 second')"


def rows(conn: psycopg.Connection[Any], statement: Any, values: Any = None) -> Iterator[Any]:
    """A result of any size, some thousand rows at a time."""
    with conn.cursor(name="audit") as cursor:
        cursor.itersize = 10_000
        cursor.execute(statement, values)
        yield from cursor


def number(conn: psycopg.Connection[Any], statement: Any, values: Any = None) -> int:
    row = conn.execute(statement, values).fetchone()
    assert row is not None, "an aggregate has one row"
    return int(row[0])


def alone(left: Iterable[tuple[Any, bool]], right: Iterable[tuple[Any, bool]]) -> tuple[int, int]:
    """How many keys on each side have no partner on the other.

    Args:
        left, right: keys in ascending order, each with whether it counts when it is alone; a
            key that comes twice needs two partners.
    """
    lefts, rights = iter(left), iter(right)
    here, there = next(lefts, None), next(rights, None)
    only_left = only_right = 0
    while here is not None or there is not None:
        if there is None or (here is not None and here[0] < there[0]):
            assert here is not None
            only_left += here[1]
            here = next(lefts, None)
        elif here is None or there[0] < here[0]:
            only_right += there[1]
            there = next(rights, None)
        else:
            here, there = next(lefts, None), next(rights, None)
    return only_left, only_right
