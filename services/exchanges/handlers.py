"""What the exchanges service hears: the ledger's answers, and who was let in or has left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.bus.envelope import Event
from services.bus.subscription import Subscription, each, subscriptions
from services.bus.transaction import Transaction
from services.contracts import exchanges as contract
from services.contracts import ledger as contracts_ledger
from services.contracts import members as contracts_members
from services.exchanges import (
    agreement,
    block_store,
    delivery,
    erasure_store,
    exchange_store,
    listing_handlers,
    listing_store,
    message_handlers,
    owner_handlers,
    owner_store,
    search_store,
    step_handlers,
    steps,
)
from services.exchanges.exchange import Exchange, Steps, Taken


@dataclass(frozen=True)
class Held:
    hold_id: UUID
    exchange_id: UUID
    minutes: int


@dataclass(frozen=True)
class Refused:
    hold_id: UUID
    exchange_id: UUID
    shortfall_minutes: int


@dataclass(frozen=True)
class Transferred:
    transfer_id: UUID
    kind: str
    exchange_id: UUID | None


@dataclass(frozen=True)
class Member:
    member_id: UUID
    version: int


def _held(tx: Transaction, found: Exchange, answer: Held) -> Steps:
    """An answer to another attempt, or one that comes too late, changes nothing.

    Whoever made it too late has said which hold is to be released.
    """
    if found.state != "accepted" or found.hold_id != answer.hold_id:
        return ()
    return agreement.held(found, answer.minutes, tx.now)


def _refused(tx: Transaction, found: Exchange, answer: Refused) -> Steps:
    if found.state != "accepted" or found.hold_id != answer.hold_id:
        return ()
    return agreement.refused(found, answer.shortfall_minutes, tx.now)


def _transferred(tx: Transaction, found: Exchange, answer: Transferred) -> Steps:
    if found.state != "completed" or found.transfer_id != answer.transfer_id:
        return ()
    return delivery.posted(found, tx.now)


def _answers(
    decide: Callable[[Transaction, Exchange, Any], Steps],
) -> Callable[[Transaction, Sequence[Event]], None]:
    """Turn a decision about one answer of the ledger into a handler of all that wait."""

    def handle(tx: Transaction, events: Sequence[Event]) -> None:
        about = {event.data.exchange_id for event in events} - {None}
        current = {found.id: found for found in exchange_store.lock(tx.conn, list(about))}
        taken: dict[str | None, list[Taken]] = {}
        for event in events:
            found = current.get(event.data.exchange_id)
            decided = decide(tx, found, event.data) if found else ()
            if decided:
                current[step_handlers.latest(decided).id] = step_handlers.latest(decided)
                taken.setdefault(event.correlation_id, []).extend(decided)
        step_handlers.keep_caused(tx, taken)

    return handle


def let_in(tx: Transaction, event: Event) -> None:
    """Send what a person asked while they waited."""
    member: Member = event.data
    listing_store.hear_of_member(tx.conn, member.member_id, member.version, "approved")
    for found in exchange_store.lock_kept_back_of(tx.conn, member.member_id):
        step_handlers.keep(tx, agreement.let_in(found, tx.now), event.correlation_id)


def left(tx: Transaction, events: Sequence[Event]) -> None:
    """Close what people offer who leave, and end what is open between them and others.

    They are held all together before anything of theirs: what one of them asks, publishes or
    saves at this moment is there to be found, or refused.
    """
    listing_store.hold_leavers(tx.conn, [event.data.member_id for event in events])
    for event in events:
        _left(tx, event)


def _left(tx: Transaction, event: Event) -> None:
    """Listings come first: whoever is asking on one of them holds it, so the exchange they
    open is there to be found when the exchanges are looked through.
    """
    member: Member = event.data
    listing_store.hear_of_member(tx.conn, member.member_id, member.version, "left")
    owner_store.forget(tx.conn, [member.member_id])
    search_store.forget(tx.conn, member.member_id)
    for closed in listing_store.close_all_of(tx.conn, member.member_id):
        listing_handlers.say(tx, contract.ListingClosed, closed)
    for found in exchange_store.lock_unfinished_of(tx.conn, member.member_id):
        step_handlers.keep(tx, steps.left(found, member.member_id, tx.now), event.correlation_id)
    erasure_store.listings(tx.conn, member.member_id)
    erasure_store.requests(tx.conn, member.member_id)
    erasure_store.thanks(tx.conn, member.member_id)
    message_handlers.forget(tx, member.member_id)
    block_store.forget(tx.conn, member.member_id)


SUBSCRIPTIONS = subscriptions(
    # Every one of these recognises a repeated event by the state it has already brought about.
    Subscription(contracts_ledger.MinutesHeld, Held, _answers(_held), natural_key=True),
    Subscription(contracts_ledger.HoldRefused, Refused, _answers(_refused), natural_key=True),
    Subscription(
        contracts_ledger.MinutesTransferred, Transferred, _answers(_transferred), natural_key=True
    ),
    Subscription(contracts_members.MemberApproved, Member, each(let_in), natural_key=True),
    Subscription(contracts_members.MemberChanged, Member, owner_handlers.changed, natural_key=True),
    Subscription(contracts_members.MemberLeft, Member, left, natural_key=True),
)
