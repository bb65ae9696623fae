"""What was said: kept for some days, said again when a queue was lost with it, forgotten.

Every event is written here when it is decided; the outbox names those that no broker has
confirmed yet.
"""

import datetime
from collections.abc import Collection, Sequence
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Json

from services.bus.envelope import Outgoing

PART = 20_000
"""Events put back in one transaction: a second's work, far from the time-out of a statement, and
published again in a few seconds."""
FORGOTTEN_AT_ONCE = 10_000
"""Rows dropped by one statement: well under a second, however much has become too old."""

# Binary arrays: as text the bodies alone cost a fifth of a batch. An event said before keeps
# its first wording and is young again, so that nobody forgets it while it waits once more.
_KEEP: LiteralString = """
    with new as (
        select * from unnest(%b::uuid[], %b::text[], %b::text[], %b::json[], %b::bytea[])
            as n (id, region, routing_key, headers, body)
    ), kept as (
        insert into said (id, region, routing_key, headers, body) select * from new
        on conflict (id) do update set said_at = excluded.said_at
    )
    insert into outbox (id, region) select id, region from new
    on conflict (id) do nothing
"""


# Locked before they are dropped: what is said once more meanwhile is young again, and stays. What
# others have locked they drop themselves, or are just saying; nobody waits for it.
_FORGET: LiteralString = """
    delete from said where id = any (array(
        select id from said where said_at < now() - %s * interval '1 day'
            and not exists (select from outbox where outbox.id = said.id)
        order by said_at limit %s for update of said skip locked
    ))
"""


def keep(conn: psycopg.Connection[Any], events: Sequence[Outgoing]) -> None:
    """Write events to be published, in one statement; one that is twice among them, once."""
    if events:
        # In the order of their ids: two who say the same again would deadlock otherwise.
        once = sorted({event.id: event for event in events}.values(), key=lambda event: event.id)
        conn.execute(
            _KEEP,
            [
                [event.id for event in once],
                [event.region for event in once],
                [event.routing_key for event in once],
                [Json(event.headers, msgspec.json.encode) for event in once],
                [event.body for event in once],
            ],
        )


def read(conn: psycopg.Connection[Any], ids: Collection[UUID]) -> list[Outgoing]:
    """Events by their ids, the oldest first."""
    return (
        conn.cursor(row_factory=class_row(Outgoing))
        .execute(
            "select id, region, routing_key, headers, body from said"
            " where id = any(%b::uuid[]) order by id",
            [list(ids)],
        )
        .fetchall()
    )


def say_again(
    conn: psycopg.Connection[Any],
    regions: Sequence[str] | None = None,
    since: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
) -> int:
    """Put what was said back into the outbox, in the caller's transaction.

    Args:
        regions: slugs; all of them by default.
        since: when it was said at the earliest; all that is kept by default.
        until: when it was said at the latest, exclusive.

    Returns:
        How many events will be said again.
    """
    await_relays(conn, regions)
    return put_back(conn, regions, since, until)


def await_relays(conn: psycopg.Connection[Any], regions: Sequence[str] | None) -> None:
    """Wait until what relays have in hand right now has left the outbox.

    It may have passed a queue that was missing, and is put back by whoever waited. Once is
    enough: what a relay takes in hand from now on finds the queue.
    """
    conn.execute(
        "select from outbox where %(all)s or region = any(%(regions)s) for share",
        {"all": regions is None, "regions": list(regions or ())},
    )


def put_back(
    conn: psycopg.Connection[Any],
    regions: Sequence[str] | None,
    since: datetime.datetime | None,
    until: datetime.datetime | None,
) -> int:
    """As ``say_again``, of which it is the second half."""
    return conn.execute(
        "insert into outbox (id, region) select id, region from said where "
        + _WHICH
        + " order by id on conflict (id) do nothing",  # in the order in which `keep` inserts
        _which(regions, since, until),
    ).rowcount


def part(
    conn: psycopg.Connection[Any],
    regions: Sequence[str] | None,
    since: datetime.datetime | None,
    until: datetime.datetime | None,
) -> datetime.datetime | None:
    """Since when the youngest ``PART`` of those events were said; ``since`` where no more are left.

    What was said at that very moment belongs to the part, so the next ends before it.
    """
    row = conn.execute(
        "select said_at from said where "
        + _WHICH
        + " order by said_at desc offset %(last)s limit 1",
        {**_which(regions, since, until), "last": PART - 1},
    ).fetchone()
    return row[0] if row else since


_WHICH: LiteralString = """
    (%(all)s or region = any(%(regions)s))
    and (%(since)s::timestamptz is null or said_at >= %(since)s)
    and (%(until)s::timestamptz is null or said_at < %(until)s)
"""


def _which(
    regions: Sequence[str] | None,
    since: datetime.datetime | None,
    until: datetime.datetime | None,
) -> dict[str, Any]:
    """The values of ``_WHICH``."""
    return {
        "all": regions is None, "regions": list(regions or ()), "since": since, "until": until,
    }  # fmt: skip


def forget(conn: psycopg.Connection[Any], days: int) -> bool:
    """Drop the oldest of what was said more than ``days`` ago and has left the outbox.

    Returns:
        Whether there may be more of it.
    """
    dropped = conn.execute(_FORGET, [days, FORGOTTEN_AT_ONCE]).rowcount
    return dropped == FORGOTTEN_AT_ONCE
