"""Every statement about listings, and about the people who own them."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.exchanges import lifecycle, newest_store
from services.exchanges.listing import Listing

Connection = psycopg.Connection[Any]

RANKED = 200
"""Matches that are ranked, at most, the newest of them: twenty pages of a screen, and each one's
words must be read to be ranked. Who looks for something older adds a word."""

_COLUMNS: LiteralString = """
    id, version, owner_id, kind, title, description, category, pathway, minutes, online, place,
    skills, capacity, state, region, organisation, published_at, expires_at,
    (select count(*) from exchange
      where exchange.listing_id = listing.id
        and exchange.state in ('requested', 'accepted', 'unfunded', 'booked',
                               'awaiting_confirmation', 'disputed'))::integer as open_exchanges
"""
assert all(f"'{state}'" in _COLUMNS for state in lifecycle.OPEN), "capacity counts what is open"


@dataclass(frozen=True)
class Search:
    """What a person looks for; ``None`` where they do not care.

    Attributes:
        words: as typed, in the syntax of a web search.
        prefix: last of the words, perhaps still unfinished; ``""`` when there is none.
        before: words without the last.
        owner_id: whose listings alone are wanted.
        seeker_id: whose own listings are left out, unless they are asked for by owner.
        hidden: people whose listings the seeker is not shown.
    """

    words: str | None = None
    prefix: str = ""
    before: str = ""
    kind: str | None = None
    category: str | None = None
    pathway: str | None = None
    region: str | None = None
    skill: str | None = None
    online: bool | None = None
    owner_id: UUID | None = None
    seeker_id: UUID | None = None
    hidden: Sequence[UUID] = ()


_MEETS: LiteralString = """
    state = 'open' and expires_at > %(now)s
    and (%(kind)s::text is null or kind = %(kind)s)
    and (%(category)s::text is null or category = %(category)s)
    and (%(pathway)s::text is null or pathway = %(pathway)s)
    and (%(region)s::text is null or region = %(region)s)
    and (%(skill)s::text is null or skill_keys @> array[lower(%(skill)s)])
    and (%(online)s::boolean is null or online = %(online)s)
    and owner_id <> all(%(hidden)s::uuid[])
"""
_OF_OTHERS: LiteralString = _MEETS + " and owner_id is distinct from %(seeker)s"
_OF_ONE: LiteralString = _MEETS + " and owner_id = %(owner)s"
"""Written apart, so that a plan made for any owner begins with the owner."""
_WORDS: LiteralString = """(websearch_to_tsquery('english', %(words)s)
    || (websearch_to_tsquery('english', %(earlier)s) && to_tsquery('simple', %(prefix)s)))"""


def add(conn: Connection, listing: Listing) -> None:
    """Keep a new listing."""
    conn.execute(
        """
        insert into listing (
            id, version, owner_id, kind, title, description, category, pathway, minutes, online,
            place, skills, capacity, state, region, organisation, published_at, expires_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            listing.id, listing.version, listing.owner_id, listing.kind, listing.title,
            listing.description, listing.category, listing.pathway, listing.minutes,
            listing.online, listing.place, listing.skills, listing.capacity, listing.state,
            listing.region, listing.organisation, listing.published_at, listing.expires_at,
        ],
    )  # fmt: skip


def save(conn: Connection, listing: Listing) -> None:
    conn.execute(
        """
        update listing
           set version = %s, title = %s, description = %s, category = %s, pathway = %s,
               minutes = %s, online = %s, place = %s, skills = %s, capacity = %s, state = %s,
               expires_at = %s
         where id = %s
        """,
        [
            listing.version, listing.title, listing.description, listing.category,
            listing.pathway, listing.minutes, listing.online, listing.place, listing.skills,
            listing.capacity, listing.state, listing.expires_at, listing.id,
        ],
    )  # fmt: skip


def by_id(conn: Connection, listing_id: UUID) -> Listing | None:
    with conn.cursor(row_factory=class_row(Listing)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} from listing where id = %s", [listing_id]
        ).fetchone()


def by_ids(conn: Connection, listing_ids: Sequence[UUID]) -> dict[UUID, Listing]:
    """Listings by id; unknown ids are left out."""
    with conn.cursor(row_factory=class_row(Listing)) as cursor:
        found = cursor.execute(
            f"select {_COLUMNS} from listing where id = any(%s)", [list(listing_ids)]
        ).fetchall()
    return {each.id: each for each in found}


def lock(conn: Connection, listing_id: UUID) -> Listing | None:
    """Hold a listing until the transaction ends; whoever asks meanwhile waits.

    What it says of open exchanges is what was so before the wait: see ``by_id``.
    """
    with conn.cursor(row_factory=class_row(Listing)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} from listing where id = %s for no key update", [listing_id]
        ).fetchone()


def newest(
    conn: Connection, search: Search, now: datetime.datetime, before: UUID | None, limit: int
) -> list[Listing]:
    """The open listings that meet the filters, newest first.

    Args:
        before: only those older than this one.
    """
    with conn.cursor(row_factory=class_row(Listing)) as cursor:
        return cursor.execute(
            f"""
            select {_COLUMNS} from listing
             where {_matching(search)}
               and (%(before)s::uuid is null or id < %(before)s)
             order by id desc
             limit %(limit)s
            """,
            {**_filters(search), "now": now, "before": before, "limit": limit},
        ).fetchall()


def most_relevant(
    conn: Connection, search: Search, now: datetime.datetime, offset: int, limit: int
) -> list[Listing]:
    """The open listings whose words match, best first, then newest.

    The words must all be there; the last may be the beginning of one. Of more than
    ``RANKED`` matches the newest are ranked, and hardly more than those are read. Only the
    page that is wanted is read as a whole and has its open exchanges counted.
    """
    matching, bounds = newest_store.across(
        newest_store.windows(conn), "id, search", f"search @@ {_WORDS} and {_matching(search)}"
    )
    with conn.cursor(row_factory=class_row(Listing)) as cursor:
        return cursor.execute(
            f"""
            with matching as materialized ({matching} limit %(ranked)s),
            best as (
                select id, ts_rank(search, {_WORDS}) as rank
                  from matching
                 order by rank desc, id desc
                 limit %(limit)s offset %(offset)s)
            select {_COLUMNS} from listing join best using (id)
             order by best.rank desc, id desc
            """,
            {
                **_filters(search),
                **bounds,
                "words": search.words,
                "earlier": search.before,
                "prefix": f"'{search.prefix}':*" if search.prefix else "",
                "now": now,
                "ranked": RANKED,
                "offset": offset,
                "limit": limit,
            },
            prepare=False,  # a plan for any words would not know which are common
        ).fetchall()


def _matching(search: Search) -> LiteralString:
    return _OF_ONE if search.owner_id else _OF_OTHERS


def _filters(search: Search) -> dict[str, Any]:
    return {
        "kind": search.kind,
        "category": search.category,
        "pathway": search.pathway,
        "region": search.region,
        "skill": search.skill,
        "online": search.online,
        "owner": search.owner_id,
        "seeker": search.seeker_id,
        "hidden": list(search.hidden),
    }


def of_owner(
    conn: Connection,
    owner_id: UUID,
    state: str | None,
    kind: str | None,
    before: UUID | None,
    limit: int,
) -> list[Listing]:
    """A person's own listings in whatever state, newest first."""
    with conn.cursor(row_factory=class_row(Listing)) as cursor:
        return cursor.execute(
            f"""
            select {_COLUMNS} from listing
             where owner_id = %(owner)s
               and (%(state)s::text is null or state = %(state)s)
               and (%(kind)s::text is null or kind = %(kind)s)
               and (%(before)s::uuid is null or id < %(before)s)
             order by id desc
             limit %(limit)s
            """,
            {"owner": owner_id, "state": state, "kind": kind, "before": before, "limit": limit},
        ).fetchall()


def expire(
    conn: Connection, regions: Sequence[str], now: datetime.datetime, limit: int
) -> list[Listing]:
    """Mark overdue listings expired; those another process holds are left to it."""
    with conn.cursor(row_factory=class_row(Listing)) as cursor:
        return cursor.execute(
            f"""
            update listing set state = 'expired', version = version + 1
             where id in (
                select id from listing
                 where region = any(%s) and expires_at <= %s and state in ('open', 'paused')
                 order by expires_at
                 limit %s
                   for no key update skip locked)
            returning {_COLUMNS}
            """,
            [list(regions), now, limit],
        ).fetchall()


def close_all_of(conn: Connection, owner_id: UUID) -> list[Listing]:
    """Close what a person who has left still offers or asks for.

    Held in the order of their ids, like the listings that somebody asks for at once.
    """
    with conn.cursor(row_factory=class_row(Listing)) as cursor:
        return cursor.execute(
            f"""
            update listing set state = 'closed', version = version + 1
             where id in (
                select id from listing
                 where owner_id = %s and state <> 'closed'
                 order by id
                   for no key update)
            returning {_COLUMNS}
            """,
            [owner_id],
        ).fetchall()


def hear_of_member(conn: Connection, member_id: UUID, version: int, status: str) -> None:
    """Remember the newest that was heard of a person, in whatever order it comes."""
    conn.execute(
        """
        insert into member (id, version, status) values (%s, %s, %s)
        on conflict (id) do update
           set version = excluded.version, status = excluded.status
         where excluded.version > member.version
        """,
        [member_id, version, status],
    )


def member_status(conn: Connection, member_id: UUID) -> str | None:
    """What was last heard of a person; nothing of most."""
    row = conn.execute("select status from member where id = %s", [member_id]).fetchone()
    return row[0] if row else None


def hold_off_leaving(conn: Connection, member_id: UUID) -> None:
    """Have a person's departure wait until the transaction ends; any number may at once.

    Not by a row: there is none of most people, and each that asks would write one.
    """
    conn.execute(
        "select pg_advisory_xact_lock_shared(hashtextextended(%s, 0))", [f"member {member_id}"]
    )


def hold_leavers(conn: Connection, member_ids: Sequence[UUID]) -> None:
    """Wait for what people who leave have begun; what they begin now waits, and finds them gone.

    Args:
        member_ids: held in the order of their ids.
    """
    conn.execute(
        """
        select pg_advisory_xact_lock(hashtextextended('member ' || id::text, 0))
          from unnest(%s::uuid[]) as id
        """,
        [sorted(member_ids)],
    )


def hold_member(conn: Connection, member_id: UUID) -> str:
    """The status of a person who waits, held until the transaction ends.

    Their approval, heard at the same moment, waits for this row: then it finds the
    request that was kept back, or the request finds the approval.
    """
    row = conn.execute(
        """
        insert into member (id, version, status) values (%s, 0, 'waiting')
        on conflict (id) do update set id = excluded.id
        returning status
        """,
        [member_id],
    ).fetchone()
    assert row is not None, "an upsert that always updates returns its row"
    status: str = row[0]
    return status
