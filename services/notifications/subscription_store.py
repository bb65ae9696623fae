"""The SQL of subscriptions: who wants to hear what, and the secrets of webhooks."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.notifications.subscription import Hearer, Wish

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Row:
    """A subscription as it is kept."""

    id: UUID
    owner_id: UUID
    kind: str
    name: str
    regions: list[str]
    types: list[str]
    url: str | None
    state: str
    created_at: datetime.datetime
    approved_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    end_reason: str | None
    failing_since: datetime.datetime | None
    version: int


_COLUMNS = (
    "id, owner_id, kind, name, regions, types, url, state, created_at, approved_at, ended_at,"
    " end_reason, failing_since, version"
)


def add(conn: Connection, new: UUID, owner: UUID, wish: Wish, now: datetime.datetime) -> None:
    conn.execute(
        """
        insert into subscription (id, owner_id, kind, name, regions, types, url, created_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [new, owner, wish.kind, wish.name, list(wish.regions), list(wish.types), wish.url, now],
    )


def find(conn: Connection, wanted: UUID, *, lock: bool = False) -> Row | None:
    """
    Args:
        lock: whether the row is to be changed in this transaction.
    """
    with conn.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} from subscription where id = %s{' for update' if lock else ''}",
            [wanted],
        ).fetchone()


def page(conn: Connection, owner: UUID | None, before: UUID | None, limit: int) -> list[Row]:
    """Subscriptions, newest first.

    Args:
        owner: whose; ``None`` stands for everybody's.
        before: the last id of the page before; ``None`` begins.
        limit: at most.
    """
    with conn.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute(
            f"""
            select {_COLUMNS} from subscription
            where (%(owner)s::uuid is null or owner_id = %(owner)s)
              and (%(before)s::uuid is null or id < %(before)s)
            order by id desc limit %(limit)s
            """,
            {"owner": owner, "before": before, "limit": limit},
        ).fetchall()


def unended(conn: Connection, owner: UUID) -> int:
    """How many subscriptions of one owner wait or are active; two who ask at once take turns."""
    conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"subscribe {owner}"])
    row = conn.execute(
        "select count(*) from subscription where owner_id = %s and state <> 'ended'", [owner]
    ).fetchone()
    return int(row[0]) if row else 0


def approve(
    conn: Connection, wanted: UUID, by: UUID, now: datetime.datetime, why: str | None = None
) -> None:
    conn.execute(
        """
        update subscription
        set state = 'active', approved_at = %s, approved_by = %s, approved_because = %s,
            version = version + 1
        where id = %s
        """,
        [now, by, why, wanted],
    )


def end(
    conn: Connection,
    wanted: Sequence[UUID],
    reason: str,
    now: datetime.datetime,
    by: UUID | None = None,
    why: str | None = None,
) -> None:
    """End subscriptions, with whatever was still to be sent; what has ended stays as it is.

    Args:
        reason: a code, for the owner.
        by: who ended them, ``None`` where nobody decided it.
        why: in their words.
    """
    gone = conn.execute(
        """
        update subscription
        set state = 'ended', ended_at = %(now)s, end_reason = %(reason)s, ended_by = %(by)s,
            ended_because = %(why)s, version = version + 1,
            dismiss_at = case kind when 'amqp' then %(now)s::timestamptz end
        where id = any(%(ids)s) and state <> 'ended' returning id
        """,
        {"now": now, "reason": reason, "by": by, "why": why, "ids": list(wanted)},
    ).fetchall()
    ids = [row[0] for row in gone]
    conn.execute("delete from webhook_secret where subscription_id = any(%s)", [ids])
    conn.execute(
        """
        update webhook_delivery set state = 'failed', reason = 'ended', next_at = null
        where subscription_id = any(%s) and state = 'pending'
        """,
        [ids],
    )


def of_owners(conn: Connection, owners: Sequence[UUID]) -> list[UUID]:
    """The subscriptions of these owners that have not ended."""
    rows = conn.execute(
        "select id from subscription where owner_id = any(%s) and state <> 'ended'", [list(owners)]
    )
    return [row[0] for row in rows]


def hearers(conn: Connection) -> list[Hearer]:
    """Every webhook that is active."""
    with conn.cursor(row_factory=class_row(Hearer)) as cursor:
        return cursor.execute(
            "select id, regions, types from subscription where kind = 'webhook'"
            " and state = 'active' order by id"
        ).fetchall()


def replace_secret(
    conn: Connection,
    wanted: UUID,
    secret: str,
    now: datetime.datetime,
    old_until: datetime.datetime,
) -> None:
    """Sign with a new secret; the one before it signs beside it until ``old_until``."""
    conn.execute(
        "update webhook_secret set ends_at = %s where subscription_id = %s and ends_at is null",
        [old_until, wanted],
    )
    conn.execute(
        "insert into webhook_secret (subscription_id, secret, made_at) values (%s, %s, %s)",
        [wanted, secret, now],
    )


def secrets(conn: Connection, wanted: UUID, now: datetime.datetime) -> list[str]:
    """What a webhook is signed with at this moment, the newest first."""
    rows = conn.execute(
        """
        select secret from webhook_secret
        where subscription_id = %s and (ends_at is null or ends_at > %s) order by made_at desc
        """,
        [wanted, now],
    )
    return [row[0] for row in rows]


def to_dismiss(
    conn: Connection, now: datetime.datetime, until: datetime.datetime, limit: int
) -> list[UUID]:
    """Ended subscriptions whose users the broker still has, in hand until ``until``."""
    rows = conn.execute(
        """
        update subscription set dismiss_at = %(until)s
        where id in (
            select id from subscription where dismiss_at <= %(now)s
            order by dismiss_at limit %(limit)s for update skip locked
        )
        returning id
        """,
        {"now": now, "until": until, "limit": limit},
    )
    return [row[0] for row in rows]


def dismissed(conn: Connection, wanted: UUID, held_until: datetime.datetime) -> None:
    """The broker has its user no more, unless one was made while we removed it.

    Args:
        held_until: what was set when it was taken in hand; any other time stays due.
    """
    conn.execute(
        "update subscription set dismiss_at = null where id = %s and dismiss_at = %s",
        [wanted, held_until],
    )


def dismiss_again(conn: Connection, wanted: UUID, now: datetime.datetime) -> None:
    """A user was made for a subscription that ended meanwhile."""
    conn.execute(
        "update subscription set dismiss_at = %s where id = %s and state = 'ended'", [now, wanted]
    )
