"""The SQL of what members want by e-mail, and of who has left."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Recipient:
    """What a member wants by e-mail; muted kinds are those they do without."""

    member_id: UUID
    email: bool = True
    muted: Sequence[str] = ()
    left: bool = False
    version: int = 0


def find(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Recipient]:
    """The choices of those members who have made any."""
    with conn.cursor(row_factory=class_row(Recipient)) as cursor:
        rows = cursor.execute(
            """
            select member_id, email, muted, left_at is not null as left, version
            from recipient where member_id = any(%s)
            """,
            [list(ids)],
        ).fetchall()
    return {row.member_id: row for row in rows}


def lock(conn: Connection, member_id: UUID) -> Recipient:
    """A member's choices, locked against change until the transaction ends."""
    conn.execute(
        "insert into recipient (member_id) values (%s) on conflict (member_id) do nothing",
        [member_id],
    )
    with conn.cursor(row_factory=class_row(Recipient)) as cursor:
        row = cursor.execute(
            """
            select member_id, email, muted, left_at is not null as left, version
            from recipient where member_id = %s for update
            """,
            [member_id],
        ).fetchone()
    assert row is not None, "the row was just made sure of"
    return row


def change(conn: Connection, member_id: UUID, email: bool, muted: Sequence[str]) -> None:
    """Keep a member's new choices; the row is there and locked."""
    conn.execute(
        """
        update recipient set email = %s, muted = %s, version = version + 1
        where member_id = %s
        """,
        [email, list(muted), member_id],
    )


def forget(conn: Connection, ids: Sequence[UUID], now: datetime.datetime) -> None:
    """Remember that these members left: nothing more is written to or for them."""
    conn.execute(
        """
        insert into recipient (member_id, left_at)
        select distinct member_id, %s::timestamptz from unnest(%s::uuid[]) as member_id
        order by member_id
        on conflict (member_id) do update set left_at = excluded.left_at
        where recipient.left_at is null
        """,
        [now, list(ids)],
    )
