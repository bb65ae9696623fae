"""Every statement about a representative's list, and about steps taken for a member."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from services.exchanges.exchange import Exchange
from services.exchanges.exchange_store import COLUMNS
from services.exchanges.queue import Due

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Listed:
    """An exchange in the list, and how often it was reminded of in its present state."""

    exchange: Exchange
    reminders: int
    reminded_at: datetime.datetime | None


@dataclass(frozen=True)
class Wanted:
    """Whose list it is.

    Attributes:
        regions: slugs of those the reader answers for.
        reader_id: whose own exchanges are left out.
        only_escalated: what is with the national team, and what is the own matter of all
            who answer for its region.
        conflicts: those who answer, by region; regions not named have somebody.
    """

    regions: Sequence[str]
    reader_id: UUID
    only_escalated: bool
    conflicts: Mapping[str, Sequence[UUID]]


_LISTED = """
    sent_at is not null and (
        state = 'requested' and entered_at <= %(unanswered)s
        or state = 'unfunded' and entered_at <= %(unfunded)s
        or state = 'booked' and starts_at is null and entered_at <= %(undated)s
        or state = 'booked' and starts_at + make_interval(mins => minutes) <= %(unsaid)s
        or state = 'awaiting_confirmation' and entered_at <= %(unconfirmed)s
        or state = 'disputed'
        or state = 'settled' and reversal_asked_by is not null
            and reversal_asked_by <> %(reader)s)
"""

_REMINDED = """
    left join lateral (
        select count(*)::integer as reminders, max(at) as reminded_at
          from exchange_step step
         where step.exchange_id = exchange.id and step.action = 'remind'
           and step.at >= exchange.entered_at
    ) reminding on true
"""

_ESCALATED = """
    (next_actor = 'national' or region = any(%(known)s) and not exists (
        select from unnest(%(conflict_regions)s::text[], %(conflict_ids)s::uuid[])
            as answering (region, member_id)
         where answering.region = exchange.region
           and answering.member_id not in (giver_id, receiver_id)
           and answering.member_id is distinct from reversal_asked_by))
"""


def waiting(conn: Connection, wanted: Wanted, due: Due, limit: int) -> list[Listed]:
    """What of these regions waits for a representative's eye, the longest in its state first.

    Args:
        limit: rows at most.
    """
    escalated = f"and {_ESCALATED}" if wanted.only_escalated else ""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            f"""
            select {COLUMNS}, reminders, reminded_at from exchange {_REMINDED}
             where region = any(%(regions)s)
               and state in ('requested', 'unfunded', 'booked', 'awaiting_confirmation',
                             'disputed', 'settled')
               and (deadline is not null or reversal_asked_by is not null)
               and {_LISTED} {escalated}
               and %(reader)s not in (giver_id, receiver_id)
               and (reminded_at is null or reminded_at <= %(reminded)s)
             order by entered_at
             limit %(limit)s
            """,
            {**_values(wanted, due), "limit": limit},
        ).fetchall()
    return [_listed(row) for row in rows]


def own(conn: Connection, wanted: Wanted, due: Due) -> int:
    """How many of these the reader is a party to, so that somebody else must look at them."""
    row = conn.execute(
        f"""
        select count(*) from exchange
         where region = any(%(regions)s) and (giver_id = %(reader)s or receiver_id = %(reader)s)
           and {_LISTED}
        """,
        _values(wanted, due),
    ).fetchone()
    return int(row[0]) if row else 0


def _values(wanted: Wanted, due: Due) -> dict[str, Any]:
    pairs = [(region, each) for region, ids in wanted.conflicts.items() for each in ids]
    return {
        **vars(due),
        "regions": list(wanted.regions),
        "reader": wanted.reader_id,
        "known": list(wanted.conflicts),
        "conflict_regions": [region for region, _ in pairs],
        "conflict_ids": [each for _, each in pairs],
    }


def _listed(row: dict[str, Any]) -> Listed:
    reminders, reminded_at = row.pop("reminders"), row.pop("reminded_at")
    return Listed(Exchange(**row), reminders, reminded_at)


def reminders(conn: Connection, exchange_id: UUID, since: datetime.datetime) -> list[Any]:
    """When reminders about an exchange went out since it came into its state."""
    rows = conn.execute(
        """
        select at from exchange_step
         where exchange_id = %s and action = 'remind' and at >= %s order by at
        """,
        [exchange_id, since],
    ).fetchall()
    return [row[0] for row in rows]


def taking_part(conn: Connection, member_ids: Sequence[UUID]) -> list[UUID]:
    """Those of these members who have booked or had an exchange."""
    rows = conn.execute(
        """
        select member.id from unnest(%s::uuid[]) as member (id)
         where exists (select from exchange
                        where giver_id = member.id and booked_at is not null)
            or exists (select from exchange
                        where receiver_id = member.id and booked_at is not null)
        """,
        [list(member_ids)],
    ).fetchall()
    return [row[0] for row in rows]


def act_for(conn: Connection, exchange_id: UUID, versions: Sequence[int], member_id: UUID) -> None:
    """Keep for whom steps were taken; from now on silence confirms nothing."""
    conn.execute(
        """
        insert into step_for_member (exchange_id, version, member_id)
        select %s, version, %s from unnest(%s::integer[]) as version
        """,
        [exchange_id, member_id, list(versions)],
    )
    conn.execute("update exchange set recorded = true where id = %s", [exchange_id])


def taken_for(conn: Connection, exchange_id: UUID) -> dict[int, UUID]:
    """For whom steps of an exchange were taken, by version."""
    rows = conn.execute(
        "select version, member_id from step_for_member where exchange_id = %s", [exchange_id]
    ).fetchall()
    return dict(rows)
