"""Every SQL statement about standing in for a representative."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

from services.members.cover import Cover

Connection = psycopg.Connection[Any]


def add(conn: Connection, new: Cover) -> None:
    conn.execute(
        """
        insert into cover (id, region, away_id, covering_id, named_by, reason, since, until)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            new.id, new.region, new.away_id, new.covering_id, new.named_by, new.reason,
            new.since, new.until,
        ],
    )  # fmt: skip


def lock(conn: Connection, cover_id: UUID) -> Cover | None:
    with conn.cursor(row_factory=class_row(Cover)) as cursor:
        return cursor.execute("select * from cover where id = %s for update", [cover_id]).fetchone()


def end(conn: Connection, cover_id: UUID, now: datetime.datetime) -> None:
    conn.execute("update cover set ended_at = greatest(%s, since) where id = %s", [now, cover_id])


def standing(conn: Connection, regions: Sequence[str], now: datetime.datetime) -> list[Cover]:
    """The covers of these regions that stand now, the newest first."""
    with conn.cursor(row_factory=class_row(Cover)) as cursor:
        return cursor.execute(
            """
            select * from cover
            where region = any(%s) and ended_at is null and since <= %s and until > %s
            order by id desc
            """,
            [list(regions), now, now],
        ).fetchall()


def covered_by(conn: Connection, member_id: UUID, now: datetime.datetime) -> list[str]:
    """The regions somebody covers now.

    A cover falls with the role of who is away, and with the covering colleague's own: it
    hands on what one has and gives nothing to who has left the work.
    """
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            """
            select c.region from cover c
            where c.covering_id = %(member)s and c.ended_at is null
                and c.since <= %(now)s and c.until > %(now)s
                and exists (
                    select from role_grant g
                    where g.member_id = c.away_id and g.role = 'rep:' || c.region
                        and g.revoked_at is null)
                and exists (
                    select from role_grant g
                    where g.member_id = c.covering_id and g.revoked_at is null
                        and (g.role = 'national' or g.role like 'rep:%%'))
            order by c.region
            """,
            {"member": member_id, "now": now},
        ).fetchall()
