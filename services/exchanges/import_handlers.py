"""Keeps what members of an earlier bank offered and asked for there, each listing once."""

from typing import Any
from uuid import uuid5

from services.bus.caller import Caller
from services.bus.transaction import Transaction, new_id
from services.contracts import exchanges as contract
from services.exchanges import (
    errors,
    import_store,
    listing,
    listing_handlers,
    listing_store,
    match_store,
    owner_store,
    schemas,
)
from services.exchanges.listing import Listing

MOST = 200
"""Listings in one call, which takes about a second."""


def import_listings(tx: Transaction, caller: Caller, items: Any) -> dict[str, int]:
    """Publish listings for their owners.

    A listing is known by its owner, kind and title: brought again it stays as it is, also
    where its owner has changed or closed it since. Here it is as new as any published today,
    and its id says so: lists, matches and saved searches take ids for the order of time.

    Args:
        items: at most ``MOST`` of ``{owner_id, region, organisation, listing}``, ``listing``
            as for ``listing_handlers.publish``.

    Returns:
        How many are ``new``, and how many were there.

    Raises:
        NotAllowed: only our own services may ask: who may bring whom, members decides.
        errors.Invalid
    """
    caller.require_service()
    if not isinstance(items, list) or len(items) > MOST:
        fault = {"pointer": "/items", "message": f"Must be a list of at most {MOST}."}
        raise errors.Invalid(errors=[fault])
    new = sum(_keep(tx, item) for item in items)
    return {"new": new, "known": len(items) - new}


def _keep(tx: Transaction, item: Any) -> bool:
    wanted = schemas.load(schemas.ImportedListing, item)
    words, owner_id = wanted["listing"], wanted["owner_id"]
    key = uuid5(owner_id, f"imported {words['kind']}: {words['title']}")
    if not import_store.first_time(tx.conn, key):
        return False
    words["expires_at"] = listing.expiry(words["expires_at"], tx.now)
    new = Listing(
        id=new_id(),
        version=1,
        owner_id=owner_id,
        state="open",
        region=wanted["region"],
        organisation=wanted["organisation"],
        published_at=tx.now,
        **words,
    )
    listing_store.add(tx.conn, new)
    match_store.learn_words(tx.conn, new.id)
    owner_store.hear_of_owner(tx.conn, owner_id, new.region)
    listing_handlers.say(tx, contract.ListingPublished, new)
    return True
