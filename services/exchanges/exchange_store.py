"""Every statement about exchanges, their history and their thanks."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.exchanges.exchange import Exchange, Taken

Connection = psycopg.Connection[Any]

COLUMNS: LiteralString = """
    id, version, listing_id, title, category, pathway, giver_id, receiver_id, asker_id, region,
    giver_region, receiver_region, giver_organisation, receiver_organisation, recorded, message,
    requested_at, sent_at, state, next_actor, actor_id, minutes, stated_minutes, held_minutes,
    shortfall_minutes, starts_at, attempt, from_fund, ruled, sequence, entered_at, deadline,
    booked_at, completed_at, settled_at, reversal_asked_by, ask_id, slot_id
"""


@dataclass(frozen=True)
class HistoryStep:
    """A step as the history keeps it."""

    version: int
    action: str
    actor_id: UUID | None
    state: str
    minutes: int
    reason: str | None
    at: datetime.datetime


@dataclass(frozen=True)
class Thanks:
    """What one party thanked the other for."""

    author_id: UUID
    message: str
    publish: bool
    thanked_at: datetime.datetime


@dataclass(frozen=True)
class StateCount:
    """How many exchanges of a region are in a state."""

    region: str
    state: str
    count: int


@dataclass(frozen=True)
class Wanted:
    """Which of a person's exchanges are wanted.

    Attributes:
        side: ``giver`` or ``receiver``; ``None`` for both.
        state: ``None`` for all.
        waiting: only those where this person must act next.
        unread: only those with a message of the other that this person has not looked at.
    """

    side: str | None
    state: str | None
    waiting: bool
    unread: bool


@dataclass(frozen=True)
class Page:
    """Which part of a list is wanted: at most ``limit``, older than ``before``."""

    before: UUID | None
    limit: int


_BEHIND: LiteralString = "id < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')"
"""A bound that a plan for any page can begin with."""

_HISTORY: LiteralString = """
    insert into exchange_step (exchange_id, version, action, actor_id, state, minutes, reason, at)
    select * from unnest(
        %b::uuid[], %b::integer[], %b::text[], %b::uuid[], %b::text[], %b::integer[], %b::text[],
        %b::timestamptz[])
"""
"""Added in the statement that writes the exchanges, which spares every step a round trip.
A second step from one version is refused by the key."""


def add(conn: Connection, asked: Taken) -> None:
    """Keep a new exchange with the first step of its history."""
    new = asked.exchange
    conn.execute(
        f"""
        with added as (
            insert into exchange ({COLUMNS}) values (
                %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
                %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
                %s))
        {_HISTORY}
        """,
        [
            new.id, new.version, new.listing_id, new.title, new.category, new.pathway,
            new.giver_id, new.receiver_id, new.asker_id, new.region, new.giver_region,
            new.receiver_region, new.giver_organisation, new.receiver_organisation,
            new.recorded, new.message, new.requested_at, new.sent_at, new.state, new.next_actor,
            new.actor_id, new.minutes, new.stated_minutes, new.held_minutes,
            new.shortfall_minutes, new.starts_at, new.attempt, new.from_fund, new.ruled,
            new.sequence, new.entered_at, new.deadline, new.booked_at, new.completed_at,
            new.settled_at, new.reversal_asked_by, new.ask_id, new.slot_id,
            *_history([asked]),
        ],
    )  # fmt: skip


def save(conn: Connection, taken: Sequence[Taken]) -> None:
    """Write where each exchange now stands, and add the steps to the histories.

    Args:
        taken: steps of any number of exchanges, each exchange's in their order.
    """
    latest = {step.exchange.id: step.exchange for step in taken}.values()
    conn.execute(
        f"""
        with saved as (
            update exchange
               set version = new.version, sent_at = new.sent_at, state = new.state,
                   next_actor = new.next_actor, actor_id = new.actor_id, minutes = new.minutes,
                   stated_minutes = new.stated_minutes, held_minutes = new.held_minutes,
                   shortfall_minutes = new.shortfall_minutes, starts_at = new.starts_at,
                   attempt = new.attempt, from_fund = new.from_fund, ruled = new.ruled,
                   sequence = new.sequence, entered_at = new.entered_at, deadline = new.deadline,
                   booked_at = new.booked_at, completed_at = new.completed_at,
                   settled_at = new.settled_at, reversal_asked_by = new.reversal_asked_by,
                   slot_id = new.slot_id
              from unnest(
                   %b::uuid[], %b::integer[], %b::timestamptz[], %b::text[], %b::text[],
                   %b::uuid[], %b::integer[], %b::integer[], %b::integer[], %b::integer[],
                   %b::timestamptz[], %b::integer[], %b::boolean[], %b::boolean[],
                   %b::integer[], %b::timestamptz[], %b::timestamptz[], %b::timestamptz[],
                   %b::timestamptz[], %b::timestamptz[], %b::uuid[], %b::uuid[])
                as new (id, version, sent_at, state, next_actor, actor_id, minutes,
                        stated_minutes, held_minutes, shortfall_minutes, starts_at, attempt,
                        from_fund, ruled, sequence, entered_at, deadline, booked_at,
                        completed_at, settled_at, reversal_asked_by, slot_id)
             where exchange.id = new.id)
        {_HISTORY}
        """,
        [
            *(
                [getattr(exchange, name) for exchange in latest]
                for name in (
                    "id", "version", "sent_at", "state", "next_actor", "actor_id", "minutes",
                    "stated_minutes", "held_minutes", "shortfall_minutes", "starts_at",
                    "attempt", "from_fund", "ruled", "sequence", "entered_at", "deadline",
                    "booked_at", "completed_at", "settled_at", "reversal_asked_by",
                    "slot_id",
                )
            ),
            *_history(taken),
        ],
    )  # fmt: skip


def _history(taken: Sequence[Taken]) -> list[list[Any]]:
    return [
        [step.exchange.id for step in taken],
        [step.exchange.version for step in taken],
        [step.action for step in taken],
        [step.actor_id for step in taken],
        [step.exchange.state for step in taken],
        [step.exchange.minutes for step in taken],
        [step.reason for step in taken],
        [step.at for step in taken],
    ]


def by_id(conn: Connection, exchange_id: UUID) -> Exchange | None:
    with conn.cursor(row_factory=class_row(Exchange)) as cursor:
        return cursor.execute(
            f"select {COLUMNS} from exchange where id = %s", [exchange_id]
        ).fetchone()


def lock(conn: Connection, exchange_ids: Sequence[UUID]) -> list[Exchange]:
    """Hold exchanges until the transaction ends.

    Always in the order of their ids, so that two batches never wait for each other.
    """
    with conn.cursor(row_factory=class_row(Exchange)) as cursor:
        return cursor.execute(
            f"""
            select {COLUMNS} from exchange
             where id = any(%b::uuid[])
             order by id
               for no key update
            """,
            [list(exchange_ids)],
        ).fetchall()


def lock_overdue(
    conn: Connection, regions: Sequence[str], now: datetime.datetime, limit: int
) -> list[Exchange]:
    """Hold what is overdue; what another process holds is left to it.

    A concern stops the clocks of people, not the questions to the ledger.
    """
    with conn.cursor(row_factory=class_row(Exchange)) as cursor:
        return cursor.execute(
            f"""
            select {COLUMNS} from exchange
             where region = any(%s) and deadline <= %s
               and (stopped_at is null or next_actor = 'ledger')
             order by deadline
             limit %s
               for no key update skip locked
            """,
            [list(regions), now, limit],
        ).fetchall()


def lock_unfinished_of(conn: Connection, member_id: UUID) -> list[Exchange]:
    """Hold every exchange of a person that is not final."""
    with conn.cursor(row_factory=class_row(Exchange)) as cursor:
        return cursor.execute(
            f"""
            select {COLUMNS} from exchange
             where (giver_id = %(member)s or receiver_id = %(member)s) and deadline is not null
             order by id
               for no key update
            """,
            {"member": member_id},
        ).fetchall()


def lock_kept_back_of(conn: Connection, asker_id: UUID) -> list[Exchange]:
    """Hold the requests that wait for their asker to be let in."""
    with conn.cursor(row_factory=class_row(Exchange)) as cursor:
        return cursor.execute(
            f"""
            select {COLUMNS} from exchange
             where asker_id = %s and sent_at is null and state = 'requested'
             order by id
               for no key update
            """,
            [asker_id],
        ).fetchall()


def of_member(conn: Connection, member_id: UUID, wanted: Wanted, page: Page) -> list[Exchange]:
    """A person's exchanges, newest first; what is kept back only its asker sees."""
    with conn.cursor(row_factory=class_row(Exchange)) as cursor:
        return cursor.execute(
            f"""
            select {COLUMNS} from exchange
             where (giver_id = %(member)s and %(side)s is distinct from 'receiver'
                    or receiver_id = %(member)s and %(side)s is distinct from 'giver')
               and (sent_at is not null or asker_id = %(member)s)
               and (%(state)s::text is null or state = %(state)s)
               and (not %(waiting)s
                    or next_actor = 'both'
                    or next_actor = 'giver' and giver_id = %(member)s
                    or next_actor = 'receiver' and receiver_id = %(member)s)
               and (not %(unread)s
                    or exists (
                       select from message
                        where message.exchange_id = exchange.id
                          and message.author_id <> %(member)s
                          and message.number > coalesce((
                              select number from message_seen
                               where message_seen.exchange_id = exchange.id
                                 and message_seen.member_id = %(member)s), 0)))
               and (%(before)s::uuid is null or id < %(before)s)
             order by id desc
             limit %(limit)s
            """,
            {
                "member": member_id,
                **vars(wanted),
                "before": page.before,
                "limit": page.limit,
            },
        ).fetchall()


def of_region(conn: Connection, region: str, states: Sequence[str], page: Page) -> list[Exchange]:
    """The exchanges that touch a region and are in one of these states, newest first.

    An exchange's own region is the receiver's. The newest of each state are read, those of the
    region and those it gives to others, each from the end of its index: however many there are,
    and however few are in a state, no more than a page of each.
    """
    with conn.cursor(row_factory=class_row(Exchange)) as cursor:
        return cursor.execute(
            f"""
            with touching as (
                select newest.id
                  from unnest(%(states)s::text[]) as wanted (state)
                 cross join lateral (
                       (select id from exchange
                         where region = %(region)s and state = wanted.state and {_BEHIND}
                         order by id desc limit %(limit)s)
                        union all
                       (select id from exchange
                         where giver_region = %(region)s and giver_region <> region
                           and state = wanted.state and {_BEHIND}
                         order by id desc limit %(limit)s)) newest
                 order by id desc
                 limit %(limit)s)
            select {COLUMNS} from exchange join touching using (id)
             order by id desc
            """,
            {"region": region, "states": list(states), **vars(page)},
        ).fetchall()


def by_ids(conn: Connection, exchange_ids: Sequence[UUID]) -> list[Exchange]:
    with conn.cursor(row_factory=class_row(Exchange)) as cursor:
        return cursor.execute(
            f"select {COLUMNS} from exchange where id = any(%s)", [list(exchange_ids)]
        ).fetchall()


def history(conn: Connection, exchange_id: UUID) -> list[HistoryStep]:
    with conn.cursor(row_factory=class_row(HistoryStep)) as cursor:
        return cursor.execute(
            """
            select version, action, actor_id, state, minutes, reason, at
              from exchange_step where exchange_id = %s order by version
            """,
            [exchange_id],
        ).fetchall()


def add_thanks(conn: Connection, exchange_id: UUID, thanks: Thanks) -> bool:
    """Keep a thanks; false when this person has said it before."""
    return (
        conn.execute(
            """
            insert into thanks (exchange_id, author_id, message, publish, thanked_at)
            values (%s, %s, %s, %s, %s)
            on conflict do nothing
            """,
            [exchange_id, thanks.author_id, thanks.message, thanks.publish, thanks.thanked_at],
        ).rowcount
        == 1
    )


def thanks_of(conn: Connection, exchange_id: UUID) -> list[Thanks]:
    with conn.cursor(row_factory=class_row(Thanks)) as cursor:
        return cursor.execute(
            """
            select author_id, message, publish, thanked_at
              from thanks where exchange_id = %s order by thanked_at
            """,
            [exchange_id],
        ).fetchall()


def count_by_state(
    conn: Connection, regions: Sequence[str], states: Sequence[str]
) -> list[StateCount]:
    """How many exchanges of these regions are in each of these states, if any are.

    Asked for by their states, they are counted in the index alone: asked for by what else
    tells them from finished ones, each is read, which takes ten times as long.
    """
    with conn.cursor(row_factory=class_row(StateCount)) as cursor:
        return cursor.execute(
            """
            select region, state, count(*)::integer as count
              from exchange
             where region = any(%s) and state = any(%s)
             group by region, state
            """,
            [list(regions), list(states)],
        ).fetchall()
