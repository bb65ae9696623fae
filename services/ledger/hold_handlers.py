"""Decides about exchanges: reserves minutes, posts or frees them, takes transfers back.

Each handler locks every account it touches at once, in the order of their ids, then
reads the holds, decides, and saves with a handful of statements however many events
there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from services.bus.envelope import Event
from services.bus.transaction import Transaction
from services.contracts import ledger as contract
from services.ledger import account, errors, hold, store, transfer, transfer_handlers
from services.ledger.account import Change
from services.ledger.account_handlers import cause, open_and_lock
from services.ledger.hold import Completion, Hold, Question
from services.ledger.transfer import Cause, Transfer


@dataclass(frozen=True)
class Accepted:
    """What is read of an acceptance."""

    exchange_id: UUID
    hold_id: UUID
    giver_id: UUID
    receiver_id: UUID
    giver_region: str
    receiver_region: str
    region: str
    minutes: int
    from_fund: bool


@dataclass(frozen=True)
class Ended:
    """What is read of an exchange that needs its hold no longer."""

    exchange_id: UUID
    hold_id: UUID | None
    receiver_id: UUID
    receiver_region: str
    region: str
    minutes: int


@dataclass(frozen=True)
class Completed:
    """What is read of a completion."""

    exchange_id: UUID
    hold_id: UUID
    giver_id: UUID
    receiver_id: UUID
    region: str
    minutes: int


@dataclass(frozen=True)
class Reversed:
    """What is read of a reversal."""

    exchange_id: UUID
    transfer_id: UUID
    giver_id: UUID
    receiver_id: UUID
    region: str
    reason: str


def reserve(tx: Transaction, events: Sequence[Event]) -> None:
    """Hold the receivers' minutes for accepted exchanges, or say what is lacking."""
    questions = {e.data.hold_id: _question(tx, e, e.data.from_fund) for e in events}
    members = {e.data.giver_id: cause(tx, e, e.data.giver_region) for e in events}
    members |= {e.data.receiver_id: cause(tx, e, e.data.receiver_region) for e in events}
    payers = {question.account_id for question in questions.values()}
    fund = {account.FUND for question in questions.values() if question.from_fund}
    accounts = open_and_lock(tx, members, payers | fund)
    known = store.holds(tx.conn, questions)
    answers = hold.answer([q for q in questions.values() if q.hold_id not in known], accounts)
    transfer_handlers.post(tx, answers.from_fund)
    store.add_holds(tx.conn, answers.holds, tx.now)
    for answered in [*answers.holds, *known.values()]:
        _announce(tx, answered, questions[answered.id].cause)
    changes = [*hold.reserved(answers.holds), *transfer.changes(answers.from_fund)]
    transfer_handlers.finish(tx, accounts, changes, members)


def release(tx: Transaction, events: Sequence[Event]) -> None:
    """Free what exchanges that came to nothing had reserved."""
    holding = [event for event in events if event.data.hold_id]
    questions = {event.data.hold_id: _question(tx, event) for event in holding}
    members = {e.data.receiver_id: cause(tx, e, e.data.receiver_region) for e in holding}
    accounts = open_and_lock(tx, members, members)
    ending, unasked = hold.to_release(questions.values(), store.holds(tx.conn, questions))
    store.release(tx.conn, [ended.id for ended in ending], tx.now)
    store.add_holds(tx.conn, unasked, tx.now)
    given_back = [
        transfer.back_to_fund(ended.id, ended.account_id, ended.fund_minutes, why)
        for ended in ending
        if ended.fund_minutes
        for why in [questions[ended.id].cause]
    ]
    transfer_handlers.post(tx, given_back)
    for ended in ending:
        _say(tx, contract.HoldReleased, ended, questions[ended.id].cause)
    changes = [*hold.freed(ending), *transfer.changes(given_back)]
    transfer_handlers.finish(tx, accounts, changes, members)


def settle(tx: Transaction, events: Sequence[Event]) -> None:
    """Post completed exchanges from their holds; the rest of each hold is free again."""
    completions = [
        Completion(
            event.data.hold_id,
            event.data.exchange_id,
            event.data.giver_id,
            event.data.receiver_id,
            event.data.minutes,
            cause(tx, event, event.data.region),
        )
        for event in events
    ]
    accounts = store.lock(tx.conn, _parties(events))
    holds = store.holds(tx.conn, {completion.hold_id for completion in completions})
    due, repeated = hold.to_post(completions, holds)
    transfers = list(hold.postings(due, holds))
    transfer_handlers.post(tx, transfers)
    transfer_handlers.announce_again(
        tx, [transfer.exchange_transfer_id(completion.exchange_id) for completion in repeated]
    )
    ended = [holds[completion.hold_id] for completion in due]
    changes = [*hold.freed(ended), *transfer.changes(transfers)]
    transfer_handlers.finish(tx, accounts, changes, _causes(tx, events))


def reverse(tx: Transaction, events: Sequence[Event]) -> None:
    """Take exchanges' transfers back, below the giver's limit if need be, and for the fund
    what it gave towards them."""
    wanted = {event.data.exchange_id: event for event in events}
    accounts = store.lock(tx.conn, _parties(events))
    reversals = {transfer.reversal_id(exchange_id): exchange_id for exchange_id in wanted}
    originals = [event.data.transfer_id for event in wanted.values()]
    known = store.transfers(tx.conn, [*reversals, *originals])
    new = [
        _reversal(tx, wanted[exchange_id], known)
        for reversal_id, exchange_id in reversals.items()
        if reversal_id not in known
    ]
    holds = store.holds(tx.conn, [found.hold_id for found in known.values() if found.hold_id])
    new += hold.returns(tuple(new), {found.exchange_id: found for found in holds.values()})
    transfer_handlers.post(tx, new)
    transfer_handlers.announce_again(tx, known.keys() & reversals.keys())
    transfer_handlers.finish(tx, accounts, transfer.changes(new), _causes(tx, events))


def enlarge(tx: Transaction, hold_id: UUID, minutes: int) -> dict[str, Any]:
    """Reserve ``minutes`` in all under a hold; fewer than it has change nothing.

    Raises:
        HoldUnknown: the question for it has not arrived.
        HoldNotEnlarged: it has ended, or the account has not the minutes.
    """
    found = store.holds(tx.conn, [hold_id]).get(hold_id)
    if found is None:
        raise errors.HoldUnknown
    accounts = store.lock(tx.conn, [found.account_id])
    payer = accounts[found.account_id]
    before = store.holds(tx.conn, [hold_id])[hold_id]
    now = hold.enlarged(before, payer, minutes)
    if now != before:
        store.resize_hold(tx.conn, hold_id, now.minutes)
    change = Change(payer.id, held_minutes=now.minutes - before.minutes)
    why = Cause(before.region, tx.correlation_id or str(hold_id), tx.now)
    transfer_handlers.finish(tx, accounts, [change], {payer.id: why})
    left = account.after(accounts, [change])[payer.id]
    return {"held": True, "available_minutes": left.available_minutes}


def _reversal(tx: Transaction, event: Event, known: dict[UUID, Transfer]) -> Transfer:
    data = event.data
    original = known.get(data.transfer_id)
    if original is None:
        raise errors.TransferUnknown(f"transfer {data.transfer_id} has not been posted yet")
    parties = (original.exchange_id, original.from_account_id, original.to_account_id)
    if parties != (data.exchange_id, data.receiver_id, data.giver_id):
        raise errors.Contradiction(f"transfer {original.id} is of another exchange or of others")
    return transfer.reversal(original, data.reason, cause(tx, event, data.region))


def _question(tx: Transaction, event: Event, from_fund: bool = False) -> Question:
    data = event.data
    why = cause(tx, event, data.region)
    return Question(
        data.hold_id, data.exchange_id, data.receiver_id, data.minutes, from_fund, why
    )  # fmt: skip


def _parties(events: Sequence[Event]) -> set[UUID]:
    return {event.data.giver_id for event in events} | {event.data.receiver_id for event in events}


def _causes(tx: Transaction, events: Sequence[Event]) -> dict[UUID, Cause]:
    """For each party the event that touches its account, the last where there are several."""
    found: dict[UUID, Cause] = {}
    for event in events:
        why = cause(tx, event, event.data.region)
        found[event.data.giver_id] = found[event.data.receiver_id] = why
    return found


def _announce(tx: Transaction, answered: Hold, why: Cause) -> None:
    """Say what became of a question, the same whenever it is asked."""
    if answered.state == "refused":
        _say(
            tx, contract.HoldRefused, answered, why,
            available_minutes=answered.available_minutes,
            shortfall_minutes=answered.shortfall_minutes,
        )  # fmt: skip
    elif answered.was_answered:
        _say(tx, contract.MinutesHeld, answered, why)
    else:
        _say(tx, contract.HoldReleased, answered, why)


def _say(tx: Transaction, schema: Any, about: Hold, why: Cause, **more: int | None) -> None:
    tx.emit(
        schema,
        region=about.region,
        subject=about.id,
        data={
            "hold_id": about.id,
            "exchange_id": about.exchange_id,
            "account_id": about.account_id,
            "minutes": about.minutes,
            **more,
        },
        event_id=uuid5(about.id, schema.event),
        correlation_id=why.correlation_id,
    )
