"""The SQL of notices: written, sent, shown and read."""

import datetime
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from services.notifications import notice

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Due:
    """An e-mail a sender has in hand."""

    id: UUID
    event_id: str
    member_id: UUID
    template: str
    region: str
    exchange_id: UUID | None
    facts: dict[str, Any]
    correlation_id: str
    attempts: int
    """Times it was tried before and turned away for the moment."""


@dataclass(frozen=True)
class Outcome:
    """What became of one e-mail.

    Attributes:
        state: ``sent``, ``failed``, ``suppressed``, or ``pending`` for another try.
        reason: a code; ``None`` when sent.
        next_at: of another try, else ``None``.
    """

    id: UUID
    state: str
    reason: str | None = None
    next_at: datetime.datetime | None = None


@dataclass(frozen=True)
class Shown:
    """A notice in a member's list."""

    id: UUID
    member_id: UUID
    template: str
    exchange_id: UUID | None
    facts: dict[str, Any]
    created_at: datetime.datetime
    read_at: datetime.datetime | None


def add(
    conn: Connection,
    wanted: Sequence[notice.Notice],
    ids: Sequence[UUID],
    now: datetime.datetime,
) -> int:
    """Write the notices that are not yet there; those of leavers are left out.

    Args:
        wanted: addressed to members, not to roles.
        ids: a new id for each.
        now: e-mails are due at once, in-app notices are there at once.

    Returns:
        How many were new.
    """
    # In key order: two processes with the same events wait for each other, not in a circle.
    rows = sorted(zip(ids, wanted, strict=True), key=lambda row: key(row[1]))
    cursor = conn.execute(
        """
        insert into notice (id, event_id, member_id, channel, template, region, exchange_id,
                            facts, correlation_id, state, created_at, next_at, sent_at)
        select id, event_id, member_id, channel, template, region, exchange_id,
               facts, correlation_id,
               case channel when 'email' then 'pending' else 'sent' end, %(now)s,
               case channel when 'email' then %(now)s::timestamptz end,
               case channel when 'email' then null else %(now)s::timestamptz end
        from unnest(%(ids)b::uuid[], %(events)b::text[], %(members)b::uuid[], %(channels)b::text[],
                    %(templates)b::text[], %(regions)b::text[], %(exchanges)b::uuid[],
                    %(facts)b::jsonb[], %(correlations)b::text[])
             with ordinality as wanted (id, event_id, member_id, channel, template, region,
                                        exchange_id, facts, correlation_id, place)
        where not exists (
            select from recipient
            where recipient.member_id = wanted.member_id and left_at is not null
        )
        order by place
        on conflict (event_id, member_id, channel) do nothing
        """,
        {
            "now": now,
            "ids": [row[0] for row in rows],
            "events": [row[1].event_id for row in rows],
            "members": [row[1].to for row in rows],
            "channels": [row[1].channel for row in rows],
            "templates": [row[1].template for row in rows],
            "regions": [row[1].region for row in rows],
            "exchanges": [row[1].exchange_id for row in rows],
            "facts": written([row[1].facts for row in rows]),
            "correlations": [row[1].correlation_id for row in rows],
        },
    )
    return cursor.rowcount


def regions_with_mail_due(
    conn: Connection, regions: Sequence[str], now: datetime.datetime
) -> list[str]:
    """Those of ``regions`` in which an e-mail is due."""
    rows = conn.execute(
        """
        select region from unnest(%b::text[]) as region
        where exists (
            select from notice
            where notice.region = region and state = 'pending' and next_at <= %s
        )
        """,
        [list(regions), now],
    )
    return [row[0] for row in rows]


def claim(
    conn: Connection, region: str, now: datetime.datetime, until: datetime.datetime, limit: int
) -> list[Due]:
    """Take due e-mails of one region in hand until ``until``, longest due first.

    No lock outlives the transaction: while a sender has them in hand they are simply
    not due, and should the sender die they become due again by themselves.

    Returns:
        Those tried least first, of these the oldest: one over which the server hangs up
        must not stand before its neighbours again.
    """
    with conn.cursor(row_factory=class_row(Due)) as cursor:
        found = cursor.execute(
            """
            update notice set next_at = %(until)s
            where id in (
                select id from notice
                where region = %(region)s and state = 'pending' and next_at <= %(now)s
                order by next_at limit %(limit)s for update skip locked
            )
            returning id, event_id, member_id, template, region, exchange_id, facts,
                      correlation_id, attempts
            """,
            {"region": region, "now": now, "until": until, "limit": limit},
        ).fetchall()
    return sorted(found, key=lambda due: (due.attempts, due.id))


def keep_in_hand(
    conn: Connection,
    ids: Collection[UUID],
    held_until: datetime.datetime,
    until: datetime.datetime,
) -> set[UUID]:
    """Set when e-mails are due for others: later to keep them, sooner to let go.

    Args:
        held_until: what was set when they were taken in hand; what somebody else has
            taken over since is left alone.

    Returns:
        The ids that were still in hand.
    """
    rows = conn.execute(
        """
        update notice set next_at = %s
        where id = any(%b::uuid[]) and state = 'pending' and next_at = %s
        returning id
        """,
        [until, list(ids), held_until],
    )
    return {row[0] for row in rows}


def record(conn: Connection, outcomes: Sequence[Outcome], now: datetime.datetime) -> set[UUID]:
    """Write down what became of e-mails; what is already final stays as it is.

    Returns:
        The ids that were still pending.
    """
    rows = conn.execute(
        """
        update notice set
            state = outcome.state, reason = outcome.reason, next_at = outcome.next_at,
            attempts = attempts + case outcome.state when 'suppressed' then 0 else 1 end,
            sent_at = case outcome.state when 'sent' then %(now)s::timestamptz end
        from unnest(%(ids)b::uuid[], %(states)b::text[], %(reasons)b::text[],
                    %(times)b::timestamptz[]) as outcome (id, state, reason, next_at)
        where notice.id = outcome.id and notice.state = 'pending'
        returning notice.id
        """,
        {
            "now": now,
            "ids": [outcome.id for outcome in outcomes],
            "states": [outcome.state for outcome in outcomes],
            "reasons": [outcome.reason for outcome in outcomes],
            "times": [outcome.next_at for outcome in outcomes],
        },
    )
    return {row[0] for row in rows}


def suppress(conn: Connection, ids: Sequence[UUID], reason: str) -> None:
    """Drop what these members would still have been sent."""
    conn.execute(
        """
        update notice set state = 'suppressed', reason = %s, next_at = null
        where member_id = any(%s) and state = 'pending'
        """,
        [reason, list(ids)],
    )


def shown(
    conn: Connection, member_id: UUID, unread: bool, before: UUID | None, limit: int
) -> list[Shown]:
    """A page of one member's in-app notices, newest first.

    Args:
        unread: only those not read yet.
        before: the last id of the page before; ``None`` begins.
        limit: notices at most.
    """
    with conn.cursor(row_factory=class_row(Shown)) as cursor:
        return cursor.execute(
            """
            select id, member_id, template, exchange_id, facts, created_at, read_at
            from notice
            where member_id = %(member)s and channel = 'in_app'
              and (not %(unread)s or read_at is null)
              and (%(before)s::uuid is null or id < %(before)s)
            order by id desc limit %(limit)s
            """,
            {"member": member_id, "unread": unread, "before": before, "limit": limit},
        ).fetchall()


def read(
    conn: Connection, member_id: UUID, notice_id: UUID, now: datetime.datetime
) -> Shown | None:
    """Mark a member's own in-app notice as read, the first time only."""
    with conn.cursor(row_factory=class_row(Shown)) as cursor:
        return cursor.execute(
            """
            update notice set read_at = coalesce(read_at, %(now)s)
            where id = %(id)s and member_id = %(member)s and channel = 'in_app'
            returning id, member_id, template, exchange_id, facts, created_at, read_at
            """,
            {"id": notice_id, "member": member_id, "now": now},
        ).fetchone()


def whose_mail(conn: Connection, notice_id: UUID) -> tuple[UUID, str] | None:
    """The member and the template of one e-mail."""
    return conn.execute(
        "select member_id, template from notice where id = %s and channel = 'email'",
        [notice_id],
    ).fetchone()


def written(facts: Sequence[dict[str, Any]]) -> list[Jsonb]:
    """Facts as JSON; those of one event, which its notices share, are written out once."""
    texts = {same: json.dumps(one) for same, one in {id(one): one for one in facts}.items()}
    return [Jsonb(texts[id(one)], dumps=str) for one in facts]


def key(row: notice.Notice) -> tuple[str, str, str]:
    """What makes a notice one and the same."""
    return (row.event_id, str(row.to), row.channel)
