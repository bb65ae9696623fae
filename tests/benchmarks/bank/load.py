"""Fills a service's database with a bank: set-based, without triggers and indexes meanwhile.

Loaded past the triggers, a bank proves nothing by itself: whoever loads one asks the
ledger's own check afterwards.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from deploy.local.databases import database_of, other_database
from services.contracts.words import REGIONS
from tests.benchmarks.bank import words
from tests.benchmarks.bank.size import FIRST_MS, SPAN_MS, Size

TABLES = {
    "members": ("member", "member_address"),
    "exchanges": ("listing", "exchange", "exchange_step", "owner_profile"),
    "reporting": ("exchange_fact", "transfer_fact", "member_fact"),
    "ledger": ("account", "hold", "transfer", "entry"),
}
GRANT_MINUTES = 6000
"""Of each member: nobody comes near a limit, or near one of the ledger's nudges."""

# Foreign keys go before what they refer to, and come back after it.
_CONSTRAINTS = """
    select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
      from pg_constraint
     where conrelid = any(%(tables)s::regclass[]) and contype in ('p', 'u', 'f')
        or confrelid = any(%(tables)s::regclass[])
     order by contype = 'f'
"""
_INDEXES = """
    select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
      from pg_index i
     where i.indrelid = any(%(tables)s::regclass[])
       and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
"""


def load(administrator_url: str, url: str, service: str, size: Size) -> None:
    """Fill the empty database of a service; afterwards it is analysed.

    Args:
        url: of the service's database, migrated.
        service: of ``TABLES``.
    """
    there = other_database(administrator_url, database_of(url))
    with psycopg.connect(there) as conn:
        _say(conn, size)
        conn.execute(_script("prelude"))
        taken = _take_indexes(conn, TABLES[service])
        conn.execute(_script(service))
        for statement in taken:
            conn.execute(statement.encode())
    with psycopg.connect(there, autocommit=True) as conn:
        conn.execute("vacuum analyze")
        conn.execute("checkpoint")


def _say(conn: psycopg.Connection[Any], size: Size) -> None:
    """Tables of the session with what the scripts have to know."""
    conn.execute(
        "create temp table size as select %s::bigint as members, %s::bigint as exchanges,"
        " %s::bigint as listings, %s::bigint as busy, %s::bigint as first_ms,"
        " %s::bigint as span_ms, %s::bigint as grant_minutes, %s::text[] as regions",
        [size.members, size.exchanges, size.listings, size.busy, FIRST_MS, SPAN_MS,
         GRANT_MINUTES, list(REGIONS)],
    )  # fmt: skip
    conn.execute(
        "create temp table words as select %s::text[] as topics, %s::text[] as verbs,"
        " %s::text[] as whom",
        [list(words.TOPICS), list(words.VERBS), list(words.WHOM)],
    )


def _take_indexes(conn: psycopg.Connection[Any], tables: tuple[str, ...]) -> list[str]:
    """Drop keys and indexes; the statements that make the same ones again."""
    constraints = conn.execute(_CONSTRAINTS.encode(), {"tables": list(tables)}).fetchall()
    indexes = conn.execute(_INDEXES.encode(), {"tables": list(tables)}).fetchall()
    for table, name, _ in reversed(constraints):
        conn.execute(f"alter table {table} drop constraint {name}".encode())
    for name, _ in indexes:
        conn.execute(f"drop index {name}".encode())
    made = [text for _, text in indexes]
    made += [
        f"alter table {table} add constraint {name} {text}" for table, name, text in constraints
    ]
    return made


def _script(name: str) -> bytes:
    return (Path(__file__).parent / f"{name}.sql").read_bytes()
