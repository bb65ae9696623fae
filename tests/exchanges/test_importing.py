"""Listings of members who come from an earlier bank: kept once, and whose they are."""

from typing import Any
from uuid import UUID, uuid4, uuid5

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


def titles(bank: Bank, reader: Any) -> list[str]:
    return [each["title"] for each in bank.search(reader)["items"]]


def test_what_is_brought_is_newer_than_what_was_there_and_older_than_what_comes(bank: Bank) -> None:
    bank.publish(people.member(), title="There before")
    for number in range(5):  # an id that knew no time would stand here once in five hundred
        bank.do(import_handlers.import_listings, SERVICE, [brought(people.member(), f"{number}")])
    bank.publish(people.member(), title="Published since")

    assert titles(bank, people.member()) == ["Published since", *"43210", "There before"]


def test_what_a_release_before_brought_is_known_by_the_id_it_has(bank: Bank) -> None:
    owner = people.member("london")
    bank.do(import_handlers.import_listings, SERVICE, [brought(owner)])
    bank.execute("update listing set id = key from listing_import")
    bank.execute("delete from listing_import")

    again = bank.do(import_handlers.import_listings, SERVICE, [brought(owner)])

    assert again == {"new": 0, "known": 1}
    key = uuid5(owner.id or UUID(int=0), "imported offer: How to build a fair rota")
    assert bank.execute("select id from listing") == [(key,)]


def test_nobody_but_our_own_services_publishes_for_others(bank: Bank) -> None:
    owner = people.member("london")
    with pytest.raises(NotAllowed):
        bank.do(import_handlers.import_listings, owner, [brought(owner)])


@pytest.mark.parametrize("items", [None, [{}] * 201, [{"owner_id": "nobody"}]])
def test_what_is_no_listing_of_somebody_is_refused(bank: Bank, items: Any) -> None:
    with pytest.raises(errors.Invalid):
        bank.do(import_handlers.import_listings, SERVICE, items)
