"""Every statement about saved searches, and about what was found for them."""

import datetime
from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.exchanges import search
from services.exchanges.search import Digest, SavedSearch

Connection = psycopg.Connection[Any]

_COLUMNS: LiteralString = "id, member_id, words, kind, category, within, saved_at, seen_id"


def hold_digest(conn: Connection, member_id: UUID, region: str, due_at: datetime.datetime) -> None:
    """Hold the row of somebody who saves a search until the transaction ends.

    Two of their searches are counted one after the other, and a look waits for both. When the
    next look is due stays as it is; whose pools look is what was said last.
    """
    conn.execute(
        """
        insert into search_digest (member_id, region, due_at) values (%s, %s, %s)
        on conflict (member_id) do update set region = excluded.region
        """,
        [member_id, region, due_at],
    )


def add(conn: Connection, new: SavedSearch) -> bool:
    """Keep a search; false when the same is kept already."""
    return (
        conn.execute(
            f"""
            insert into saved_search ({_COLUMNS}) values (%s, %s, %s, %s, %s, %s, %s, %s)
            on conflict do nothing
            """,
            [
                new.id, new.member_id, new.words, new.kind, new.category, new.within,
                new.saved_at, new.seen_id,
            ],
        ).rowcount
        == 1
    )  # fmt: skip


def of_member(conn: Connection, member_id: UUID) -> list[SavedSearch]:
    """Somebody's searches, the newest first."""
    with conn.cursor(row_factory=class_row(SavedSearch)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} from saved_search where member_id = %s order by id desc",
            [member_id],
        ).fetchall()


def remove(conn: Connection, search_id: UUID, member_id: UUID) -> bool:
    """Forget one of somebody's searches; false when it is none of theirs."""
    return (
        conn.execute(
            "delete from saved_search where id = %s and member_id = %s", [search_id, member_id]
        ).rowcount
        == 1
    )


def forget(conn: Connection, member_id: UUID) -> None:
    """Keep nothing more of somebody who has left, or has no searches; the rest goes with it."""
    conn.execute("delete from search_digest where member_id = %s", [member_id])


def lock_due(
    conn: Connection, regions: Sequence[str], now: datetime.datetime, limit: int
) -> list[Digest]:
    """Hold people whose searches are to be looked through; others' are left to others."""
    with conn.cursor(row_factory=class_row(Digest)) as cursor:
        return cursor.execute(
            """
            select member_id, region from search_digest
             where region = any(%s) and due_at <= %s
             order by due_at
             limit %s
               for update skip locked
            """,
            [list(regions), now, limit],
        ).fetchall()


def horizon(conn: Connection, before: datetime.datetime) -> UUID | None:
    """The newest listing that was published before a moment: walked back to from the newest."""
    row = conn.execute(
        "select id from listing where published_at < %s and id < %s order by id desc limit 1",
        [before, search.end(before)],
    ).fetchone()
    return row[0] if row else None


def fitting(
    conn: Connection,
    wanted: SavedSearch,
    hidden: Sequence[UUID],
    now: datetime.datetime,
    limit: int,
) -> list[UUID]:
    """Open listings of others that a search has not looked at for good, the newest first.

    Args:
        hidden: owners whom the member is not shown.
    """
    rows = conn.execute(
        """
        select id from listing
         where state = 'open' and expires_at > %(now)s and owner_id <> %(member)s
           and owner_id <> all(%(hidden)s::uuid[])
           and (%(seen)s::uuid is null or id > %(seen)s) and id < %(end)s
           and published_at > %(saved)s
           and (%(words)s::text is null
                or search @@ websearch_to_tsquery('english', %(words)s))
           and (%(kind)s::text is null or kind = %(kind)s)
           and (%(category)s::text is null or category = %(category)s)
           and (%(within)s::text is null or region = %(within)s)
         order by id desc
         limit %(limit)s
        """,
        {
            "now": now, "member": wanted.member_id, "hidden": list(hidden),
            "seen": wanted.seen(now), "end": search.end(now), "saved": wanted.saved_at,
            "words": wanted.words, "kind": wanted.kind, "category": wanted.category,
            "within": wanted.within, "limit": limit,
        },
        prepare=False,  # a plan for any words would not know which are common
    ).fetchall()  # fmt: skip
    return [listing_id for (listing_id,) in rows]


def keep_found(
    conn: Connection,
    member_id: UUID,
    digest_id: UUID,
    listing_ids: Sequence[UUID],
    now: datetime.datetime,
) -> int:
    """Keep what somebody is told of; what they were told before is left out.

    Returns:
        How many are new to them.
    """
    return conn.execute(
        """
        insert into search_found (member_id, listing_id, digest_id, found_at)
        select %s, listing_id, %s, %s from unnest(%s::uuid[]) as listing_id
        on conflict (member_id, listing_id) do nothing
        """,
        [member_id, digest_id, now, list(listing_ids)],
    ).rowcount


def looked(conn: Connection, member_id: UUID, seen_id: UUID | None, now: datetime.datetime) -> None:
    """Write down up to where somebody's searches have been looked through for good."""
    conn.execute(
        """
        update saved_search set seen_id = %(seen)s
         where member_id = %(member)s
           and (seen_id is null or seen_id < %(seen)s or seen_id >= %(end)s)
        """,
        {"seen": seen_id, "end": search.end(now), "member": member_id},
    )


def look_again(conn: Connection, member_id: UUID, due_at: datetime.datetime) -> None:
    conn.execute("update search_digest set due_at = %s where member_id = %s", [due_at, member_id])


def forget_found(conn: Connection, member_id: UUID, before: datetime.datetime) -> None:
    """Drop what somebody was told long ago."""
    conn.execute(
        "delete from search_found where member_id = %s and found_at < %s", [member_id, before]
    )


def found_for(conn: Connection, member_id: UUID, limit: int) -> list[UUID]:
    """What somebody was told of lately, the newest first."""
    rows = conn.execute(
        """
        select listing_id from search_found where member_id = %s
         order by found_at desc, listing_id desc limit %s
        """,
        [member_id, limit],
    ).fetchall()
    return [listing_id for (listing_id,) in rows]


def of_digests(conn: Connection, digest_ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """The listings of some digests: (digest, listing), the newest listing first."""
    return conn.execute(
        """
        select digest_id, listing_id from search_found
         where digest_id = any(%s) order by listing_id desc
        """,
        [list(digest_ids)],
    ).fetchall()
