"""Every statement of matching: candidates by index, never more than a stated number of them."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.exchanges import newest_store
from services.exchanges.newest_store import Window

Connection = psycopg.Connection[Any]

WHOLE = 60
"""Listings with all words of a skill that are looked at."""
PART = 200
"""Listings with any of them that are looked at."""
NEARBY = 20
"""Listings of the region, and of anywhere, that are looked at where words find too few."""
COUNTED = 20
"""Exchanges of an owner, the newest, that are looked at for how often they were asked."""
REMEMBERED = 500
"""Exchanges of the asker, the newest of each side, that say whom they have met."""
ALIKE = 0.35
"""Of the letters in threes that two words share: "exel" and "excel" share 0.38."""
MOST_ALIKE = 2
SHORTEST = 4
"""Letters of a word that may be a slip; shorter ones are like too many others."""


@dataclass(frozen=True)
class Sought:
    """One skill as the index of words understands it.

    Attributes:
        words: its telling words, each with those spelled alike where nobody uses it.
        alike: whether any was replaced so.
    """

    skill: str
    words: tuple[tuple[str, ...], ...]
    alike: bool = False


@dataclass(frozen=True)
class Row:
    """A listing that was found.

    Attributes:
        hits: positions of the skill's words in it; empty where none were looked for.
        named: whether they stand in its title or among its skills.
    """

    id: UUID
    owner_id: UUID
    region: str
    online: bool
    hits: list[int]
    named: bool


@dataclass(frozen=True)
class Search:
    """Who looks for what.

    Attributes:
        kind: ``offer`` or ``request``.
        windows: where to look, in this order.
    """

    seeker_id: UUID
    kind: str
    now: datetime.datetime
    windows: Sequence[Window]


@dataclass(frozen=True)
class Acquaintance:
    """Somebody the asker had an exchange with.

    Attributes:
        pending: whether something is open between the two now.
    """

    other_id: UUID
    pending: bool


def learn_words(conn: Connection, listing_id: UUID) -> None:
    """Remember the words of a listing; in their order, so that two who publish do not block."""
    conn.execute(
        """
        insert into listing_word (word)
        select word
          from (select distinct unnest(tsvector_to_array(search)) as word
                  from listing where id = %s) used
         where length(word) between 3 and 40
           and not exists (select from listing_word known where known.word = used.word)
         order by word
        on conflict (word) do nothing
        """,
        [listing_id],
    )


def understood(conn: Connection, skills: Mapping[str, str]) -> list[Sought]:
    """What skills are about; a word nobody uses is replaced by those spelled alike.

    Args:
        skills: each with those of its words that tell anything.
    """
    rows = conn.execute(
        """
        select tsvector_to_array(to_tsvector('english', skill))
          from unnest(%s::text[]) with ordinality as wanted (skill, number)
         order by number
        """,
        [list(skills.values())],
    ).fetchall()
    spelled = _alike(conn, sorted({word for row in rows for word in row[0]}))
    return [
        Sought(
            skill,
            tuple((word, *spelled.get(word, ())) for word in words),
            any(word in spelled for word in words),
        )
        for skill, (words,) in zip(skills, rows, strict=True)
        if words
    ]


def _alike(conn: Connection, words: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """For words that no listing uses, those it does that are spelled alike."""
    rows = conn.execute(
        """
        select unknown.word, near.words
          from unnest(%(words)s::text[]) as unknown (word)
         cross join lateral (
               select array_agg(close.word) as words
                 from (select word from listing_word
                        where listing_word.word %% unknown.word
                          and similarity(listing_word.word, unknown.word) >= %(alike)s
                        order by similarity(listing_word.word, unknown.word) desc, word
                        limit %(most)s) close) near
         where length(unknown.word) >= %(shortest)s and near.words is not null
           and not exists (select from listing_word where word = unknown.word)
        """,
        {"words": list(words), "alike": ALIKE, "most": MOST_ALIKE, "shortest": SHORTEST},
    ).fetchall()
    return {word: tuple(near) for word, near in rows}


_POSSIBLE: LiteralString = """
    state = 'open' and kind = %(kind)s and expires_at > %(now)s and owner_id <> %(seeker)s
    and (capacity is null or capacity > (
        select count(*) from exchange
         where exchange.listing_id = listing.id
           and exchange.state in ('requested', 'accepted', 'unfunded', 'booked',
                                  'awaiting_confirmation', 'disputed')))
"""
"""Open, of somebody else, with room for one more."""


def with_all(conn: Connection, search: Search, sought: Sought) -> list[Row]:
    """Listings with all words of a skill, ``WHOLE`` at most."""
    return _found(conn, search, sought, " & ", WHOLE)


def with_any(conn: Connection, search: Search, sought: Sought) -> list[Row]:
    """Listings with any words of a skill, ``PART`` at most."""
    return _found(conn, search, sought, " | ", PART)


def _found(
    conn: Connection, search: Search, sought: Sought, joined: LiteralString, most: int
) -> list[Row]:
    matching, bounds = newest_store.across(
        search.windows,
        "id, owner_id, region, online, search",
        f"search @@ %(query)s::tsquery and {_POSSIBLE}",
    )
    words = [" | ".join(_quoted(word) for word in alternatives) for alternatives in sought.words]
    query = joined.join(f"({word})" for word in words)
    with conn.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute(
            f"""
            with matching as materialized ({matching} limit %(most)s)
            select id, owner_id, region, online, hits,
                   ts_filter(search, '{{a,b}}') @@ %(query)s::tsquery as named
              from matching
             cross join lateral (
                   select array_agg(number::integer - 1) as hits
                     from unnest(%(words)s::text[]) with ordinality as word (text, number)
                    where search @@ word.text::tsquery) found
            """,
            {
                **_about(search), **bounds, "query": query, "words": words,
                "most": most,
            },
            prepare=False,  # a plan for any words would not know which are common
        ).fetchall()  # fmt: skip


def _quoted(word: str) -> str:
    """A word as the text of a query has it, whatever characters it has."""
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def nearby(conn: Connection, search: Search, region: str, before: UUID | None) -> list[Row]:
    """Listings of a region, and of anywhere, whatever they are about.

    Args:
        before: begin behind this one, and then with the newest.
    """
    columns: LiteralString = "id, owner_id, region, online"
    part: LiteralString = (
        f"(select {columns} from listing where {_POSSIBLE} %s order by id desc limit %(nearby)s)"
    )
    of_region: LiteralString = "and region = %(region)s"
    behind: LiteralString = "and id < %(before)s"
    parts = [part.replace("%s order", f"{of_region} order"), part.replace("%s order", "order")]
    if before:
        parts += [part.replace("%s order", f"{where} {behind} order") for where in (of_region, "")]
    with conn.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute(
            f"""
            select distinct {columns}, array[]::integer[] as hits, false as named
              from ({" union all ".join(parts)}) found
            """,
            {**_about(search), "region": region, "before": before, "nearby": NEARBY},
            prepare=False,
        ).fetchall()


def _about(search: Search) -> dict[str, Any]:
    return {"kind": search.kind, "now": search.now, "seeker": search.seeker_id}


def interested(
    conn: Connection, owner_ids: Sequence[UUID], sought: Sequence[Sought], kind: str
) -> dict[UUID, list[str]]:
    """Which of some skills the owners of listings would like, or can give.

    Args:
        kind: ``request`` for what they would like, by their profile and their open requests;
            ``offer`` for what they can give.
    """
    queries = [
        " & ".join(f"({' | '.join(_quoted(word) for word in alternatives)})" for alternatives in
                   each.words)
        for each in sought
    ]  # fmt: skip
    profile: LiteralString = "wanted" if kind == "request" else "offered"
    rows = conn.execute(
        f"""
        select owner.id, array_agg(distinct query.number)
          from unnest(%(owners)s::uuid[]) as owner (id)
         cross join lateral (
               select {profile} as words from owner_profile where member_id = owner.id
                union all
               (select search from listing
                 where owner_id = owner.id and state = 'open' and kind = %(kind)s
                 limit 20)) said
          join unnest(%(queries)s::text[]) with ordinality as query (text, number)
            on said.words @@ query.text::tsquery
         group by owner.id
        """,
        {"owners": list(owner_ids), "kind": kind, "queries": queries},
    ).fetchall()
    return {owner_id: [sought[n - 1].skill for n in sorted(numbers)] for owner_id, numbers in rows}


def acquaintances(conn: Connection, member_id: UUID) -> list[Acquaintance]:
    """With whom somebody had exchanges that were agreed, or has one open."""
    with conn.cursor(row_factory=class_row(Acquaintance)) as cursor:
        return cursor.execute(
            """
            select other_id, bool_or(deadline is not null) as pending
              from ((select receiver_id as other_id, coalesce(booked_at, completed_at) as agreed_at,
                            deadline
                       from exchange
                      where giver_id = %(member)s order by id desc limit %(most)s)
                     union all
                    (select giver_id, coalesce(booked_at, completed_at), deadline from exchange
                      where receiver_id = %(member)s order by id desc limit %(most)s)) own
             where agreed_at is not null or deadline is not null
             group by other_id
            """,
            {"member": member_id, "most": REMEMBERED},
        ).fetchall()


def asked_since(
    conn: Connection, owner_ids: Sequence[UUID], since: datetime.datetime
) -> dict[UUID, int]:
    """How often others asked each owner for help since a moment, of ``COUNTED`` exchanges."""
    rows = conn.execute(
        """
        select owner.id, asked.times
          from unnest(%(owners)s::uuid[]) as owner (id)
         cross join lateral (
               select count(*) filter (
                          where requested_at > %(since)s and asker_id <> owner.id) as times
                 from (select requested_at, asker_id from exchange
                        where giver_id = owner.id order by id desc limit %(counted)s) newest) asked
         where asked.times > 0
        """,
        {"owners": list(owner_ids), "since": since, "counted": COUNTED},
    ).fetchall()
    return dict(rows)


def offered_on(conn: Connection, listing_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many exchanges are open on each listing, ``COUNTED`` at most."""
    rows = conn.execute(
        """
        select listing.id, standing.times
          from unnest(%(listings)s::uuid[]) as listing (id)
         cross join lateral (
               select count(*) as times
                 from (select from exchange
                        where listing_id = listing.id
                          and state in ('requested', 'accepted', 'unfunded', 'booked',
                                        'awaiting_confirmation', 'disputed')
                        limit %(counted)s) first) standing
         where standing.times > 0
        """,
        {"listings": list(listing_ids), "counted": COUNTED},
    ).fetchall()
    return dict(rows)
