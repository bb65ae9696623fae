"""Counts what is wrong about minutes: lost, doubled, invented, or added up differently."""

from collections.abc import Iterator
from typing import Any

from deploy.audit_sources import Connections, aged, alone, number, rows
from services.ledger import check_store

_COMPLETED = f"""
    select id, {aged("completed_at")}
    from exchange, clock
    where state in ('completed', 'settled', 'reversed')
    order by id
"""
_POSTED = "select exchange_id, true from transfer where kind = 'exchange' order by exchange_id"
"""Of transfers only those for exchanges have a cause elsewhere: others cannot be ghosts."""


def lost(at: Connections, leave_out: int) -> int:
    return alone(rows(at["exchanges"], _COMPLETED, {"s": leave_out}), _once(at))[0]


def ghosts(at: Connections, leave_out: int) -> int:
    return alone(rows(at["exchanges"], _COMPLETED, {"s": leave_out}), _once(at))[1]


def _once(at: Connections) -> Iterator[tuple[Any, bool]]:
    """Exchanges with a transfer; a second one is doubled, not a ghost."""
    last = None
    for key, counts in rows(at["ledger"], _POSTED):
        if key != last:
            yield key, counts
        last = key


def doubled(at: Connections, _: int) -> int:
    return number(
        at["ledger"],
        "select count(*) from (select from transfer where exchange_id is not null"
        " group by exchange_id, kind having count(*) > 1) twice",
    )


def unbalanced_transfers(at: Connections, _: int) -> int:
    return check_store.unbalanced_transfers(at["ledger"])


def unbalanced_accounts(at: Connections, _: int) -> int:
    ledger = at["ledger"]
    return check_store.wrong_balances(ledger) + check_store.wrong_holds(ledger)


def sum_of_balances(at: Connections, _: int) -> int:
    return check_store.sum_of_balances(at["ledger"])


def overspent(at: Connections, _: int) -> int:
    return check_store.beyond_limit(at["ledger"])


def version_gaps(at: Connections, _: int) -> int:
    return check_store.broken_chains(at["ledger"])


def report_differs(at: Connections, leave_out: int) -> int:
    """Transfers that the report lacks, has not from the ledger, or has otherwise."""
    posted = rows(
        at["ledger"],
        f"select id, kind, minutes, {aged('posted_at')} from transfer, clock order by id",
        {"s": leave_out},
    )
    reported = rows(
        at["reporting"],
        "select transfer_id, kind, minutes, true from transfer_fact order by transfer_id",
    )
    return max(alone(_whole(posted), _whole(reported)))


def _whole(found: Iterator[Any]) -> Iterator[tuple[Any, bool]]:
    """The whole row as the key, but for its last column."""
    for *key, counts in found:
        yield tuple(key), counts
