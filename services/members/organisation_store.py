"""Every SQL statement about organisations and regions."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row

from services.members import organisation

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Place:
    """An organisation as it stood on a day; ``icb_code`` is its own where it is a board."""

    code: str
    kind: str
    name: str
    icb_code: str | None
    icb_name: str | None
    region: str | None


def code_of(conn: Connection, code: str | None, name: str) -> str | None:
    """The code of a known organisation: by its code, else by its full name."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            """
            select code from organisation
            where code = %s or lower(name) = lower(%s)
            order by code = %s desc, closed_on desc nulls first limit 1
            """,
            [code, name, code],
        ).fetchone()


def places(
    conn: Connection,
    day: datetime.date,
    q: str | None,
    region: str | None,
    after: str | None,
    limit: int,
) -> list[Place]:
    """Organisations open on ``day`` behind the code ``after``.

    An exact code comes first, then names that begin with ``q``, then names that
    contain it, each in the order of their names.
    """
    with conn.cursor(row_factory=class_row(Place)) as cursor:
        return cursor.execute(
            """
            with found as (
                select p.*, row_number() over (order by
                    p.code <> upper(%(q)s), not starts_with(lower(p.name), lower(%(q)s)),
                    p.name, p.code) as place
                from organisations_on(%(day)s) p
                where (%(region)s::text is null or p.region = %(region)s)
                    and (p.code = upper(%(q)s) or strpos(lower(p.name), lower(%(q)s)) > 0)
            )
            select code, kind, name, icb_code, icb_name, region from found
            where place > coalesce((select place from found where code = %(after)s), 0)
            order by place limit %(limit)s
            """,
            {"day": day, "q": q or "", "region": region, "after": after, "limit": limit},
        ).fetchall()


def boards(conn: Connection, day: datetime.date) -> list[Place]:
    """Every board open on ``day``, by name."""
    with conn.cursor(row_factory=class_row(Place)) as cursor:
        return cursor.execute(
            """
            select code, kind, name, icb_code, icb_name, region
            from organisations_on(%s) where kind = 'icb' order by name
            """,
            [day],
        ).fetchall()


def regions(conn: Connection) -> list[organisation.Region]:
    with conn.cursor(row_factory=class_row(organisation.Region)) as cursor:
        return cursor.execute(
            "select slug, name, ods_code, ons_code from region order by name"
        ).fetchall()


def keep_regions(conn: Connection, found: Sequence[organisation.Region]) -> None:
    conn.execute(
        """
        insert into region (slug, name, ods_code, ons_code)
        select * from unnest(%s::text[], %s::text[], %s::text[], %s::text[])
        on conflict (slug) do update
        set name = excluded.name, ods_code = excluded.ods_code, ons_code = excluded.ons_code
        """,
        [
            [region.slug for region in found],
            [region.name for region in found],
            [region.ods_code for region in found],
            [region.ons_code for region in found],
        ],
    )


def keep_organisations(conn: Connection, found: Sequence[organisation.Organisation]) -> None:
    conn.execute(
        """
        insert into organisation (code, kind, name, ons_code, opened_on, closed_on)
        select * from unnest(
            %s::text[], %s::text[], %s::text[], %s::text[], %s::date[], %s::date[])
        on conflict (code) do update
        set kind = excluded.kind, name = excluded.name, ons_code = excluded.ons_code,
            opened_on = excluded.opened_on, closed_on = excluded.closed_on
        """,
        [
            [one.code for one in found],
            [one.kind for one in found],
            [one.name for one in found],
            [one.ons_code for one in found],
            [one.opened_on for one in found],
            [one.closed_on for one in found],
        ],
    )


def forget_belongings(conn: Connection) -> None:
    """Make room for the shipped history, which is always given whole."""
    conn.execute(
        """
        with a as (delete from icb_region), b as (delete from organisation_icb)
        delete from succession
        """
    )


def add_icb_regions(conn: Connection, found: Sequence[organisation.Belonging]) -> None:
    conn.execute(
        """
        insert into icb_region (icb, since, region)
        select * from unnest(%s::text[], %s::date[], %s::text[])
        """,
        _columns(found),
    )


def add_organisation_icbs(conn: Connection, found: Sequence[organisation.Belonging]) -> None:
    conn.execute(
        """
        insert into organisation_icb (code, since, icb)
        select * from unnest(%s::text[], %s::date[], %s::text[])
        """,
        _columns(found),
    )


def add_successions(conn: Connection, found: Sequence[organisation.Succession]) -> None:
    conn.execute(
        """
        insert into succession (predecessor, successor, since)
        select * from unnest(%s::text[], %s::text[], %s::date[])
        """,
        [
            [row.predecessor for row in found],
            [row.successor for row in found],
            [row.since for row in found],
        ],
    )


def _columns(found: Sequence[organisation.Belonging]) -> list[list[Any]]:
    return [
        [row.code for row in found],
        [row.since for row in found],
        [row.within for row in found],
    ]
