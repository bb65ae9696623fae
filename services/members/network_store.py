"""Every SQL statement about the networks members host."""

import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.members.member import APPROVED
from services.members.network import Network

Connection = psycopg.Connection[Any]


def of_host(conn: Connection, host_id: UUID, ended: bool = False) -> list[Network]:
    """The networks a member hosts, oldest first, each with how many it has brought.

    Args:
        ended: whether those count that have ended.
    """
    with conn.cursor(row_factory=class_row(Network)) as cursor:
        return cursor.execute(
            """
            select n.id, n.name, n.token, (
                select count(*) from member m
                where m.invited_through = n.id and m.status = %s
            ) as brought
            from network n where n.host_id = %s and (n.ended_at is null or %s)
            order by n.id
            """,
            [APPROVED, host_id, ended],
        ).fetchall()


def add(conn: Connection, new: Network, host_id: UUID, now: datetime.datetime) -> None:
    conn.execute(
        "insert into network (id, host_id, name, token, made_at) values (%s, %s, %s, %s, %s)",
        [new.id, host_id, new.name, new.token, now],
    )


def end(conn: Connection, network_id: UUID, host_id: UUID, now: datetime.datetime) -> bool:
    """End a network's invitation; false when the member hosts no such one."""
    ended = conn.execute(
        """
        update network set token = null, ended_at = %s
        where id = %s and host_id = %s and ended_at is null
        """,
        [now, network_id, host_id],
    )
    return ended.rowcount == 1


def forget(conn: Connection, host_id: UUID, now: datetime.datetime) -> None:
    """End a leaver's networks, and forget their names, also of those that ended before."""
    conn.execute(
        """
        update network set name = null, token = null, ended_at = coalesce(ended_at, %s)
        where host_id = %s
        """,
        [now, host_id],
    )
