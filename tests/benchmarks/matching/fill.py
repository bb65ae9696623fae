"""Brings a population into a database of the exchanges service, as if all had joined there."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.benchmarks.matching.population import Population


def fill(conn: psycopg.Connection[Any], population: Population) -> None:
    """Listings, what their owners said of themselves, and the words in use; committed."""
    with conn.cursor().copy(
        "copy listing (id, version, owner_id, kind, title, description, minutes, online, skills,"
        " state, region, published_at, expires_at) from stdin"
    ) as copy:
        for each in population.listings:
            owner = population.people[each.owner].id
            copy.write_row(
                (each.id, 1, owner, each.kind, each.title, each.description, 60, each.online,
                 list(each.skills), "open", each.region, "2026-10-01", "2036-10-01")
            )  # fmt: skip
    with conn.cursor().copy(
        "copy owner_profile (member_id, region, heard, known, skills_offered, skills_wanted)"
        " from stdin"
    ) as copy:
        for who in population.people:
            copy.write_row((who.id, who.region, 1, 1, who.offered, who.wanted))
    conn.execute(
        "insert into listing_word select word from ts_stat('select search from listing')"
        " where length(word) between 3 and 40 on conflict do nothing"
    )
    conn.commit()
    conn.autocommit = True
    for table in ("listing", "owner_profile", "listing_word"):
        conn.execute(f"vacuum analyze {table}")
    conn.autocommit = False


def forget_exchanges(conn: psycopg.Connection[Any]) -> None:
    """Before the other way of looking begins: what was asked by the first is gone."""
    conn.execute("truncate exchange, exchange_step, thanks, outbox, said cascade")
    conn.commit()
