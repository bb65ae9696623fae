"""The minute each region was last heard in."""

import datetime
from collections.abc import Sequence
from typing import Any

import psycopg


def begin(
    conn: psycopg.Connection[Any], regions: Sequence[str], minute: datetime.datetime
) -> list[str]:
    """Begin a minute; the regions for which nobody has begun it, or a later one, before.

    In the order of their names: two processes with the same regions would deadlock otherwise.
    """
    rows = conn.execute(
        """
        insert into heartbeat (region, minute)
        select region, %(minute)s from unnest(%(regions)s::text[]) as r (region) order by region
        on conflict (region) do update set minute = excluded.minute
            where heartbeat.minute < excluded.minute
        returning region
        """,
        {"regions": list(regions), "minute": minute},
    ).fetchall()
    return [region for (region,) in rows]
