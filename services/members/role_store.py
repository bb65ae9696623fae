"""Every SQL statement about roles."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Grant:
    """One role of one member, with its history."""

    role: str
    granted_by: UUID | None
    granted_at: datetime.datetime
    reason: str
    revoked_at: datetime.datetime | None


def grant(
    conn: Connection,
    grant_id: UUID,
    member_id: UUID,
    role: str,
    actor: UUID | None,
    reason: str,
    now: datetime.datetime,
) -> None:
    """Give a role; one already held is left as it is."""
    conn.execute(
        """
        insert into role_grant (id, member_id, role, granted_by, granted_at, reason)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (member_id, role) where revoked_at is null do nothing
        """,
        [grant_id, member_id, role, actor, now, reason],
    )


def revoke(
    conn: Connection,
    member_id: UUID,
    roles: Sequence[str],
    actor: UUID | None,
    now: datetime.datetime,
) -> None:
    conn.execute(
        """
        update role_grant set revoked_by = %s, revoked_at = greatest(%s, granted_at)
        where member_id = %s and role = any(%s) and revoked_at is null
        """,
        [actor, now, member_id, list(roles)],
    )


def grants(conn: Connection, member_id: UUID) -> list[Grant]:
    """Every role the member has held, oldest first."""
    with conn.cursor(row_factory=class_row(Grant)) as cursor:
        return cursor.execute(
            """
            select role, granted_by, granted_at, reason, revoked_at
            from role_grant where member_id = %s order by id
            """,
            [member_id],
        ).fetchall()


def holders(conn: Connection, roles: Sequence[str]) -> list[tuple[str, UUID]]:
    """Approved members who hold one of the roles now, longest first, as (role, member)."""
    return conn.execute(
        """
        select g.role, g.member_id
        from role_grant g join member m on m.id = g.member_id
        where g.role = any(%s) and g.revoked_at is null and m.status = 'approved'
        order by g.role, g.id
        """,
        [list(roles)],
    ).fetchall()
