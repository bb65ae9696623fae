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
    # What a relay has in hand right now may have passed a queue that was missing: its rows
    # are locked until they have left the outbox, so that the next statement puts them back.
    conn.execute(
        "select from outbox where %(all)s or region = any(%(regions)s) for share",
        {"all": regions is None, "regions": list(regions or ())},
    )
    return conn.execute(
        "insert into outbox (id, region) select id, region from said"
        " where (%(all)s or region = any(%(regions)s))"
        " and (%(since)s::timestamptz is null or said_at >= %(since)s)"
        " and (%(until)s::timestamptz is null or said_at < %(until)s)"
        " order by id on conflict (id) do nothing",  # in the order in which `keep` inserts
        {"all": regions is None, "regions": list(regions or ()), "since": since, "until": until},
    ).rowcount


def forget(conn: psycopg.Connection[Any], days: int) -> None:
    """Drop what was said more than ``days`` ago and has left the outbox."""
    conn.execute(
        "delete from said where said_at < now() - %s * interval '1 day'"
        " and not exists (select from outbox where outbox.id = said.id)",
        [days],
    )
