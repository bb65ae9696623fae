"""Listings of members who come from an earlier bank: kept once, and whose they are."""

from typing import Any
from uuid import uuid4

import pytest

from services.bus.caller import SERVICE
from services.bus.errors import NotAllowed
from services.exchanges import errors, import_handlers, listing_handlers
from tests.exchanges import people
from tests.exchanges.people import Bank


def brought(owner: Any, title: str = "How to build a fair rota", **changes: Any) -> dict[str, Any]:
    return {
        "owner_id": str(owner.id),
        "region": owner.region,
        "organisation": "RJ1",
        "listing": {
            "kind": "offer", "title": title, "description": title, "minutes": 60, "online": True,
            **changes,
        },
    }  # fmt: skip


def test_what_was_offered_in_the_earlier_bank_is_found_here(bank: Bank) -> None:
    owner, title = people.member("london"), f"Rota {uuid4()}"
    assert bank.do(import_handlers.import_listings, SERVICE, [brought(owner, title)]) == {
        "new": 1,
        "known": 0,
    }
    found = bank.do(listing_handlers.search, people.member("midlands"), {"owner": str(owner.id)})
    (listing,) = found["items"]
    assert (listing["title"], listing["state"], listing["region"]) == (title, "open", "london")
    assert bank.said(listing["id"])[0]["owner_id"] == str(owner.id)


def test_a_listing_brought_again_stays_as_its_owner_left_it(bank: Bank) -> None:
    owner = people.member("london")
    bank.do(import_handlers.import_listings, SERVICE, [brought(owner)])
    found = bank.do(listing_handlers.search, owner, {"mine": True})["items"]
    bank.do(listing_handlers.act, owner, found[0]["id"], "close")

    again = bank.do(import_handlers.import_listings, SERVICE, [brought(owner), brought(owner)])

    assert again == {"new": 0, "known": 2}
    (listing,) = bank.do(listing_handlers.search, owner, {"mine": True})["items"]
    assert listing["state"] == "closed"


def test_nobody_but_our_own_services_publishes_for_others(bank: Bank) -> None:
    owner = people.member("london")
    with pytest.raises(NotAllowed):
        bank.do(import_handlers.import_listings, owner, [brought(owner)])


@pytest.mark.parametrize("items", [None, [{}] * 201, [{"owner_id": "nobody"}]])
def test_what_is_no_listing_of_somebody_is_refused(bank: Bank, items: Any) -> None:
    with pytest.raises(errors.Invalid):
        bank.do(import_handlers.import_listings, SERVICE, items)
