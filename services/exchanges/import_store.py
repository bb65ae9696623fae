"""The statement that remembers what was brought from an earlier bank."""

from typing import Any
from uuid import UUID

import psycopg

Connection = psycopg.Connection[Any]


def first_time(conn: Connection, key: UUID) -> bool:
    """Remember that something was brought; false when it was brought before.

    Whoever brings the same at this moment waits. Before migration 0011 a listing had its key
    for an id; such a one was brought before, too.
    """
    return (
        conn.execute(
            """
            insert into listing_import (key)
            select %(key)s::uuid where not exists (select from listing where id = %(key)s)
            on conflict (key) do nothing
            """,
            {"key": key},
        ).rowcount
        == 1
    )
