"""Every SQL statement of the ledger; what a statement may do, the schema's triggers decide.

Lock order: accounts by id, once per handler and before any hold is read; a hold is
covered by the lock on its account. Arrays go to the database in binary (``%b``): as
text they cost ten times the processor time.
"""

import datetime
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import args_row, class_row

from services.ledger.account import Account, Terms
from services.ledger.hold import Hold
from services.ledger.limit import LimitChange
from services.ledger.transfer import Transfer

Connection = psycopg.Connection[Any]

Row = TypeVar("Row", Account, Hold, Transfer)

_ACCOUNT: LiteralString = """
    a.id, a.kind, a.region,
    case when a.kind <> 'issue'
         then coalesce(a.own_floor_minutes, r.floor_minutes) end as floor_minutes,
    a.balance_minutes, a.held_minutes, a.version, a.member_version,
    a.closed_at is not null as closed
"""
_HOLD: LiteralString = """
    id, exchange_id, account_id, minutes, state, region, fund_minutes, available_minutes,
    shortfall_minutes, posted_minutes
"""
_TRANSFER: LiteralString = """
    id, kind, from_account_id, to_account_id, minutes, region, correlation_id, posted_at,
    exchange_id, hold_id, reverses_transfer_id, reason, author_id
"""


def _many(conn: Connection, kind: type[Row]) -> psycopg.Cursor[Row]:
    """For a batch of rows whose columns stand in the order of the fields: half the time of
    naming each."""
    return conn.cursor(row_factory=args_row(kind), binary=True)


@dataclass(frozen=True)
class StatementLine:
    """One entry of an account, with the transfer it belongs to."""

    version: int
    transfer_id: UUID
    kind: str
    minutes: int
    balance_after_minutes: int
    exchange_id: UUID | None
    counterpart_id: UUID
    posted_at: datetime.datetime


def account(conn: Connection, account_id: UUID) -> Account | None:
    """The account as committed; ``None`` when there is none."""
    return (
        conn.cursor(row_factory=class_row(Account))
        .execute(
            f"select {_ACCOUNT} from account a join region r on r.slug = a.region where a.id = %s",
            [account_id],
        )
        .fetchone()
    )


def lock(conn: Connection, account_ids: Collection[UUID]) -> dict[UUID, Account]:
    """Lock accounts until the transaction ends; those that exist, by id."""
    rows = _many(conn, Account).execute(
        f"select {_ACCOUNT} from account a join region r on r.slug = a.region"
        " where a.id = any(%b::uuid[]) order by a.id for no key update of a",
        [list(account_ids)],
    )
    return {row.id: row for row in rows}


def unknown(conn: Connection, member_ids: Collection[UUID]) -> list[UUID]:
    """Those of the members who have no account yet."""
    rows = conn.execute(
        "select id from unnest(%b::uuid[]) id"
        " where not exists (select from account a where a.id = id.id)",
        [list(member_ids)],
    )
    return [row[0] for row in rows]


def open_accounts(
    conn: Connection, members: Sequence[tuple[UUID, str]], now: datetime.datetime
) -> list[UUID]:
    """Open empty accounts; the ids of those that another transaction did not open first.

    Args:
        members: id and region of each.
    """
    rows = conn.execute(
        "insert into account (id, kind, region, opened_at) select id, 'member', region, %s"
        " from unnest(%b::uuid[], %b::text[]) m (id, region)"
        " order by id"  # two transactions opening the same accounts wait, never deadlock
        " on conflict (id) do nothing returning id",
        [now, *_columns(members, 2)],
    )
    return [row[0] for row in rows]


def terms(conn: Connection) -> dict[str, Terms]:
    """What each region grants and allows, by slug."""
    rows = conn.cursor(row_factory=class_row(Terms)).execute(
        "select slug as region, floor_minutes, starter_grant_minutes from region"
    )
    return {row.region: row for row in rows}


def note_members(conn: Connection, members: Sequence[tuple[UUID, str, int]]) -> None:
    """Keep where members live now.

    Args:
        members: id, region and version of the event heard, for each.
    """
    if not members:
        return
    conn.execute(
        "update account a set region = m.region, member_version = m.version"
        " from unnest(%b::uuid[], %b::text[], %b::integer[]) m (id, region, version)"
        " where a.id = m.id and a.member_version < m.version",
        _columns(members, 3),
    )


def close(conn: Connection, account_ids: Sequence[UUID], now: datetime.datetime) -> None:
    """Note that the accounts' owners have left."""
    conn.execute(
        "update account set closed_at = %s where id = any(%b::uuid[]) and closed_at is null",
        [now, list(account_ids)],
    )


def holds(conn: Connection, hold_ids: Collection[UUID]) -> dict[UUID, Hold]:
    """The holds there are, by id."""
    rows = _many(conn, Hold).execute(
        f"select {_HOLD} from hold where id = any(%b::uuid[])", [list(hold_ids)]
    )
    return {row.id: row for row in rows}


def add_holds(conn: Connection, new: Sequence[Hold], now: datetime.datetime) -> None:
    """Write answered questions and tombstones; the held ones reserve their minutes."""
    if not new:
        return
    conn.execute(
        "insert into hold (id, exchange_id, account_id, minutes, state, region, fund_minutes,"
        " available_minutes, shortfall_minutes, asked_at, ended_at)"
        " select n.*, %s, case when n.state <> 'held' then %s end"
        " from unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::integer[], %b::text[], %b::text[],"
        " %b::integer[], %b::bigint[], %b::bigint[]) n (id, exchange_id, account_id, minutes,"
        " state, region, fund_minutes, available_minutes, shortfall_minutes)",
        [
            now,
            now,
            [hold.id for hold in new],
            [hold.exchange_id for hold in new],
            [hold.account_id for hold in new],
            [hold.minutes for hold in new],
            [hold.state for hold in new],
            [hold.region for hold in new],
            [hold.fund_minutes for hold in new],
            [hold.available_minutes for hold in new],
            [hold.shortfall_minutes for hold in new],
        ],
    )


def release(conn: Connection, hold_ids: Sequence[UUID], now: datetime.datetime) -> None:
    """End holds without a posting; their minutes are available again."""
    if hold_ids:
        conn.execute(
            "update hold set state = 'released', ended_at = %s"
            " where id = any(%b::uuid[]) and state = 'held'",
            [now, list(hold_ids)],
        )


def resize_hold(conn: Connection, hold_id: UUID, minutes: int) -> None:
    """Reserve another number of minutes under the same hold."""
    conn.execute("update hold set minutes = %s where id = %s", [minutes, hold_id])


def transfers(conn: Connection, transfer_ids: Collection[UUID]) -> dict[UUID, Transfer]:
    """The transfers there are, by id."""
    rows = _many(conn, Transfer).execute(
        f"select {_TRANSFER} from transfer where id = any(%b::uuid[])", [list(transfer_ids)]
    )
    return {row.id: row for row in rows}


def post(conn: Connection, new: Sequence[Transfer]) -> None:
    """Post transfers: balances, holds and entries follow from this one statement."""
    if not new:
        return
    conn.execute(
        f"insert into transfer ({_TRANSFER})"
        " select * from unnest(%b::uuid[], %b::text[], %b::uuid[], %b::uuid[], %b::bigint[],"
        " %b::text[], %b::text[], %b::timestamptz[], %b::uuid[], %b::uuid[], %b::uuid[],"
        " %b::text[], %b::uuid[])",
        [
            [transfer.id for transfer in new],
            [transfer.kind for transfer in new],
            [transfer.from_account_id for transfer in new],
            [transfer.to_account_id for transfer in new],
            [transfer.minutes for transfer in new],
            [transfer.region for transfer in new],
            [transfer.correlation_id for transfer in new],
            [transfer.posted_at for transfer in new],
            [transfer.exchange_id for transfer in new],
            [transfer.hold_id for transfer in new],
            [transfer.reverses_transfer_id for transfer in new],
            [transfer.reason for transfer in new],
            [transfer.author_id for transfer in new],
        ],
    )


def statement(
    conn: Connection, account_id: UUID, before: int | None, limit: int
) -> list[StatementLine]:
    """Entries of an account, newest first.

    Args:
        before: only entries with a lower version than this.
        limit: entries at most.
    """
    return (
        conn.cursor(row_factory=class_row(StatementLine))
        .execute(
            "select e.version, e.transfer_id, t.kind, e.minutes,"
            " e.balance_after as balance_after_minutes, t.exchange_id, case when"
            " t.from_account_id = e.account_id then t.to_account_id else t.from_account_id end"
            " as counterpart_id, t.posted_at"
            " from entry e join transfer t on t.id = e.transfer_id"
            " where e.account_id = %s and (%s::bigint is null or e.version < %s)"
            " order by e.version desc limit %s",
            [account_id, before, before, limit],
        )
        .fetchall()
    )


def balance_at(conn: Connection, account_id: UUID, at: datetime.datetime) -> int:
    """The balance in minutes at a moment, computed from the entries up to then."""
    row = conn.execute(
        "select coalesce(sum(e.minutes), 0)::bigint from entry e"
        " join transfer t on t.id = e.transfer_id"
        " where e.account_id = %s and t.posted_at <= %s",
        [account_id, at],
    ).fetchone()
    assert row is not None, "an aggregate has one row"
    balance: int = row[0]
    return balance


def add_limit_changes(conn: Connection, new: Iterable[LimitChange]) -> None:
    """Change limits; the rows are the history as well, and note what was before."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into limit_change (id, account_id, region, floor_minutes,"
            " starter_grant_minutes, reason, author_id, valid_from)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                [
                    change.id,
                    change.account_id,
                    change.region,
                    change.floor_minutes,
                    change.starter_grant_minutes,
                    change.reason,
                    change.author_id,
                    change.valid_from,
                ]
                for change in new
            ],
        )


def limit_changes(
    conn: Connection, account_id: UUID | None, region: str | None
) -> list[LimitChange]:
    """The history of one account's or one region's limit, newest first."""
    return (
        conn.cursor(row_factory=class_row(LimitChange))
        .execute(
            "select id, account_id, region, floor_before_minutes, floor_minutes,"
            " starter_grant_minutes, reason, author_id, valid_from from limit_change"
            " where account_id = %s or region = %s order by id desc",
            [account_id, region],
        )
        .fetchall()
    )


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> list[list[Any]]:
    """Rows as one array per column, as unnest takes them."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(count)]
