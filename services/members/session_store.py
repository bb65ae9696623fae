"""Every SQL statement about sessions and the links that open them."""

import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from services.members.session import Link, Session

Connection = psycopg.Connection[Any]


def add(
    conn: Connection, token_hash: bytes, email: str, trusted: bool, now: datetime.datetime
) -> None:
    conn.execute(
        """
        insert into session (token_hash, email, trusted, created_at, seen_at)
        values (%s, %s, %s, %s, %s)
        """,
        [token_hash, email, trusted, now, now],
    )


def find(conn: Connection, token_hash: bytes) -> Session | None:
    with conn.cursor(row_factory=class_row(Session)) as cursor:
        return cursor.execute(
            "select email, trusted, created_at, seen_at from session where token_hash = %s",
            [token_hash],
        ).fetchone()


def note_use(conn: Connection, token_hash: bytes, now: datetime.datetime) -> None:
    conn.execute("update session set seen_at = %s where token_hash = %s", [now, token_hash])


def end(conn: Connection, token_hash: bytes) -> None:
    conn.execute("delete from session where token_hash = %s", [token_hash])


def end_all(conn: Connection, email: str) -> int:
    """End every session of an address; how many there were."""
    return conn.execute("delete from session where lower(email) = lower(%s)", [email]).rowcount


def end_all_of(conn: Connection, email: str) -> int:
    """End every session of an address and of the other addresses of its member; how many."""
    return conn.execute(
        """
        delete from session where lower(email) in (
            select lower(%(email)s)
            union
            select lower(other.email)
            from member_address given join member_address other using (member_id)
            where lower(given.email) = lower(%(email)s))
        """,
        {"email": email},
    ).rowcount


def add_link(conn: Connection, token_hash: bytes, email: str, now: datetime.datetime) -> None:
    conn.execute(
        "insert into sign_in_link (token_hash, email, sent_at) values (%s, %s, %s)",
        [token_hash, email, now],
    )


def links_since(conn: Connection, email: str, since: datetime.datetime) -> int:
    """How many links went to an address, to sign in or to add it."""
    row = conn.execute(
        """
        select (select count(*) from sign_in_link
                where lower(email) = lower(%(email)s) and sent_at > %(since)s)
            + (select count(*) from address_link
                where lower(email) = lower(%(email)s) and sent_at > %(since)s)
        """,
        {"email": email, "since": since},
    ).fetchone()
    assert row is not None, "count always answers"
    return int(row[0])


def lock_link(conn: Connection, token_hash: bytes) -> Link | None:
    """A link, whose second user waits until the first is done."""
    with conn.cursor(row_factory=class_row(Link)) as cursor:
        return cursor.execute(
            "select email, sent_at, used_at from sign_in_link where token_hash = %s for update",
            [token_hash],
        ).fetchone()


def use_link(conn: Connection, token_hash: bytes, now: datetime.datetime) -> None:
    conn.execute("update sign_in_link set used_at = %s where token_hash = %s", [now, token_hash])


def forget_link(conn: Connection, token_hash: bytes) -> None:
    conn.execute("delete from sign_in_link where token_hash = %s", [token_hash])


def forget_links(conn: Connection, email: str) -> None:
    conn.execute("delete from sign_in_link where lower(email) = lower(%s)", [email])


def clear(
    conn: Connection, sessions_before: datetime.datetime, links_before: datetime.datetime
) -> None:
    """Remove what ended long ago."""
    conn.execute("delete from session where created_at < %s", [sessions_before])
    conn.execute("delete from sign_in_link where sent_at < %s", [links_before])
