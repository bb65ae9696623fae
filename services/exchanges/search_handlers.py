"""Saved searches: kept, shown, removed, and looked through for what is new."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.transaction import Transaction, new_id
from services.contracts import exchanges as contract
from services.exchanges import (
    answers,
    block_store,
    caller_handlers,
    errors,
    listing_store,
    schemas,
    search,
    search_store,
    slot_handlers,
)
from services.exchanges.listing import Listing
from services.exchanges.search import Digest, SavedSearch

BATCH = 50
"""People of one transaction: each costs a question to the index for each of their searches."""


def save(tx: Transaction, caller: Caller, body: Any) -> dict[str, Any]:
    """Keep a search, and tell its owner from now on when something new fits.

    Raises:
        errors.Invalid, errors.NotAMember, errors.AlreadySaved, errors.TooManySearches
    """
    wanted = schemas.load(schemas.NewSearch, body)
    owner = caller_handlers.asker(tx, caller)
    search_store.hold_digest(tx.conn, owner.id, owner.region, tx.now + search.LOOK_AGAIN)
    if len(search_store.of_member(tx.conn, owner.id)) >= search.MOST:
        raise errors.TooManySearches(most=search.MOST)
    new = SavedSearch(
        id=new_id(),
        member_id=owner.id,
        words=wanted["q"] or None,
        kind=wanted["kind"],
        category=wanted["category"],
        within=wanted["region"],
        saved_at=tx.now,
        seen_id=search_store.horizon(tx.conn, tx.now - search.SETTLED),
    )
    if not search_store.add(tx.conn, new):
        raise errors.AlreadySaved
    return answers.saved_search(new)


def mine(tx: Transaction, caller: Caller) -> dict[str, Any]:
    """One's own searches, and what was found for them lately and still stands.

    Raises:
        errors.NotAMember
    """
    owner_id = caller_handlers.member(caller)
    saved = search_store.of_member(tx.conn, owner_id)
    hidden = block_store.hidden_from(tx.conn, owner_id)
    told = _standing(tx, search_store.found_for(tx.conn, owner_id, search.MOST_TOLD))
    found = [each for each in told if each.owner_id not in hidden]
    return {
        **answers.page([answers.saved_search(each) for each in saved], None),
        "found": slot_handlers.shown(tx, caller, found),
    }


def remove(tx: Transaction, caller: Caller, search_id: Any) -> dict[str, Any]:
    """Forget a search of one's own.

    Raises:
        errors.NotAMember, errors.SearchNotFound
    """
    owner_id, parsed = caller_handlers.member(caller), schemas.an_id(search_id)
    if parsed is None or not search_store.remove(tx.conn, parsed, owner_id):
        raise errors.SearchNotFound
    return {"id": str(parsed)}


def found_listings(tx: Transaction, caller: Caller, ids: Any) -> dict[str, Any]:
    """What mails about digests need to know: titles of what still stands, by digest.

    Raises:
        errors.NotAllowed: only services may ask.
        errors.Invalid
    """
    if not caller.is_service:
        raise errors.NotAllowed
    pairs = search_store.of_digests(tx.conn, schemas.ids(ids))
    standing = {each.id: each for each in _standing(tx, [listing for _, listing in pairs])}
    told: dict[str, list[dict[str, Any]]] = {}
    for digest_id, listing_id in pairs:
        if listing_id in standing:
            told.setdefault(str(digest_id), []).append(answers.title(standing[listing_id]))
    return told


def _standing(tx: Transaction, listing_ids: Sequence[UUID]) -> list[Listing]:
    known = listing_store.by_ids(tx.conn, listing_ids)
    return [known[each] for each in listing_ids if each in known and known[each].stands(tx.now)]


def look(tx: Transaction, regions: Sequence[str], batch: int = BATCH) -> bool:
    """Look through the searches of some people of these regions, and tell them what is new.

    Any number of processes may do so at once: each takes people no other holds. That a person
    is told of a listing once is what ``search_found`` keeps, in the transaction that says so.

    Args:
        regions: slugs this process works for.
        batch: people at most.

    Returns:
        Whether there may be more.
    """
    due = search_store.lock_due(tx.conn, regions, tx.now, batch)
    horizon = search_store.horizon(tx.conn, tx.now - search.SETTLED) if due else None
    for digest in due:
        _look_for(tx, digest, horizon)
    return len(due) == batch


def _look_for(tx: Transaction, digest: Digest, horizon: UUID | None) -> None:
    saved = search_store.of_member(tx.conn, digest.member_id)
    if not saved:
        search_store.forget(tx.conn, digest.member_id)
        return
    hidden = block_store.hidden_from(tx.conn, digest.member_id)
    fitting = {
        listing_id
        for each in saved
        for listing_id in search_store.fitting(tx.conn, each, hidden, tx.now, search.MOST_TOLD)
    }
    newest, digest_id = sorted(fitting, reverse=True)[: search.MOST_TOLD], new_id()
    search_store.forget_found(tx.conn, digest.member_id, tx.now - search.REMEMBERED)
    told = search_store.keep_found(tx.conn, digest.member_id, digest_id, newest, tx.now)
    if told:
        _say(tx, digest, digest_id, told)
    search_store.looked(tx.conn, digest.member_id, horizon, tx.now)
    wait = search.AFTER_TELLING if told else search.LOOK_AGAIN
    search_store.look_again(tx.conn, digest.member_id, tx.now + wait)


def _say(tx: Transaction, digest: Digest, digest_id: UUID, listings: int) -> None:
    """Say that something was found; what was looked for is the member's own, and stays here."""
    tx.emit(
        contract.ListingsFound,
        region=digest.region,
        subject=digest_id,
        data={
            "digest_id": digest_id,
            "member_id": digest.member_id,
            "listings": listings,
            "region": digest.region,
            "found_at": tx.now,
        },
    )
