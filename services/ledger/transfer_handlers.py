"""The one posting path: posts transfers of every kind and says so, to all who wait for it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from services.bus.transaction import Transaction
from services.contracts import ledger as contract
from services.ledger import account, store, transfer
from services.ledger.account import Account, Change
from services.ledger.transfer import Cause, Transfer

_SAID: dict[str, Any] = {
    "grant": contract.MinutesGranted,
    "reversal": contract.TransferReversed,
}
"""Kinds with an event of their own; the others share ``minutes_transferred``."""


def post(tx: Transaction, new: Sequence[Transfer]) -> None:
    """Move minutes and announce it. The accounts are locked already."""
    store.post(tx.conn, new)
    for posted in new:
        _announce(tx, posted)


def announce_again(tx: Transaction, transfer_ids: Collection[UUID]) -> None:
    """Repeat what was said of transfers posted before, to whoever asked again."""
    if transfer_ids:
        for posted in store.transfers(tx.conn, transfer_ids).values():
            _announce(tx, posted)


def finish(
    tx: Transaction,
    accounts: Mapping[UUID, Account],
    changes: Iterable[Change],
    causes: Mapping[UUID, Cause],
) -> None:
    """What every change of balances ends with: nudges, and leavers brought to nothing.

    Args:
        accounts: locked, as they stood before.
        changes: all that was done to them.
        causes: of the change, by account.
    """
    later = account.after(accounts, changes)
    for near, side in account.limits_neared(accounts, later):
        tx.emit(
            contract.LimitNeared,
            region=near.region,
            subject=near.id,
            data={
                "account_id": near.id,
                "side": side,
                "balance_minutes": near.balance_minutes,
                "available_minutes": near.available_minutes,
            },
            correlation_id=causes[near.id].correlation_id,
        )
    empty_closed(tx, [found.id for found in later.values() if found.closed], causes)


def empty_closed(
    tx: Transaction, account_ids: Collection[UUID], causes: Mapping[UUID, Cause]
) -> None:
    """Bring closed accounts to nothing, as far as their holds let them be."""
    if not account_ids:
        return
    accounts = store.lock(tx.conn, [*account_ids, account.FUND])
    left = [
        transfer.leaving(accounts[key], replace(causes[key], region=accounts[key].region))
        for key in account_ids
    ]
    post(tx, [found for found in left if found])


def _announce(tx: Transaction, posted: Transfer) -> None:
    schema = _SAID.get(posted.kind, contract.MinutesTransferred)
    data: dict[str, Any] = {
        "transfer_id": posted.id,
        "kind": posted.kind,
        "exchange_id": posted.exchange_id,
        "from_account_id": posted.from_account_id,
        "to_account_id": posted.to_account_id,
        "minutes": posted.minutes,
        "posted_at": posted.posted_at,
    }
    if posted.kind == "reversal":
        data["reverses_transfer_id"] = posted.reverses_transfer_id
    tx.emit(
        schema,
        region=posted.region,
        subject=posted.id,
        data=data,
        event_id=uuid5(posted.id, schema.event),
        correlation_id=posted.correlation_id,
    )
