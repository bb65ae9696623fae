"""Every SQL statement about joiners in a representative's list, and about finding people."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.members.store import Card

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Newcomer:
    """Somebody let in lately, and how often they were encouraged."""

    id: UUID
    name: str
    region: str
    joined_at: datetime.datetime
    nudges: int


@dataclass(frozen=True)
class Holder:
    """Somebody with a role, since when, given by whom and why."""

    role: str
    member_id: UUID
    granted_by: UUID | None
    granted_at: datetime.datetime
    reason: str


def newcomers(
    conn: Connection,
    regions: Sequence[str],
    joined: tuple[datetime.datetime, datetime.datetime],
    nudged_before: datetime.datetime,
    most_nudges: int,
    limit: int,
) -> list[Newcomer]:
    """Members who joined between two moments, not encouraged lately, the newest first."""
    with conn.cursor(row_factory=class_row(Newcomer)) as cursor:
        return cursor.execute(
            """
            select m.id, m.name, m.region, m.joined_at, nudging.nudges
            from member m
            cross join lateral (
                select count(*)::integer as nudges, max(n.at) as nudged_at
                from nudge n where n.member_id = m.id
            ) nudging
            where m.status = 'approved' and m.region = any(%s)
                and m.joined_at between %s and %s
                and nudging.nudges < %s
                and (nudging.nudged_at is null or nudging.nudged_at <= %s)
                -- who runs the bank is not a joiner to be encouraged
                and not exists (
                    select from role_grant g where g.member_id = m.id and g.revoked_at is null)
            order by m.joined_at desc
            limit %s
            """,
            [list(regions), *joined, most_nudges, nudged_before, limit],
        ).fetchall()


def nudged(conn: Connection, member_id: UUID) -> list[datetime.datetime]:
    """When somebody was encouraged."""
    rows = conn.execute("select at from nudge where member_id = %s", [member_id]).fetchall()
    return [row[0] for row in rows]


def nudge(
    conn: Connection, nudge_id: UUID, member_id: UUID, by: UUID, now: datetime.datetime
) -> None:
    conn.execute(
        "insert into nudge (id, member_id, nudged_by, at) values (%s, %s, %s, %s)",
        [nudge_id, member_id, by, now],
    )


def named(conn: Connection, words: str, limit: int) -> list[Card]:
    """Members whose name begins with these words, or one of whose addresses it is.

    An address finds nobody by name: one can call oneself by somebody else's.
    """
    escaped = words.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = None if "@" in words else f"{escaped}%"
    with conn.cursor(row_factory=class_row(Card)) as cursor:
        return cursor.execute(
            """
            select m.id, m.name, m.region, m.organisation_code,
                coalesce(o.name, m.organisation_written) as organisation_name
            from member m left join organisation o on o.code = m.organisation_code
            where m.status = 'approved'
                and (lower(m.name) like %s or m.id = (
                    select a.member_id from member_address a where lower(a.email) = lower(%s)))
            order by m.name, m.id limit %s
            """,
            [pattern, words, limit],
        ).fetchall()


def holders(conn: Connection) -> list[Holder]:
    """Everybody who holds a role beyond plain membership."""
    with conn.cursor(row_factory=class_row(Holder)) as cursor:
        return cursor.execute(
            """
            select g.role, g.member_id, g.granted_by, g.granted_at, g.reason
            from role_grant g join member m on m.id = g.member_id
            where g.revoked_at is null and m.status <> 'left'
            order by g.role, g.id
            """
        ).fetchall()
