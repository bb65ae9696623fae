"""Every statement about concerns, what was done about them, and the clocks they stop."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.exchanges.concern import Concern, Step
from services.exchanges.message import Message

Connection = psycopg.Connection[Any]

_COLUMNS: LiteralString = """
    id, version, region, exchange_id, about_id, raised_by, severity, text, state, holder,
    raised_at, acknowledge_by, acknowledged_at, acted_at, closed_at, answer
"""


@dataclass(frozen=True)
class Done:
    """A step as the record keeps it."""

    action: str
    actor_id: UUID | None
    text: str | None
    at: datetime.datetime


@dataclass(frozen=True)
class Reader:
    """Whose list it is.

    Attributes:
        regions: slugs of those they represent.
        national: whether they are of the national team.
        forgotten: what nothing was done about since is the national team's to see as well.
    """

    id: UUID
    regions: Sequence[str]
    national: bool
    forgotten: datetime.datetime


def add(conn: Connection, raised: Step) -> None:
    new = raised.concern
    conn.execute(
        f"""
        insert into concern ({_COLUMNS})
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            new.id, new.version, new.region, new.exchange_id, new.about_id, new.raised_by,
            new.severity, new.text, new.state, new.holder, new.raised_at, new.acknowledge_by,
            new.acknowledged_at, new.acted_at, new.closed_at, new.answer,
        ],
    )  # fmt: skip
    _record(conn, raised)


def save(conn: Connection, step: Step) -> None:
    """Write where a concern now stands, and what was done."""
    after = step.concern
    conn.execute(
        """
        update concern
           set version = %s, state = %s, holder = %s, acknowledged_at = %s, acted_at = %s,
               closed_at = %s, answer = %s
         where id = %s
        """,
        [
            after.version, after.state, after.holder, after.acknowledged_at, after.acted_at,
            after.closed_at, after.answer, after.id,
        ],
    )  # fmt: skip
    _record(conn, step)


def _record(conn: Connection, step: Step) -> None:
    conn.execute(
        """
        insert into concern_step (concern_id, version, action, actor_id, text, at)
        values (%s, %s, %s, %s, %s, %s)
        """,
        [
            step.concern.id, step.concern.version, step.action, step.actor_id, step.text, step.at,
        ],
    )  # fmt: skip


def by_id(conn: Connection, concern_id: UUID) -> Concern | None:
    with conn.cursor(row_factory=class_row(Concern)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} from concern where id = %s", [concern_id]
        ).fetchone()


def lock(conn: Connection, concern_id: UUID) -> Concern | None:
    """Hold a concern until the transaction ends."""
    with conn.cursor(row_factory=class_row(Concern)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} from concern where id = %s for no key update", [concern_id]
        ).fetchone()


def lock_overdue(
    conn: Connection, regions: Sequence[str], now: datetime.datetime, limit: int
) -> list[Concern]:
    """Hold what no representative took up in time; what another process holds is left to it."""
    with conn.cursor(row_factory=class_row(Concern)) as cursor:
        return cursor.execute(
            f"""
            select {_COLUMNS} from concern
             where holder = 'rep' and region = any(%s) and state = 'raised'
               and acknowledge_by <= %s
             order by acknowledge_by
             limit %s
               for no key update skip locked
            """,
            [list(regions), now, limit],
        ).fetchall()


def waiting(
    conn: Connection, reader: Reader, quiet: datetime.datetime | None, limit: int
) -> list[Concern]:
    """Open concerns somebody looks into, the soonest to be taken up first.

    Args:
        quiet: of those taken up only what nothing was done about since; ``None`` for all.
    """
    with conn.cursor(row_factory=class_row(Concern)) as cursor:
        return cursor.execute(
            f"""
            select {_COLUMNS} from concern
             where state <> 'closed' and %(reader)s not in (about_id, raised_by)
               and (holder = 'rep' and region = any(%(regions)s)
                    or %(national)s and (holder = 'national' or severity = 'safeguarding'
                                         or acted_at <= %(forgotten)s))
               and (%(quiet)s::timestamptz is null or state = 'raised' or acted_at <= %(quiet)s)
             order by acknowledge_by, id
             limit %(limit)s
            """,
            {
                "reader": reader.id,
                "regions": list(reader.regions),
                "national": reader.national,
                "forgotten": reader.forgotten,
                "quiet": quiet,
                "limit": limit,
            },
        ).fetchall()


def raised_by(conn: Connection, member_id: UUID, before: UUID | None, limit: int) -> list[Concern]:
    """What somebody raised, the newest first."""
    with conn.cursor(row_factory=class_row(Concern)) as cursor:
        return cursor.execute(
            f"""
            select {_COLUMNS} from concern
             where raised_by = %(member)s and (%(before)s::uuid is null or id < %(before)s)
             order by id desc
             limit %(limit)s
            """,
            {"member": member_id, "before": before, "limit": limit},
        ).fetchall()


def open_of(conn: Connection, member_id: UUID) -> int:
    """How many concerns of somebody are not closed."""
    row = conn.execute(
        "select count(*) from concern where raised_by = %s and state <> 'closed'", [member_id]
    ).fetchone()
    return int(row[0]) if row else 0


def done(conn: Connection, concern_id: UUID) -> list[Done]:
    """Everything done about a concern, in order."""
    with conn.cursor(row_factory=class_row(Done)) as cursor:
        return cursor.execute(
            """
            select action, actor_id, text, at
              from concern_step where concern_id = %s order by version
            """,
            [concern_id],
        ).fetchall()


def attach(conn: Connection, concern_id: UUID, exchange_id: UUID) -> None:
    """Keep the messages of an exchange with a concern, as they stand now."""
    conn.execute(
        """
        insert into concern_message (concern_id, number, author_id, text, written_at)
        select %s, number, author_id, text, written_at from message where exchange_id = %s
        """,
        [concern_id, exchange_id],
    )


def attached(conn: Connection, concern: Concern) -> list[Message]:
    """The messages shown with a concern, in order."""
    with conn.cursor(row_factory=class_row(Message)) as cursor:
        return cursor.execute(
            """
            select %s::uuid as exchange_id, number, author_id, text, written_at
              from concern_message where concern_id = %s order by number
            """,
            [concern.exchange_id, concern.id],
        ).fetchall()


def stop_clocks(conn: Connection, exchange_id: UUID, now: datetime.datetime) -> None:
    """Let no deadline of an exchange pass until its last open concern is closed."""
    conn.execute(
        "update exchange set stopped_at = coalesce(stopped_at, %s) where id = %s",
        [now, exchange_id],
    )


def resume_clocks(conn: Connection, exchange_id: UUID, now: datetime.datetime) -> None:
    """Let the clocks of an exchange go on when no concern about it is open any more.

    The deadline moves by as long as it was stopped, counted from when it was last set.
    """
    conn.execute(
        """
        update exchange
           set deadline = deadline + (%(now)s - greatest(stopped_at, entered_at)),
               stopped_at = null
         where id = %(exchange)s and stopped_at is not null
           and not exists (select from concern
                            where exchange_id = %(exchange)s and state <> 'closed')
        """,
        {"exchange": exchange_id, "now": now},
    )
