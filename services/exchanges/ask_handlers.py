"""One ask to several givers: sent together, and ended for the others by the first yes."""

import dataclasses
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.transaction import Transaction, new_id
from services.exchanges import (
    agreement,
    ask_store,
    block_handlers,
    caller_handlers,
    errors,
    exchange_store,
    list_handlers,
    listing_handlers,
    schemas,
    step_handlers,
)
from services.exchanges.agreement import Party
from services.exchanges.exchange import Exchange, Taken
from services.exchanges.listing import Listing
from services.exchanges.wish import Wish

ENDS_THE_ASK = "accept"
"""Whoever takes it: a giver, a representative for them, or the asker a giver's other time."""


def ask(tx: Transaction, caller: Caller, body: Any) -> dict[str, Any]:
    """Ask two or three givers for the same; all of them are asked, or nobody.

    Each hears it as a request of their own. The first who says yes helps: the ledger is asked
    for one hold, as for any exchange, and the others are told that they need not answer.
    Locks are taken in this order: the asker, the listings by id, the pairs by the other's id,
    and later the exchanges by id.

    Args:
        body: see ``schemas.AskSeveral``.

    Raises:
        errors.Invalid, errors.NotAMember, errors.ListingNotFound, errors.OwnListing,
        errors.ListingClosed, errors.CapacityFull, errors.OnlyOffers, errors.SameGiver,
        errors.StartsAtInvalid; with ``listing_id`` where it is about one.
    """
    wanted = schemas.load(schemas.AskSeveral, body)
    asker = caller_handlers.asker(tx, caller)
    listings = _held(tx, asker, wanted["listing_ids"])
    ask_id, wished = new_id(), Wish(minutes=wanted["minutes"], starts_at=wanted["starts_at"])
    asked = [
        _of_ask(ask_id, agreement.ask(new_id(), each, asker, wished, wanted["message"], tx.now))
        for each in listings
    ]
    for each in asked:
        exchange_store.add(tx.conn, each)
    step_handlers.say(tx, asked)
    return _answer(tx, caller, ask_id, [each.exchange for each in asked])


def _held(tx: Transaction, asker: Party, listing_ids: Sequence[UUID]) -> list[Listing]:
    """Listings that may be asked for, in the asker's order; held until the transaction ends."""
    held = {each: _locked(tx, each) for each in sorted(set(listing_ids))}
    for each in sorted(held.values(), key=lambda each: each.owner_id):
        try:
            _require_askable(tx, asker, each)
        except errors.Refused as refused:
            refused.detail["listing_id"] = str(each.id)
            raise
    found = [held[listing_id] for listing_id in listing_ids]
    if len({each.owner_id for each in found}) < len(found):
        raise errors.SameGiver
    return found


def _locked(tx: Transaction, listing_id: UUID) -> Listing:
    try:
        return listing_handlers.locked(tx, listing_id)
    except errors.ListingNotFound as refused:
        refused.detail["listing_id"] = str(listing_id)
        raise


def _require_askable(tx: Transaction, asker: Party, listing: Listing) -> None:
    block_handlers.require_reachable(tx, asker.id, listing)
    found = listing_handlers.counted(tx, listing) if listing.capacity is not None else listing
    found.require_askable_by(asker.id, tx.now)
    if found.kind != "offer":
        raise errors.OnlyOffers


def _of_ask(ask_id: UUID, asked: Taken) -> Taken:
    return dataclasses.replace(asked, exchange=dataclasses.replace(asked.exchange, ask_id=ask_id))


def one(tx: Transaction, caller: Caller, ask_id: Any) -> dict[str, Any]:
    """What became of an ask, for whoever asked.

    Raises:
        errors.AskNotFound: there is none, or it is another's; those who were asked do not
            learn who else was.
    """
    parsed = schemas.an_id(ask_id)
    found = ask_store.of_ask(tx.conn, parsed) if parsed else []
    if parsed is None or not found or found[0].asker_id != caller_handlers.member(caller):
        raise errors.AskNotFound
    return _answer(tx, caller, parsed, found)


def _answer(
    tx: Transaction, caller: Caller, ask_id: UUID, found: Sequence[Exchange]
) -> dict[str, Any]:
    return {"id": str(ask_id), "exchanges": list_handlers.told(tx, caller, found)}


def lock(
    tx: Transaction, exchange_id: UUID | None, action: str
) -> tuple[Exchange | None, tuple[Exchange, ...]]:
    """Hold an exchange until the transaction ends and, before a yes, those of the same ask.

    Returns:
        The exchange, if there is one, and its rivals: none, unless the step ends the ask.
    """
    if exchange_id is None:
        return None, ()
    ends = action == ENDS_THE_ASK
    lock_all = ask_store.lock_with_rivals if ends else _lock_one
    locked = lock_all(tx.conn, exchange_id)
    found = next((each for each in locked if each.id == exchange_id), None)
    return found, tuple(each for each in locked if each.id != exchange_id)


def _lock_one(conn: ask_store.Connection, exchange_id: UUID) -> list[Exchange]:
    return exchange_store.lock(conn, [exchange_id])
