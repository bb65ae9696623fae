"""Opens accounts when their owners are first named, and closes them when they leave."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.envelope import Event
from services.bus.transaction import Transaction, new_id
from services.ledger import account, answers, errors, store, transfer, transfer_handlers
from services.ledger.account import Account
from services.ledger.limit import LimitChange
from services.ledger.transfer import Cause


@dataclass(frozen=True)
class MemberNamed:
    """What is read of a member's joining, approval, change or leaving."""

    member_id: UUID
    region: str
    version: int


@dataclass(frozen=True)
class BalanceNamed(MemberNamed):
    """The same, with the balance somebody brings from an earlier bank."""

    minutes: int
    imported_by: UUID


def cause(tx: Transaction, event: Event, region: str) -> Cause:
    """The event as the cause of what is decided now, announced in ``region``."""
    return Cause(region, event.correlation_id, tx.now)


def welcome(tx: Transaction, events: Sequence[Event]) -> None:
    """Open the account of a member named for the first time; keep the newest region."""
    newest = _newest(events)
    causes = {key: cause(tx, event, event.data.region) for key, event in newest.items()}
    accounts = open_and_lock(tx, causes, newest)
    heard = [event.data for event in newest.values()]
    store.note_members(
        tx.conn,
        [
            (data.member_id, data.region, data.version)
            for data in heard
            if data.version > accounts[data.member_id].member_version
        ],
    )


def bring_over(tx: Transaction, events: Sequence[Event]) -> None:
    """Open accounts at the balances their owners had in an earlier bank, each once.

    Who is known to have left already leaves it to the fund, as if it had come before.
    """
    newest = _newest(events)
    causes = {key: cause(tx, event, event.data.region) for key, event in newest.items()}
    accounts = open_and_lock(tx, causes, [*newest, account.ISSUE])
    starters = {transfer.starter_grant_id(key): key for key in newest}
    openings = [transfer.opening_balance_id(key) for key in newest]
    posted = store.transfers(tx.conn, [*starters, *openings])
    granted = {
        starters[found.id]: found.minutes for found in posted.values() if found.id in starters
    }
    wanted = [
        transfer.opening_balance(
            key, event.data.minutes, granted.get(key, 0), event.data.imported_by, causes[key]
        )
        for key, event in newest.items()
        if transfer.opening_balance_id(key) not in posted
    ]
    transfer_handlers.post(tx, [each for each in wanted if each])
    transfer_handlers.empty_closed(tx, [key for key in newest if accounts[key].closed], causes)


def say_farewell(tx: Transaction, events: Sequence[Event]) -> None:
    """Close the accounts of members who left: what is not held goes to the fund now.

    What is held waits for the exchange, which alone ends its hold; then the rest
    follows. The limit becomes 0, so nothing new is held or spent.
    """
    newest = _newest(events)
    causes = {key: cause(tx, event, event.data.region) for key, event in newest.items()}
    accounts = open_and_lock(tx, causes, [*newest, account.FUND])
    leaving = [key for key in newest if not accounts[key].closed]
    store.close(tx.conn, leaving, tx.now)
    store.add_limit_changes(
        tx.conn,
        [
            LimitChange(new_id(), tx.now, account_id=key, floor_minutes=0, reason="left")
            for key in leaving
        ],
    )
    transfer_handlers.empty_closed(tx, leaving, causes)


def open_and_lock(
    tx: Transaction, members: Mapping[UUID, Cause], lock: Collection[UUID]
) -> dict[UUID, Account]:
    """Open the accounts that some members lack, with their grants; lock what is needed.

    Args:
        members: who is named, with the cause; its region is the member's own.
        lock: the accounts the caller goes on to change, all of them.

    Returns:
        The accounts of ``lock``, and any that were opened, as they stand now.
    """
    unknown = store.unknown(tx.conn, members)
    if not unknown:
        return store.lock(tx.conn, lock)
    opened = store.open_accounts(tx.conn, [(key, members[key].region) for key in unknown], tx.now)
    needed = {*lock, *opened}
    if opened:
        store.lock(tx.conn, {*needed, account.ISSUE})
        _grant(tx, [members[key] for key in opened], opened)
    return store.lock(tx.conn, needed)


def own(tx: Transaction, caller: Caller) -> Account:
    """The caller's own account, opened if need be.

    Raises:
        AccountUnknown: the caller has not joined.
    """
    if caller.id is None:
        raise errors.AccountUnknown
    found = store.account(tx.conn, caller.id)
    if found is None:
        why = Cause(caller.region, tx.correlation_id or str(caller.id), tx.now)
        found = open_and_lock(tx, {caller.id: why}, [caller.id])[caller.id]
    return found


def donate(tx: Transaction, caller: Caller, fund: UUID, minutes: int) -> dict[str, Any]:
    """Move credit of the caller's to a fund.

    Raises:
        NotEnoughMinutes: the caller owns less that is not reserved.
    """
    donor = own(tx, caller)
    accounts = store.lock(tx.conn, [donor.id, fund])
    donor = accounts[donor.id]
    if donor.credit_minutes < minutes:
        raise errors.NotEnoughMinutes(available_minutes=donor.credit_minutes)
    why = Cause(donor.region, tx.correlation_id or str(donor.id), tx.now)
    given = transfer.donation(new_id(), donor.id, fund, minutes, why)
    transfer_handlers.post(tx, [given])
    transfer_handlers.finish(tx, accounts, transfer.changes([given]), {donor.id: why})
    return {
        "transfer_id": str(given.id),
        "minutes": minutes,
        "account": answers.account(store.lock(tx.conn, [donor.id])[donor.id]),
    }


def _grant(tx: Transaction, causes: Sequence[Cause], opened: Sequence[UUID]) -> None:
    terms = store.terms(tx.conn)
    transfer_handlers.post(
        tx,
        [
            transfer.starter_grant(key, terms[why.region].starter_grant_minutes, why)
            for key, why in zip(opened, causes, strict=True)
            if terms[why.region].starter_grant_minutes
        ],
    )


def _newest(events: Sequence[Event]) -> dict[UUID, Event]:
    """The newest event of each member, by id."""
    newest: dict[UUID, Event] = {}
    for event in events:
        known = newest.setdefault(event.data.member_id, event)
        if event.data.version > known.data.version:
            newest[event.data.member_id] = event
    return newest
