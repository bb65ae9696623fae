"""Every statement about asks: exchanges that several givers were asked for at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.exchanges.exchange import Exchange
from services.exchanges.exchange_store import COLUMNS

Connection = psycopg.Connection[Any]


def lock_with_rivals(conn: Connection, exchange_id: UUID) -> list[Exchange]:
    """Hold an exchange and those of the same ask until the transaction ends.

    Who belongs to an ask never changes, so they are found before anything is held; and they
    are held in the order of their ids, like every other batch, so that two givers who say yes
    at the same moment wait for each other in one direction.
    """
    with conn.cursor(row_factory=class_row(Exchange)) as cursor:
        return cursor.execute(
            f"""
            select {COLUMNS} from exchange
             where id in (
                   select %(id)s::uuid
                    union all
                   select rival.id
                     from exchange own
                     join exchange rival on rival.ask_id = own.ask_id
                    where own.id = %(id)s)
             order by id
               for no key update
            """,
            {"id": exchange_id},
        ).fetchall()


def of_ask(conn: Connection, ask_id: UUID) -> list[Exchange]:
    """The exchanges of one ask, in the order in which they were asked for."""
    with conn.cursor(row_factory=class_row(Exchange)) as cursor:
        return cursor.execute(
            f"select {COLUMNS} from exchange where ask_id = %s order by id", [ask_id]
        ).fetchall()


def superseded(conn: Connection, exchange_ids: Sequence[UUID]) -> set[UUID]:
    """Those of some exchanges that ended because another giver of the same ask was quicker.

    Only the history tells them from requests that were taken back.
    """
    found = conn.execute(
        """
        select exchange_id from exchange_step
         where exchange_id = any(%b::uuid[]) and action = 'supersede'
        """,
        [list(exchange_ids)],
    ).fetchall()
    return {exchange_id for (exchange_id,) in found}
