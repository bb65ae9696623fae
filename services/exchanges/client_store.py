"""Every SQL statement about what systems did in members' names."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Act:
    """One step of an exchange that a system took.

    Attributes:
        version: of the exchange after the step.
        client_id: the system.
        member_id: in whose name.
    """

    exchange_id: UUID
    version: int
    client_id: UUID
    member_id: UUID
    action: str
    at: datetime.datetime


def add_act(conn: Connection, act: Act) -> None:
    conn.execute(
        """
        insert into client_act (exchange_id, version, client_id, member_id, action, at)
        values (%s, %s, %s, %s, %s, %s)
        """,
        [act.exchange_id, act.version, act.client_id, act.member_id, act.action, act.at],
    )


def acts_of(conn: Connection, exchange_id: UUID) -> dict[int, str]:
    """Which steps of an exchange a system took: its id, by version."""
    found = conn.execute(
        "select version, client_id from client_act where exchange_id = %s", [exchange_id]
    ).fetchall()
    return {version: str(client_id) for version, client_id in found}
