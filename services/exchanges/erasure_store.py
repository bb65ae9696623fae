"""The statements that take the words of somebody who has left out of what stays.

Reasons in the history of an exchange are not among them: they say why hours moved or did not, and
the history is only added to. Nor is a title, which the other's exchanges and statements go by.
"""

from typing import Any
from uuid import UUID

import psycopg

Connection = psycopg.Connection[Any]


def listings(conn: Connection, owner_id: UUID) -> None:
    """What they wrote of what they offered or asked for, and where they wanted to meet."""
    conn.execute(
        """
        update listing set description = '', place = null, skills = '{}'
         where owner_id = %s and (description <> '' or place is not null or skills <> '{}')
        """,
        [owner_id],
    )


def requests(conn: Connection, asker_id: UUID) -> None:
    """What they wrote when they asked.

    Found as one of the two: there is no index of who asked.
    """
    conn.execute(
        """
        update exchange set message = null
         where (giver_id = %(asker)s or receiver_id = %(asker)s)
           and asker_id = %(asker)s and message is not null
        """,
        {"asker": asker_id},
    )


def thanks(conn: Connection, author_id: UUID) -> None:
    """What they wrote in thanks; that they thanked stays."""
    conn.execute(
        """
        update thanks set message = '', publish = false
          from exchange
         where exchange.id = thanks.exchange_id
           and (exchange.giver_id = %(author)s or exchange.receiver_id = %(author)s)
           and thanks.author_id = %(author)s
        """,
        {"author": author_id},
    )
