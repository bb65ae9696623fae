"""The SQL of webhooks: signals written, sent, listed, sent again and forgotten."""

import datetime
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from services.notifications.subscription import Signal

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Due:
    """A signal a sender has in hand for one receiver.

    Attributes:
        event_id: what it is kept under, see ``Signal.key``.
        signal: its attributes; their ``id`` is the one the receiver knows it by.
    """

    event_id: str
    signal: dict[str, Any]
    attempts: int
    """Failed tries so far."""


@dataclass(frozen=True)
class Outcome:
    """What became of one signal.

    Attributes:
        state: ``delivered``, ``failed``, or ``pending`` for another try.
        next_at: of another try, else ``None``.
        status: the receiver's, if there was one.
        reason: a code, ``None`` for a success.
    """

    event_id: str
    state: str
    next_at: datetime.datetime | None
    status: int | None
    reason: str | None


@dataclass(frozen=True)
class Listed:
    """A signal in the list of what became of them."""

    event_id: str
    signal: dict[str, Any]
    said_at: datetime.datetime
    state: str
    attempts: int
    next_at: datetime.datetime | None
    status: int | None
    reason: str | None
    tried_at: datetime.datetime | None


def add(
    conn: Connection,
    wanted: Sequence[tuple[UUID, Signal]],
    now: datetime.datetime,
) -> None:
    """Write signals for receivers, due at once; what is there already stays, unless this is news.

    Args:
        wanted: receivers and signals, no two with the same key for the same receiver.
    """
    rows = sorted(wanted, key=lambda row: (str(row[0]), row[1].key))
    conn.execute(
        """
        insert into webhook_delivery (subscription_id, event_id, region, signal, said_at, next_at)
        select subscription_id, event_id, region, signal, said_at, %(now)s
        from unnest(%(receivers)b::uuid[], %(events)b::text[], %(regions)b::text[],
                    %(signals)b::jsonb[], %(times)b::timestamptz[])
             with ordinality as wanted (subscription_id, event_id, region, signal, said_at, place)
        order by place
        on conflict (subscription_id, event_id) do update set
            signal = excluded.signal, said_at = excluded.said_at, next_at = excluded.next_at,
            state = 'pending', attempts = 0, status = null, reason = null
            where webhook_delivery.said_at < excluded.said_at
        """,
        {
            "now": now,
            "receivers": [row[0] for row in rows],
            "events": [row[1].key for row in rows],
            "regions": [row[1].regions[0] for row in rows],
            "signals": [Jsonb(dict(row[1].attributes), dumps=json.dumps) for row in rows],
            "times": [row[1].time for row in rows],
        },
    )


def receivers_due(
    conn: Connection, regions: Sequence[str], now: datetime.datetime, limit: int
) -> list[UUID]:
    """Active webhooks for which something is due in these regions, but not those that rest."""
    rows = conn.execute(
        """
        select id from subscription s
        where kind = 'webhook' and state = 'active'
          and (rests_until is null or rests_until <= %(now)s)
          and exists (
            select from unnest(%(regions)b::text[]) as r (region)
            join webhook_delivery d on d.subscription_id = s.id and d.region = r.region
              and d.state = 'pending' and d.next_at <= %(now)s
          )
        order by random() limit %(limit)s
        """,
        {"regions": list(regions), "now": now, "limit": limit},
    )
    return [row[0] for row in rows]


def claim(
    conn: Connection,
    receiver: UUID,
    regions: Sequence[str],
    now: datetime.datetime,
    until: datetime.datetime,
    limit: int,
) -> list[Due]:
    """Take due signals of one receiver in hand until ``until``, longest due first.

    No lock outlives the transaction: should the sender die, they become due by themselves.
    """
    with conn.cursor(row_factory=class_row(Due)) as cursor:
        found = cursor.execute(
            """
            update webhook_delivery set next_at = %(until)s
            where subscription_id = %(receiver)s and event_id in (
                select event_id from webhook_delivery
                where subscription_id = %(receiver)s and region = any(%(regions)s)
                  and state = 'pending' and next_at <= %(now)s
                order by next_at, event_id limit %(limit)s for update skip locked
            )
            returning event_id, signal, attempts
            """,
            {
                "receiver": receiver, "regions": list(regions), "now": now, "until": until,
                "limit": limit,
            },
        ).fetchall()  # fmt: skip
    return sorted(found, key=lambda due: due.event_id)


def record(
    conn: Connection,
    receiver: UUID,
    outcomes: Sequence[Outcome],
    held_until: datetime.datetime,
    now: datetime.datetime,
) -> None:
    """Write down what became of signals that are still in our hand."""
    conn.execute(
        """
        update webhook_delivery d set
            state = o.state, next_at = o.next_at, status = o.status, reason = o.reason,
            attempts = attempts + (o.reason is not null)::integer, tried_at = %(now)s
        from unnest(%(events)b::text[], %(states)b::text[], %(times)b::timestamptz[],
                    %(statuses)b::integer[], %(reasons)b::text[])
             as o (event_id, state, next_at, status, reason)
        where d.subscription_id = %(receiver)s and d.event_id = o.event_id
          and d.state = 'pending' and d.next_at = %(held)s
        """,
        {
            "now": now, "receiver": receiver, "held": held_until,
            "events": [each.event_id for each in outcomes],
            "states": [each.state for each in outcomes],
            "times": [each.next_at for each in outcomes],
            "statuses": [each.status for each in outcomes],
            "reasons": [each.reason for each in outcomes],
        },
    )  # fmt: skip


def let_go(
    conn: Connection,
    receiver: UUID,
    events: Collection[str],
    held_until: datetime.datetime,
    now: datetime.datetime,
) -> None:
    """Nobody tried these: they are due again at once, and that counts as no try."""
    conn.execute(
        """
        update webhook_delivery set next_at = %s
        where subscription_id = %s and event_id = any(%s) and state = 'pending' and next_at = %s
        """,
        [now, receiver, list(events), held_until],
    )


def went_well(conn: Connection, receiver: UUID) -> None:
    conn.execute(
        "update subscription set failures = 0, failing_since = null, rests_until = null"
        " where id = %s and failures > 0",
        [receiver],
    )


def went_wrong(
    conn: Connection, receiver: UUID, now: datetime.datetime
) -> tuple[int, datetime.datetime | None]:
    """Count a failure of a receiver: how many in a row, and since when."""
    row = conn.execute(
        """
        update subscription
        set failures = failures + 1, failing_since = coalesce(failing_since, %s)
        where id = %s returning failures, failing_since
        """,
        [now, receiver],
    ).fetchone()
    return (row[0], row[1]) if row else (1, None)


def rest(conn: Connection, receiver: UUID, until: datetime.datetime) -> None:
    """Leave a receiver alone until then."""
    conn.execute("update subscription set rests_until = %s where id = %s", [until, receiver])


def listed(
    conn: Connection, receiver: UUID, state: str | None, before: str | None, limit: int
) -> list[Listed]:
    """A page of what became of one receiver's signals, newest first.

    Args:
        state: only those in it; ``None`` stands for all.
        before: the last event id of the page before; ``None`` begins.
        limit: at most.
    """
    with conn.cursor(row_factory=class_row(Listed)) as cursor:
        return cursor.execute(
            """
            select event_id, signal, said_at, state, attempts, next_at, status, reason, tried_at
            from webhook_delivery
            where subscription_id = %(receiver)s
              and (%(state)s::text is null or state = %(state)s)
              and (%(before)s::text is null or event_id < %(before)s)
            order by event_id desc limit %(limit)s
            """,
            {"receiver": receiver, "state": state, "before": before, "limit": limit},
        ).fetchall()


def send_again(
    conn: Connection, receiver: UUID, since: datetime.datetime, now: datetime.datetime
) -> int:
    """Make every signal said since then due again; how many.

    What is still pending keeps its tries and its time.
    """
    return conn.execute(
        """
        update webhook_delivery
        set state = 'pending', attempts = 0, next_at = %s, reason = null, status = null
        where subscription_id = %s and said_at >= %s and state <> 'pending'
        """,
        [now, receiver, since],
    ).rowcount


def forget(conn: Connection, before: datetime.datetime, now: datetime.datetime) -> None:
    """Drop signals said before then, and secrets that sign no more."""
    conn.execute("delete from webhook_delivery where said_at < %s", [before])
    conn.execute("delete from webhook_secret where ends_at < %s", [now])
