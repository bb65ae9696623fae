"""The times of offers: shown with the listings, set by their owners, taken by who asks."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.transaction import Transaction, new_id
from services.exchanges import answers, errors, slot, slot_store
from services.exchanges.listing import Listing
from services.exchanges.slot import Slot, Time


def shown(tx: Transaction, caller: Caller, found: Sequence[Listing]) -> list[dict[str, Any]]:
    """Listings with their times that lie ahead.

    Their owner sees which are taken; everybody else those that are free.
    """
    offers = [each.id for each in found if each.kind == "offer"]
    ahead = slot_store.ahead(tx.conn, offers, tx.now) if offers else []
    times: dict[UUID, list[Slot]] = {}
    for each in ahead:
        times.setdefault(each.listing_id, []).append(each)
    return [
        {
            **answers.listing(each),
            "slots": [
                answers.slot(time)
                for time in times.get(each.id, ())
                if each.owner_id == caller.id or not time.taken
            ],
        }
        for each in found
    ]


def replace(tx: Transaction, about: Listing, given: Sequence[dict[str, Any]]) -> None:
    """Give a listing these times and no others; what somebody has taken stays.

    Args:
        about: held by this transaction, so that nobody takes one meanwhile.

    Raises:
        errors.Invalid: see ``slot.check``; two at once counts those that are taken.
    """
    wanted = [Time(**each) for each in given]
    slot.check(wanted, about.kind, tx.now)
    slot_store.take_back(tx.conn, about.id, wanted)
    ahead = slot_store.ahead(tx.conn, [about.id], tx.now)
    standing = [Time(each.starts_at, each.minutes) for each in ahead]
    new = [each for each in wanted if each not in standing]
    slot.check(new, about.kind, tx.now, standing)
    slot_store.add(tx.conn, about.id, [new_id() for _ in new], new)


def take(
    tx: Transaction,
    about: Listing,
    slot_id: UUID,
    minutes: int,
    starts_at: datetime.datetime | None,
) -> Slot:
    """A free time of a listing we hold, for so many minutes.

    Two who want the same wait for each other at the listing; the index on what is taken
    stands behind it.

    Raises:
        errors.SlotNotFound: no such time, or it has passed.
        errors.SlotTaken: somebody was quicker.
        errors.Invalid: see ``slot.check_fits``.
    """
    found = slot_store.by_id(tx.conn, slot_id)
    if found is None or found.listing_id != about.id or found.starts_at <= tx.now:
        raise errors.SlotNotFound
    if found.taken:
        raise errors.SlotTaken
    slot.check_fits(found, minutes, starts_at)
    return found
