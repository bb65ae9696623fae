"""Blocking: neither can ask the other, neither is shown the other, what is open ends."""

from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.transaction import Transaction
from services.exchanges import (
    answers,
    block_store,
    caller_handlers,
    errors,
    exchange_store,
    parting,
    schemas,
    step_handlers,
)
from services.exchanges.listing import Listing


def block(tx: Transaction, caller: Caller, member_id: Any) -> dict[str, Any]:
    """Have nothing more to do with somebody. They are not told.

    What is open between the two ends as if the caller had taken it back or cancelled it,
    unless help was given already. Whoever is blocked already stays so.

    Raises:
        errors.NotAMember, errors.PartyNotFound, errors.NotWithOneself, errors.TooManyBlocked
    """
    me, other = caller_handlers.member(caller), _other(member_id)
    if me == other:
        raise errors.NotWithOneself
    block_store.hold_pair(tx.conn, me, other)
    known = [each.blocked_id for each in block_store.of(tx.conn, me)]
    if other not in known:
        parting.require_room(len(known))
    block_store.add(tx.conn, me, other, tx.now)
    for found in exchange_store.lock_unfinished_of(tx.conn, me):
        if found.side_of(other):
            step_handlers.keep(tx, parting.part(found, me, tx.now))
    return {"member_id": str(other), "blocked": True}


def unblock(tx: Transaction, caller: Caller, member_id: Any) -> dict[str, Any]:
    """Take it back; who was not blocked still is not.

    Raises:
        errors.NotAMember, errors.PartyNotFound
    """
    me, other = caller_handlers.member(caller), _other(member_id)
    block_store.end(tx.conn, me, other)
    return {"member_id": str(other), "blocked": False}


def blocked(tx: Transaction, caller: Caller) -> dict[str, Any]:
    """Whom the caller has blocked; who has blocked the caller is nobody's to know.

    Raises:
        errors.NotAMember
    """
    found = block_store.of(tx.conn, caller_handlers.member(caller))
    items = [
        {"member_id": str(each.blocked_id), "since": answers.moment(each.blocked_at)}
        for each in found
    ]
    return answers.page(items, None)


def require_reachable(tx: Transaction, asker_id: UUID, listing: Listing) -> None:
    """Check that somebody may ask on a listing; to who may not, it is not there.

    Raises:
        errors.ListingNotFound: one of the two has blocked the other.
    """
    block_store.hold_pair(tx.conn, asker_id, listing.owner_id)
    if block_store.apart(tx.conn, asker_id, listing.owner_id):
        raise errors.ListingNotFound


def _other(member_id: Any) -> UUID:
    parsed = schemas.an_id(member_id)
    if parsed is None:
        raise errors.PartyNotFound
    return parsed
