"""What the broker has confirmed: kept for some days, said again, forgotten."""

import datetime
from collections.abc import Sequence
from typing import Any

import psycopg


def say_again(
    conn: psycopg.Connection[Any],
    regions: Sequence[str] | None = None,
    since: datetime.datetime | None = None,
) -> int:
    """Put what was said back into the outbox, in the caller's transaction.

    Args:
        regions: slugs; all of them by default.
        since: when the broker confirmed it at the earliest; all that is kept by default.

    Returns:
        How many events will be said again.
    """
    # What a relay has in hand right now may have passed a queue that was missing: its rows
    # are locked until they are among the said ones, where the next statement finds them.
    conn.execute(
        "select from outbox where %(all)s or region = any(%(regions)s) for share",
        {"all": regions is None, "regions": list(regions or ())},
    )
    return conn.execute(
        "insert into outbox (id, region, routing_key, headers, body)"
        " select id, region, routing_key, headers, body from said"
        " where (%(all)s or region = any(%(regions)s))"
        " and (%(since)s::timestamptz is null or said_at >= %(since)s)"
        " on conflict (id) do nothing",
        {"all": regions is None, "regions": list(regions or ()), "since": since},
    ).rowcount


def forget(conn: psycopg.Connection[Any], days: int) -> None:
    """Drop what was said more than ``days`` ago."""
    conn.execute("delete from said where said_at < now() - %s * interval '1 day'", [days])
