"""Every SQL statement about invitations."""

import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

from services.members.invitation import Invitation
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


def find(conn: Connection, token: str) -> Invitation | None:
    """What a token invites to, while who invites is a member."""
    with conn.cursor(row_factory=class_row(Invitation)) as cursor:
        return cursor.execute(
            """
            select m.id as inviter_id, null::uuid as network_id, null as network
            from invitation i join member m on m.id = i.member_id
            where i.token = %(token)s and m.status = %(approved)s
            union all
            select m.id, n.id, n.name
            from network n join member m on m.id = n.host_id
            where n.token = %(token)s and m.status = %(approved)s
            """,
            {"token": token, "approved": APPROVED},
        ).fetchone()


def note(conn: Connection, member_id: UUID, by: Invitation) -> None:
    """Keep who brought somebody, and for which network."""
    conn.execute(
        "update member set invited_by = %s, invited_through = %s where id = %s",
        [by.inviter_id, by.network_id, member_id],
    )


def of_joiner(conn: Connection, member_id: UUID) -> Invitation | None:
    """What somebody was brought by; ``None`` where they came by themselves."""
    with conn.cursor(row_factory=class_row(Invitation)) as cursor:
        return cursor.execute(
            """
            select m.invited_by as inviter_id, n.id as network_id, n.name as network
            from member m left join network n on n.id = m.invited_through
            where m.id = %s and m.invited_by is not null
            """,
            [member_id],
        ).fetchone()


def forget(conn: Connection, member_id: UUID) -> None:
    """End a leaver's own invitation."""
    conn.execute("delete from invitation where member_id = %s", [member_id])


def forget_inviter(conn: Connection, member_id: UUID) -> None:
    """Forget who brought a leaver, and for which network."""
    conn.execute(
        "update member set invited_by = null, invited_through = null where id = %s", [member_id]
    )
