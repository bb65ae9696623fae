"""Every statement about whether it helped."""

import datetime
from typing import Any
from uuid import UUID

import psycopg

Connection = psycopg.Connection[Any]


def keep(
    conn: Connection, exchange_id: UUID, author_id: UUID, helped: str, now: datetime.datetime
) -> None:
    """Keep what somebody says; what they said before is gone."""
    conn.execute(
        """
        insert into feedback (exchange_id, author_id, helped, given_at) values (%s, %s, %s, %s)
        on conflict (exchange_id, author_id) do update
           set helped = excluded.helped, given_at = excluded.given_at
        """,
        [exchange_id, author_id, helped, now],
    )


def of(conn: Connection, exchange_id: UUID, author_id: UUID) -> str | None:
    """What somebody has said, if they have."""
    row = conn.execute(
        "select helped from feedback where exchange_id = %s and author_id = %s",
        [exchange_id, author_id],
    ).fetchone()
    return row[0] if row else None


def erase_of(conn: Connection, author_id: UUID) -> None:
    """Forget what somebody has said."""
    conn.execute("delete from feedback where author_id = %s", [author_id])
