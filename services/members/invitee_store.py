"""Every SQL statement about people invited by their address."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

from services.members.invitee import Invitee
from services.members.store import Contact

Connection = psycopg.Connection[Any]


def keep(conn: Connection, new: Invitee) -> UUID:
    """Note that an address is written to; the id it has, the first time or again.

    Whoever invites it last is who is named, and whose region it is.
    """
    with conn.cursor(row_factory=scalar_row) as cursor:
        kept: UUID | None = cursor.execute(
            """
            insert into invitee (id, email, name, region, invited_by, invited_at)
            values (%s, %s, %s, %s, %s, %s)
            on conflict ((lower(email))) do update
            set name = excluded.name, region = excluded.region, invited_by = excluded.invited_by,
                invited_at = excluded.invited_at, times = invitee.times + 1
            returning id
            """,
            [new.id, new.email, new.name, new.region, new.invited_by, new.invited_at],
        ).fetchone()
    assert kept is not None, "an upsert that always updates returns its row"
    return kept


def by_addresses(conn: Connection, addresses: Sequence[str]) -> list[Invitee]:
    """Those of the addresses (in lower case) that were written to."""
    with conn.cursor(row_factory=class_row(Invitee)) as cursor:
        return cursor.execute(
            """
            select id, email, name, region, invited_by, invited_at, times
            from invitee where lower(email) = any(%s)
            """,
            [list(addresses)],
        ).fetchall()


def take(conn: Connection, email: str) -> Invitee | None:
    """Forget an address that joins; who invited it, while they are a member."""
    with conn.cursor(row_factory=class_row(Invitee)) as cursor:
        return cursor.execute(
            """
            with gone as (delete from invitee where lower(email) = lower(%s) returning *)
            select gone.* from gone join member m on m.id = gone.invited_by
            where m.status = 'approved'
            """,
            [email],
        ).fetchone()


def contacts(conn: Connection, ids: Sequence[UUID]) -> list[Contact]:
    """Where to write to those of ``ids`` who are invited."""
    with conn.cursor(row_factory=class_row(Contact)) as cursor:
        return cursor.execute(
            "select id, name, email, region from invitee where id = any(%s)", [list(ids)]
        ).fetchall()


def inviter(conn: Connection, invitee_id: UUID) -> UUID | None:
    """Who invited somebody, while they are a member."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            """
            select m.id from invitee i join member m on m.id = i.invited_by
            where i.id = %s and m.status = 'approved'
            """,
            [invitee_id],
        ).fetchone()


def forget(conn: Connection, before: datetime.datetime) -> None:
    """Forget those who were last written to before a moment."""
    conn.execute("delete from invitee where invited_at < %s", [before])


def forget_inviter(conn: Connection, member_id: UUID) -> None:
    """Forget whom a leaver has invited: nobody vouches for them any more."""
    conn.execute("delete from invitee where invited_by = %s", [member_id])
