"""Every statement about who has blocked whom."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Blocked:
    """Somebody a member has blocked, and since when."""

    blocked_id: UUID
    blocked_at: datetime.datetime


def add(conn: Connection, blocker_id: UUID, blocked_id: UUID, now: datetime.datetime) -> None:
    """Keep that one has blocked the other; the first time counts."""
    conn.execute(
        """
        insert into block (blocker_id, blocked_id, blocked_at) values (%s, %s, %s)
        on conflict do nothing
        """,
        [blocker_id, blocked_id, now],
    )


def end(conn: Connection, blocker_id: UUID, blocked_id: UUID) -> None:
    conn.execute(
        "delete from block where blocker_id = %s and blocked_id = %s", [blocker_id, blocked_id]
    )


def of(conn: Connection, blocker_id: UUID) -> list[Blocked]:
    """Whom somebody has blocked, the newest first."""
    with conn.cursor(row_factory=class_row(Blocked)) as cursor:
        return cursor.execute(
            """
            select blocked_id, blocked_at from block
             where blocker_id = %s order by blocked_at desc, blocked_id
            """,
            [blocker_id],
        ).fetchall()


def apart(conn: Connection, one_id: UUID, other_id: UUID) -> bool:
    """Whether either of two has blocked the other."""
    row = conn.execute(
        """
        select exists (select from block
                        where blocker_id = %(one)s and blocked_id = %(other)s
                           or blocker_id = %(other)s and blocked_id = %(one)s)
        """,
        {"one": one_id, "other": other_id},
    ).fetchone()
    return bool(row and row[0])


def hidden_from(conn: Connection, member_id: UUID) -> list[UUID]:
    """Whom somebody is not shown: those they blocked, and those who blocked them."""
    rows = conn.execute(
        """
        select blocked_id from block where blocker_id = %(member)s
         union
        select blocker_id from block where blocked_id = %(member)s
        """,
        {"member": member_id},
    ).fetchall()
    return [row[0] for row in rows]


def hold_pair(conn: Connection, one_id: UUID, other_id: UUID) -> None:
    """Let nobody else open or end anything between two until the transaction ends.

    Asking and blocking at the same moment: whoever comes second sees what the first did.
    """
    pair = " ".join(sorted((str(one_id), str(other_id))))
    conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"pair {pair}"])


def forget(conn: Connection, member_id: UUID) -> None:
    """Forget whom somebody who has left has blocked, and who blocked them."""
    conn.execute(
        "delete from block where blocker_id = %(member)s or blocked_id = %(member)s",
        {"member": member_id},
    )
