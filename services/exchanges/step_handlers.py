"""Keeps the steps that were taken: the exchange, its history, and what is said about it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.bus.transaction import Transaction
from services.contracts import exchanges as contract
from services.contracts import feed
from services.exchanges import exchange_store
from services.exchanges.exchange import Exchange, Steps, Taken


def keep(tx: Transaction, taken: Sequence[Taken], correlation_id: str | None = None) -> None:
    """Save where each exchange now stands, add to the histories, and say it.

    Args:
        taken: steps of any number of exchanges, each exchange's in their order.
        correlation_id: of the event that caused them, where it is not the call's.
    """
    keep_caused(tx, {correlation_id: taken})


def keep_caused(tx: Transaction, caused: Mapping[str | None, Sequence[Taken]]) -> None:
    """Keep steps of different causes in one go: one statement for any number.

    Args:
        caused: by correlation id (``None``: the transaction's own) what it brought about;
            an exchange's steps in their order.
    """
    taken = [step for steps in caused.values() for step in steps]
    if not taken:
        return
    exchange_store.save(tx.conn, taken)
    for correlation_id, steps in caused.items():
        say(tx, steps, correlation_id)


def say(tx: Transaction, taken: Sequence[Taken], correlation_id: str | None = None) -> None:
    """Say what is to be said; of a request that was never sent nobody hears anything."""
    for step in taken:
        if step.says and step.exchange.sent_at is not None:
            schema: Any = contract.EVENTS[step.says]
            event_id = tx.emit(
                schema,
                region=step.exchange.region,
                subject=step.exchange.id,
                data={**_common(step), **step.more},
                correlation_id=correlation_id,
            )
            _tell_others(tx, step, event_id)


def _tell_others(tx: Transaction, step: Taken, event_id: UUID) -> None:
    """Signal what other systems may hear; asking the ledger once more is no news to them."""
    signal = feed.BY_EVENT.get(step.says or "")
    if signal and step.action != "ask_again":
        of = step.exchange
        regions = (of.region, of.giver_region, of.receiver_region)
        tx.signal(signal, regions=regions, subject=of.id, event_id=event_id)


def latest(taken: Steps) -> Exchange:
    """The exchange after the last of its steps."""
    return taken[-1].exchange


def _common(step: Taken) -> dict[str, Any]:
    """What every event about an exchange carries."""
    after = step.exchange
    return {
        "exchange_id": after.id,
        "version": after.version,
        "listing_id": after.listing_id,
        "state": after.state,
        "giver_id": after.giver_id,
        "receiver_id": after.receiver_id,
        "asker_id": after.asker_id,
        "actor_id": step.actor_id,
        "next_actor": after.next_actor,
        "minutes": after.minutes,
        "category": after.category,
        "pathway": after.pathway,
        "region": after.region,
        "giver_region": after.giver_region,
        "receiver_region": after.receiver_region,
        "giver_organisation": after.giver_organisation,
        "receiver_organisation": after.receiver_organisation,
        "starts_at": after.starts_at,
        "deadline": after.deadline,
        "requested_at": after.requested_at,
        "happened_at": step.at,
    }
