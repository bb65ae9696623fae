"""Every SQL statement about the addresses of members, and the links that prove them."""

import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

from services.members.address import Link

Connection = psycopg.Connection[Any]


def of_member(conn: Connection, member_id: UUID) -> list[str]:
    """A member's addresses, in the order of their letters."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            "select email from member_address where member_id = %s order by lower(email)",
            [member_id],
        ).fetchall()


def add(conn: Connection, member_id: UUID, email: str) -> bool:
    """Give a member an address; false when it is somebody's, also somebody joining now."""
    added = conn.execute(
        """
        insert into member_address (email, member_id) values (%s, %s)
        on conflict (lower(email)) do nothing
        """,
        [email, member_id],
    )
    return added.rowcount == 1


def remove(conn: Connection, member_id: UUID, email: str) -> None:
    conn.execute(
        "delete from member_address where member_id = %s and lower(email) = lower(%s)",
        [member_id, email],
    )


def make_main(conn: Connection, member_id: UUID, email: str) -> None:
    """Have notices go to an address of the member's, and count the change."""
    conn.execute(
        "update member set email = %s, version = version + 1 where id = %s", [email, member_id]
    )


def add_link(
    conn: Connection, token_hash: bytes, member_id: UUID, email: str, now: datetime.datetime
) -> None:
    conn.execute(
        "insert into address_link (token_hash, member_id, email, sent_at) values (%s, %s, %s, %s)",
        [token_hash, member_id, email, now],
    )


def links_of(conn: Connection, member_id: UUID, since: datetime.datetime) -> int:
    """How many links a member has asked for."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        count: int | None = cursor.execute(
            "select count(*) from address_link where member_id = %s and sent_at > %s",
            [member_id, since],
        ).fetchone()
    assert count is not None, "count always answers"
    return count


def lock_link(conn: Connection, token_hash: bytes) -> Link | None:
    """A link, whose second user waits until the first is done."""
    with conn.cursor(row_factory=class_row(Link)) as cursor:
        return cursor.execute(
            """
            select member_id, email, sent_at, used_at from address_link
            where token_hash = %s for update
            """,
            [token_hash],
        ).fetchone()


def use_link(conn: Connection, token_hash: bytes, now: datetime.datetime) -> None:
    conn.execute("update address_link set used_at = %s where token_hash = %s", [now, token_hash])


def forget_link(conn: Connection, token_hash: bytes) -> None:
    conn.execute("delete from address_link where token_hash = %s", [token_hash])


def forget_links(conn: Connection, member_id: UUID) -> None:
    """Forget what a leaver asked for."""
    conn.execute("delete from address_link where member_id = %s", [member_id])


def clear(conn: Connection, before: datetime.datetime) -> None:
    """Remove links sent before a moment."""
    conn.execute("delete from address_link where sent_at < %s", [before])
