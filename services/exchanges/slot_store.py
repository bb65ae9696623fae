"""Every statement about times at which owners of offers can help."""

import datetime
from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.exchanges import slot
from services.exchanges.slot import Slot, Time

Connection = psycopg.Connection[Any]

_TAKEN: LiteralString = """
    exists (select from exchange
             where exchange.slot_id = listing_slot.id
               and exchange.state not in ('declined', 'withdrawn', 'expired', 'cancelled',
                                          'lapsed', 'no_show'))
"""
assert all(f"'{state}'" in _TAKEN for state in slot.FREE_AGAIN), "a time is free again by state"
_COLUMNS: LiteralString = f"id, listing_id, starts_at, minutes, {_TAKEN} as taken"


def ahead(conn: Connection, listing_ids: Sequence[UUID], now: datetime.datetime) -> list[Slot]:
    """The times of some listings that lie ahead, the soonest first."""
    with conn.cursor(row_factory=class_row(Slot)) as cursor:
        return cursor.execute(
            f"""
            select {_COLUMNS} from listing_slot
             where listing_id = any(%s) and starts_at > %s
             order by starts_at
            """,
            [list(listing_ids), now],
        ).fetchall()


def by_id(conn: Connection, slot_id: UUID) -> Slot | None:
    """A time; whoever holds its listing sees it as it stays until they let go."""
    with conn.cursor(row_factory=class_row(Slot)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} from listing_slot where id = %s", [slot_id]
        ).fetchone()


def take_back(conn: Connection, listing_id: UUID, but: Sequence[Time]) -> None:
    """Remove the times of a listing, except some; what somebody has taken stays."""
    conn.execute(
        f"""
        delete from listing_slot
         where listing_id = %s and not {_TAKEN}
           and (starts_at, minutes) not in (
               select * from unnest(%s::timestamptz[], %s::integer[]))
        """,
        [listing_id, [each.starts_at for each in but], [each.minutes for each in but]],
    )


def add(conn: Connection, listing_id: UUID, ids: Sequence[UUID], times: Sequence[Time]) -> None:
    """Add times to a listing; where one begins already, that one stays.

    Args:
        ids: a new id for each.
    """
    conn.execute(
        """
        insert into listing_slot (id, listing_id, starts_at, minutes)
        select new.id, %s, new.starts_at, new.minutes
          from unnest(%s::uuid[], %s::timestamptz[], %s::integer[])
            as new (id, starts_at, minutes)
        on conflict (listing_id, starts_at) do nothing
        """,
        [listing_id, list(ids), [each.starts_at for each in times],
         [each.minutes for each in times]],
    )  # fmt: skip
