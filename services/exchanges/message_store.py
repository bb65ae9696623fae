"""Every statement about messages, and about what each of the two has looked at."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.exchanges.message import Message, Standing

Connection = psycopg.Connection[Any]


def add(conn: Connection, message: Message) -> None:
    """Keep a message; a second one of the same number is refused by the key."""
    conn.execute(
        """
        insert into message (exchange_id, number, author_id, text, written_at)
        values (%s, %s, %s, %s, %s)
        """,
        [
            message.exchange_id,
            message.number,
            message.author_id,
            message.text,
            message.written_at,
        ],
    )


def standing(
    conn: Connection, exchange_id: UUID, member_id: UUID, since: datetime.datetime
) -> Standing:
    """How one of the two stands to what was written.

    Args:
        since: messages later than this are lately.
    """
    with conn.cursor(row_factory=class_row(Standing)) as cursor:
        found = cursor.execute(
            """
            with seen as (
                select coalesce(max(number) filter (where member_id = %(me)s), 0) as by_me,
                       coalesce(max(number) filter (where member_id <> %(me)s), 0) as by_other
                  from message_seen where exchange_id = %(exchange)s)
            select coalesce(max(number), 0) as last,
                   count(*) filter (
                       where author_id = %(me)s and written_at > %(since)s)::integer as lately,
                   count(*) filter (
                       where author_id = %(me)s and number > by_other)::integer as unseen,
                   count(*) filter (
                       where author_id <> %(me)s and number > by_me)::integer as unread
              from message cross join seen
             where exchange_id = %(exchange)s
            """,
            {"exchange": exchange_id, "me": member_id, "since": since},
        ).fetchone()
    assert found is not None, "an aggregate has one row"
    return found


def unread_in(conn: Connection, exchange_ids: Sequence[UUID], member_id: UUID) -> dict[UUID, int]:
    """How many messages of the other somebody has not looked at, in each of their exchanges.

    One statement for a whole list; of each exchange it reads what is unread and no more,
    since the numbers behind the one last seen lie together in the key.

    Args:
        exchange_ids: of exchanges this person is one of the two of.

    Returns:
        By exchange; those with nothing unread are left out.
    """
    found = conn.execute(
        """
        select wanted.id, count(*)::integer
          from unnest(%(exchanges)b::uuid[]) as wanted (id)
          left join message_seen
            on message_seen.exchange_id = wanted.id and message_seen.member_id = %(me)s
          join message
            on message.exchange_id = wanted.id
           and message.number > coalesce(message_seen.number, 0)
         where message.author_id <> %(me)s
         group by wanted.id
        """,
        {"exchanges": list(exchange_ids), "me": member_id},
    ).fetchall()
    return dict(found)


def newest(conn: Connection, exchange_id: UUID, before: int | None, limit: int) -> list[Message]:
    """Messages about an exchange, the newest first.

    Args:
        before: only those with a lower number.
    """
    with conn.cursor(row_factory=class_row(Message)) as cursor:
        return cursor.execute(
            """
            select exchange_id, number, author_id, text, written_at
              from message
             where exchange_id = %(exchange)s
               and (%(before)s::integer is null or number < %(before)s)
             order by number desc
             limit %(limit)s
            """,
            {"exchange": exchange_id, "before": before, "limit": limit},
        ).fetchall()


def see(conn: Connection, exchange_id: UUID, member_id: UUID, number: int) -> None:
    """Remember that somebody has looked at everything up to a number; never less than before."""
    conn.execute(
        """
        insert into message_seen (exchange_id, member_id, number) values (%s, %s, %s)
        on conflict (exchange_id, member_id) do update set number = excluded.number
         where message_seen.number < excluded.number
        """,
        [exchange_id, member_id, number],
    )


def written_by(
    conn: Connection, author_id: UUID, after: tuple[UUID, int], limit: int
) -> list[Message]:
    """What somebody wrote in all their exchanges, exchange by exchange.

    Args:
        after: exchange and number to go on behind.
    """
    with conn.cursor(row_factory=class_row(Message)) as cursor:
        return cursor.execute(
            """
            select exchange_id, number, author_id, text, written_at
              from message
             where author_id = %s and text is not null and (exchange_id, number) > (%s, %s)
             order by exchange_id, number
             limit %s
            """,
            [author_id, *after, limit],
        ).fetchall()


def erase_of(conn: Connection, author_id: UUID) -> None:
    """Take somebody's words out of what they wrote; that they wrote stays."""
    conn.execute(
        "update message set text = null where author_id = %s and text is not null", [author_id]
    )
