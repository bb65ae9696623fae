"""Recomputes what the ledger keeps from what it can only add to, and counts differences.

Nothing here trusts a balance, a held sum or a version: each is computed again from
entries, transfers and holds. Every count is zero in a sound ledger.
"""

from collections.abc import Callable
from typing import Any, LiteralString

import psycopg

Connection = psycopg.Connection[Any]


def unbalanced_transfers(conn: Connection) -> int:
    """A4: transfers without exactly one debit and one credit of their minutes."""
    return _count(
        conn,
        "select count(*) from transfer t full join"
        " (select transfer_id, count(*) as legs,"
        "         max(account_id::text) filter (where minutes < 0) as payer,"
        "         max(account_id::text) filter (where minutes > 0) as payee,"
        "         min(minutes) as debit, max(minutes) as credit"
        "    from entry group by transfer_id) e on e.transfer_id = t.id"
        " where (e.legs, e.payer, e.payee, e.debit, e.credit) is distinct from"
        " (2, t.from_account_id::text, t.to_account_id::text, -t.minutes, t.minutes)",
    )


def wrong_balances(conn: Connection) -> int:
    """A5: accounts whose balance differs from the sum of their entries."""
    return _count(
        conn,
        "select count(*) from account a full join"
        " (select account_id, sum(minutes) as minutes from entry group by account_id) e"
        " on e.account_id = a.id"
        " where a.id is null or a.balance_minutes <> coalesce(e.minutes, 0)",
    )


def wrong_holds(conn: Connection) -> int:
    """A5: accounts whose held minutes differ from the sum of their holds still held."""
    return _count(
        conn,
        "select count(*) from account a full join"
        " (select account_id, sum(minutes) as minutes from hold where state = 'held'"
        "   group by account_id) h on h.account_id = a.id"
        " where a.id is null or a.held_minutes <> coalesce(h.minutes, 0)",
    )


def sum_of_balances(conn: Connection) -> int:
    """A6: minutes by which the sum of all balances differs from zero."""
    return _count(conn, "select abs(coalesce(sum(balance_minutes), 0))::bigint from account")


def beyond_limit(conn: Connection) -> int:
    """A7: accounts below their limit that spent themselves there.

    A reversal, a leaver's debt or a limit raised later may take an account there. Whoever moves
    takes a debt along that the old region allowed, so an account that follows its region is held
    against the lowest limit any region ever had.
    """
    return _count(
        conn,
        "select count(*) from overspent o join account a on a.id = o.account_id"
        " where not exists (select from limit_change c where c.account_id = a.id)"
        " and (a.own_floor_minutes is not null or a.balance_minutes - a.held_minutes <"
        "      (select min(least(r.floor_minutes, c.floor_minutes, c.floor_before_minutes))"
        "       from region r left join limit_change c on c.region = r.slug))"
        " and not exists (select from entry e join transfer t on t.id = e.transfer_id"
        "                  where e.account_id = a.id and e.minutes < 0"
        "                  and t.kind in ('reversal', 'leaving'))",
    )


def broken_chains(conn: Connection) -> int:
    """A9: entries that do not follow the one before, and accounts that lack entries."""
    return _count(
        conn,
        "select (select count(*) from (select version, balance_before,"
        "          lag(version, 1, 0::bigint) over w as last,"
        "          lag(balance_after, 1, 0::bigint) over w as balance"
        "          from entry window w as (partition by account_id order by version)) chain"
        "         where version <> last + 1 or balance_before <> balance)"
        " + (select count(*) from account a left join"
        "     (select account_id, max(version) as version from entry group by account_id) e"
        "     on e.account_id = a.id where a.version <> coalesce(e.version, 0))",
    )


def wrong_postings(conn: Connection) -> int:
    """Holds posted without their transfer, and transfers without their posted hold."""
    return _count(
        conn,
        "select count(*) from (select * from hold where state = 'posted') h"
        " full join (select * from transfer where kind = 'exchange') t on t.hold_id = h.id"
        " where (h.exchange_id, h.account_id, h.posted_minutes::bigint) is distinct from"
        " (t.exchange_id, t.from_account_id, t.minutes)",
    )


CHECKS: dict[str, Callable[[Connection], int]] = {
    "A4 transfers whose two entries do not sum to zero": unbalanced_transfers,
    "A5 accounts that differ from the sum of their entries": wrong_balances,
    "A5 accounts that differ from the sum of their holds": wrong_holds,
    "A6 sum of all balances, in minutes": sum_of_balances,
    "A7 accounts that spent beyond their limit": beyond_limit,
    "A9 gaps in the entries of accounts": broken_chains,
    "holds and transfers of exchanges that do not agree": wrong_postings,
}


def _count(conn: Connection, statement: LiteralString) -> int:
    row = conn.execute(statement).fetchone()
    assert row is not None, "an aggregate has one row"
    return int(row[0])
