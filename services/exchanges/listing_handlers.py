"""Publishing, finding and changing listings."""

import re
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.transaction import Transaction, new_id
from services.contracts import exchanges as contract
from services.contracts import feed
from services.exchanges import (
    answers,
    block_store,
    caller_handlers,
    errors,
    listing,
    listing_store,
    match_store,
    owner_store,
    schemas,
    slot_handlers,
)
from services.exchanges.listing import Listing


def publish(tx: Transaction, caller: Caller, body: Any) -> dict[str, Any]:
    """Publish an offer or a request.

    Raises:
        errors.Invalid, errors.NotAMember, errors.NotApproved, errors.ExpiresAtInvalid
    """
    wanted = schemas.load(schemas.NewListing, body)
    owner_id = caller_handlers.approved_member(tx, caller)
    expires_at = listing.expiry(wanted.pop("expires_at"), tx.now)
    times = wanted.pop("slots", [])
    new = Listing(
        id=new_id(),
        version=1,
        owner_id=owner_id,
        state="open",
        region=caller.region,
        organisation=caller.organisation,
        published_at=tx.now,
        expires_at=expires_at,
        **wanted,
    )
    listing_store.add(tx.conn, new)
    slot_handlers.replace(tx, new, times)
    match_store.learn_words(tx.conn, new.id)
    owner_store.hear_of_owner(tx.conn, owner_id, new.region)
    say(tx, contract.ListingPublished, new)
    return _shown(tx, caller, new)


def one(tx: Transaction, caller: Caller, listing_id: Any) -> dict[str, Any]:
    """One listing, in whatever state: an exchange may still point to it.

    Raises:
        errors.ListingNotFound: none, or of somebody who is hidden from the caller.
        errors.NotAMember
    """
    if not (caller.is_service or caller.sees_everything):
        caller_handlers.member(caller)
    found = _found(tx, listing_id)
    if caller.id and block_store.apart(tx.conn, caller.id, found.owner_id):
        raise errors.ListingNotFound
    return _shown(tx, caller, found)


def search(tx: Transaction, caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """The open listings of others, or of one owner, that meet the filters, or all of one's own.

    With words the best match comes first, otherwise the newest. Of many listings with the
    words the newest ``listing_store.RANKED`` are ranked, and no more are shown.

    Raises:
        errors.Invalid, errors.BadCursor, errors.NotAMember
    """
    wanted = schemas.load(schemas.ListingQuery, query)
    if not (caller.is_service or caller.sees_everything):
        caller_handlers.member(caller)
    if wanted["mine"]:
        return _own(tx, caller, wanted)
    limit, cursor = wanted["limit"], wanted["cursor"]
    hidden = block_store.hidden_from(tx.conn, caller.id) if caller.id else []
    looked_for = _search(caller, wanted, hidden)
    if not looked_for.words:
        before = schemas.cursor_id(cursor)
        found = listing_store.newest(tx.conn, looked_for, tx.now, before, limit + 1)
        return _page(tx, caller, found, limit)
    offset = schemas.cursor_offset(cursor)
    found = listing_store.most_relevant(tx.conn, looked_for, tx.now, offset, limit + 1)
    following = str(offset + limit) if len(found) > limit else None
    return answers.page(slot_handlers.shown(tx, caller, found[:limit]), following)


def _shown(tx: Transaction, caller: Caller, found: Listing) -> dict[str, Any]:
    (answer,) = slot_handlers.shown(tx, caller, [found])
    return answer


def _own(tx: Transaction, caller: Caller, wanted: dict[str, Any]) -> dict[str, Any]:
    limit, before = wanted["limit"], schemas.cursor_id(wanted["cursor"])
    owner_id = caller_handlers.member(caller)
    found = listing_store.of_owner(
        tx.conn, owner_id, wanted["state"], wanted["kind"], before, limit + 1
    )
    return _page(tx, caller, found, limit)


def _page(tx: Transaction, caller: Caller, found: list[Listing], limit: int) -> dict[str, Any]:
    following = str(found[limit - 1].id) if len(found) > limit else None
    return answers.page(slot_handlers.shown(tx, caller, found[:limit]), following)


def _search(caller: Caller, wanted: dict[str, Any], hidden: list[UUID]) -> listing_store.Search:
    """Split the words so that the last may be the beginning of one, unless it is excluded."""
    words = wanted["q"] or ""
    last = re.search(r"(?<!\s-)(?<!^-)\b\w+$", words)
    return listing_store.Search(
        words=words or None,
        prefix=last.group() if last else "",
        before=words[: last.start()] if last else words,
        kind=wanted["kind"],
        category=wanted["category"],
        pathway=wanted["pathway"],
        region=wanted["region"],
        skill=wanted["skill"] or None,
        online=wanted["online"],
        owner_id=wanted["owner"],
        seeker_id=caller.id,
        hidden=hidden,
    )


def edit(
    tx: Transaction, caller: Caller, listing_id: Any, body: Any, expected_version: int | None
) -> dict[str, Any]:
    """Change a listing of one's own; what is agreed already stays as agreed.

    Raises:
        errors.Invalid, errors.ListingNotFound, errors.NotAllowed, errors.ListingClosed,
        errors.VersionConflict, errors.ExpiresAtInvalid
    """
    changes = schemas.load(schemas.ListingChange, body)
    found = _own_locked(tx, caller, listing_id)
    caller_handlers.check_version(found.version, expected_version)
    times = changes.pop("slots", None)
    after = listing.edited(found, changes, tx.now)
    listing_store.save(tx.conn, after)
    if times is not None:
        slot_handlers.replace(tx, after, times)
    match_store.learn_words(tx.conn, after.id)
    return _shown(tx, caller, after)


def act(tx: Transaction, caller: Caller, listing_id: Any, action: str) -> dict[str, Any]:
    """Pause, renew or close a listing of one's own.

    Raises:
        errors.ListingNotFound, errors.NotAllowed, errors.UnknownAction,
        errors.StepNotAllowed
    """
    found = _own_locked(tx, caller, listing_id)
    after = listing.acted(found, action, tx.now)
    listing_store.save(tx.conn, after)
    if action == "close":
        say(tx, contract.ListingClosed, after)
    if action == "renew" and found.state != "open":
        say(tx, contract.ListingPublished, after)
    return _shown(tx, caller, after)


def _own_locked(tx: Transaction, caller: Caller, listing_id: Any) -> Listing:
    """The caller's own listing, held until the transaction ends."""
    member_id = caller_handlers.approved_member(tx, caller)
    found = locked(tx, listing_id)
    if found.owner_id != member_id:
        raise errors.NotAllowed
    return found


def locked(tx: Transaction, listing_id: Any) -> Listing:
    """A listing, held until the transaction ends.

    Raises:
        errors.ListingNotFound: there is none.
    """
    parsed = schemas.an_id(str(listing_id))
    found = listing_store.lock(tx.conn, parsed) if parsed else None
    if found is None:
        raise errors.ListingNotFound
    return found


def counted(tx: Transaction, held: Listing) -> Listing:
    """A listing we hold, with the exchanges that are open on it now.

    A statement of its own: under READ COMMITTED only what begins after the lock was
    granted sees the exchange that the one we waited for has opened.
    """
    return _found(tx, held.id)


def _found(tx: Transaction, listing_id: Any) -> Listing:
    parsed = schemas.an_id(str(listing_id))
    found = listing_store.by_id(tx.conn, parsed) if parsed else None
    if found is None:
        raise errors.ListingNotFound
    return found


def say(tx: Transaction, schema: Any, about: Listing) -> None:
    """Say what became of a listing; its words stay here."""
    event_id = tx.emit(
        schema,
        region=about.region,
        subject=about.id,
        data={
            "listing_id": about.id,
            "version": about.version,
            "owner_id": about.owner_id,
            "kind": about.kind,
            "category": about.category,
            "pathway": about.pathway,
            "minutes": about.minutes,
            "region": about.region,
            "organisation": about.organisation,
        },
    )
    tx.signal(
        feed.BY_EVENT[schema.event], regions=(about.region,), subject=about.id, event_id=event_id
    )
