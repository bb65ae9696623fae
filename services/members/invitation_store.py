"""Every SQL statement about invitations."""

import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import scalar_row

from services.members.member import APPROVED

Connection = psycopg.Connection[Any]


def keep(conn: Connection, member_id: UUID, token: str, now: datetime.datetime) -> str:
    """A member's token: ``token`` the first time, later the one that is there."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        kept: str | None = cursor.execute(
            """
            insert into invitation (member_id, token, made_at) values (%s, %s, %s)
            on conflict (member_id) do update set token = invitation.token
            returning token
            """,
            [member_id, token, now],
        ).fetchone()
    assert kept is not None, "an upsert that always updates returns its row"
    return kept


def inviter(conn: Connection, token: str) -> UUID | None:
    """Whose token it is, while they are a member."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            """
            select m.id from invitation i join member m on m.id = i.member_id
            where i.token = %s and m.status = %s
            """,
            [token, APPROVED],
        ).fetchone()


def note(conn: Connection, member_id: UUID, inviter_id: UUID) -> None:
    """Keep who brought somebody."""
    conn.execute("update member set invited_by = %s where id = %s", [inviter_id, member_id])


def invited_by(conn: Connection, member_id: UUID) -> UUID | None:
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("select invited_by from member where id = %s", [member_id]).fetchone()


def forget(conn: Connection, member_id: UUID) -> None:
    """End a leaver's invitation, and forget who brought them."""
    conn.execute("delete from invitation where member_id = %s", [member_id])
    conn.execute("update member set invited_by = null where id = %s", [member_id])
