"""The SQL of notices to roles, until it is asked who holds them."""

import datetime
from collections.abc import Sequence
from typing import Any

import psycopg

from services.notifications import notice, store

Connection = psycopg.Connection[Any]


def add(conn: Connection, wanted: Sequence[notice.Notice], now: datetime.datetime) -> None:
    """Write the notices addressed to roles that are not yet there."""
    rows = sorted(wanted, key=store.key)
    conn.execute(
        """
        insert into role_notice (event_id, role, channel, template, region, exchange_id, facts,
                                 correlation_id, next_at)
        select event_id, role, channel, template, region, exchange_id, facts, correlation_id,
               %(now)s
        from unnest(%(events)b::text[], %(roles)b::text[], %(channels)b::text[],
                    %(templates)b::text[], %(regions)b::text[], %(exchanges)b::uuid[],
                    %(facts)b::jsonb[], %(correlations)b::text[])
             with ordinality as wanted (event_id, role, channel, template, region, exchange_id,
                                        facts, correlation_id, place)
        order by place
        on conflict (event_id, role, channel) do nothing
        """,
        {
            "now": now,
            "events": [row.event_id for row in rows],
            "roles": [_role(row) for row in rows],
            "channels": [row.channel for row in rows],
            "templates": [row.template for row in rows],
            "regions": [row.region for row in rows],
            "exchanges": [row.exchange_id for row in rows],
            "facts": store.written([row.facts for row in rows]),
            "correlations": [row.correlation_id for row in rows],
        },
    )


def regions_due(conn: Connection, regions: Sequence[str], now: datetime.datetime) -> list[str]:
    """Those of ``regions`` in which a role waits to be told."""
    rows = conn.execute(
        """
        select region from unnest(%b::text[]) as region
        where exists (
            select from role_notice
            where role_notice.region = region and next_at <= %s
        )
        """,
        [list(regions), now],
    )
    return [row[0] for row in rows]


def claim(
    conn: Connection, region: str, now: datetime.datetime, until: datetime.datetime, limit: int
) -> list[notice.Notice]:
    """Take notices to roles in hand until ``until``; others pass over them meanwhile."""
    rows = conn.execute(
        """
        update role_notice set next_at = %(until)s
        where (event_id, role, channel) in (
            select event_id, role, channel from role_notice
            where region = %(region)s and next_at <= %(now)s
            order by next_at, event_id, role, channel
            limit %(limit)s for update skip locked
        )
        returning event_id, role, channel, template, region, exchange_id, facts, correlation_id
        """,
        {"region": region, "now": now, "until": until, "limit": limit},
    )
    return [
        notice.Notice(
            event_id=row[0], to=notice.Role(row[1]), channel=row[2], template=row[3],
            region=row[4], exchange_id=row[5], facts=row[6], correlation_id=row[7],
        )
        for row in rows
    ]  # fmt: skip


def keep_in_hand(conn: Connection, rows: Sequence[notice.Notice], until: datetime.datetime) -> None:
    """Set when these notices to roles are due again."""
    _set_due(conn, rows, until)


def end(conn: Connection, told: Sequence[notice.Notice]) -> None:
    """Remember that the people of these roles have their notices."""
    _set_due(conn, told, None)


def _set_due(conn: Connection, rows: Sequence[notice.Notice], at: datetime.datetime | None) -> None:
    conn.execute(
        """
        update role_notice set next_at = %s
        from unnest(%b::text[], %b::text[], %b::text[]) as wanted (event_id, role, channel)
        where role_notice.event_id = wanted.event_id and role_notice.role = wanted.role
          and role_notice.channel = wanted.channel
        """,
        [
            at,
            [row.event_id for row in rows],
            [_role(row) for row in rows],
            [row.channel for row in rows],
        ],
    )


def _role(row: notice.Notice) -> str:
    assert isinstance(row.to, notice.Role)
    return row.to.name
