"""Publishing, finding and changing listings."""

import dataclasses
from typing import Any

import pytest

from services.bus.caller import Caller
from services.exchanges import errors, listing_handlers
from tests.exchanges import people
from tests.exchanges.people import Bank


@pytest.fixture
def owner() -> Caller:
    return people.member("london")


@pytest.fixture
def seeker() -> Caller:
    return people.member("north-west")


def titles(found: dict[str, Any]) -> list[str]:
    return [item["title"] for item in found["items"]]


def test_a_listing_is_answered_as_it_was_published(bank: Bank, owner: Caller) -> None:
    listing = bank.publish(
        owner, pathway="get-on", online=False, place="Leeds", skills=["Excel"], capacity=2
    )

    assert listing["owner"] == {"id": str(owner.id), "region": "london"}
    assert (listing["state"], listing["version"], listing["open_exchanges"]) == ("open", 1, 0)
    assert (listing["online"], listing["place"], listing["skills"]) == (False, "Leeds", ["Excel"])
    assert bank.do(listing_handlers.one, owner, listing["id"]) == listing
    assert bank.said(listing["id"])[0]["organisation"] == "org-of-london"
    assert "Spreadsheets" not in str(bank.said(listing["id"]))


@pytest.mark.parametrize(
    "body",
    [
        {"title": ""},
        {"title": "   "},
        {"title": "x" * 201},
        {"kind": "gift"},
        {"category": "cooking"},
        {"pathway": "get-lost"},
        {"minutes": 20},
        {"online": "yes"},
        {"capacity": 0},
        {"capacity": True},
        {"skills": "Excel"},
        {"skills": ["x"] * 21},
        {"colour": "red"},
    ],
)
def test_a_listing_of_the_wrong_shape_is_refused(
    bank: Bank, owner: Caller, body: dict[str, Any]
) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        bank.publish(owner, **body)

    (field,) = body
    assert refusal.value.detail["errors"][0]["pointer"].startswith(f"/{field}")


@pytest.mark.parametrize("span", [{"hours": -1}, {"days": 367}])
def test_an_expiry_in_the_past_or_beyond_a_year_is_refused(
    bank: Bank, owner: Caller, span: dict[str, float]
) -> None:
    with pytest.raises(errors.ExpiresAtInvalid):
        bank.publish(owner, expires_at=bank.soon(**span))


def test_words_are_found_in_any_form_and_the_title_counts_most(
    bank: Bank, owner: Caller, seeker: Caller
) -> None:
    bank.publish(owner, title="Interviews", description="With some mentoring", skills=[])
    bank.publish(owner, title="Mentoring new nurses", description="An hour", skills=[])
    bank.publish(owner, title="Budgets", description="For wards", skills=["mentor"])
    bank.publish(owner, title="Yoga", description="At lunch", skills=[])

    assert titles(bank.search(seeker, q="mentors")) == [
        "Mentoring new nurses",
        "Budgets",
        "Interviews",
    ]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("presentat", True),
        ("giving presentat", True),
        ('"giving presentations"', True),
        ("presentations -giving", False),
        ("unknown presentat", False),
        ("resentations", False),
    ],
)
def test_the_last_word_may_be_a_beginning(
    bank: Bank, owner: Caller, seeker: Caller, q: str, found: bool
) -> None:
    bank.publish(owner, title="Giving presentations", description="To boards")

    assert bool(bank.search(seeker, q=q)["items"]) is found


@pytest.mark.parametrize(
    "q", ["'", ":*", "& | !", "the", "\\", "%", "it's", "a:b", "😀", "((", "_"]
)
def test_no_words_break_the_search(bank: Bank, seeker: Caller, q: str) -> None:
    assert bank.search(seeker, q=q)["items"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "offer"}, True),
        ({"kind": "request"}, False),
        ({"category": "digital-and-data"}, True),
        ({"category": "projects"}, False),
        ({"pathway": "get-in"}, True),
        ({"pathway": "get-on"}, False),
        ({"region": "london"}, True),
        ({"region": "midlands"}, False),
        ({"skill": "power bi"}, True),
        ({"skill": "power"}, False),
        ({"online": False}, True),
        ({"online": True}, False),
        ({"q": "rota", "kind": "offer", "region": "london"}, True),
        ({"q": "rota", "kind": "request"}, False),
    ],
)
def test_filters_narrow_the_search(
    bank: Bank, owner: Caller, seeker: Caller, query: dict[str, Any], found: bool
) -> None:
    bank.publish(owner, pathway="get-in", skills=["Power BI"], online=False)

    assert bool(bank.search(seeker, **query)["items"]) is found


@pytest.mark.parametrize("q", [None, "rota"])
def test_only_open_unexpired_listings_of_others_are_found(
    bank: Bank, owner: Caller, seeker: Caller, q: str | None
) -> None:
    bank.act_on_listing(owner, bank.publish(owner, title="Paused rota"), "pause")
    bank.act_on_listing(owner, bank.publish(owner, title="Closed rota"), "close")
    bank.publish(owner, title="Old rota", expires_at=bank.soon(days=1))
    bank.publish(seeker, title="Own rota")
    bank.publish(owner, title="Good rota")
    bank.advance(days=2)

    assert titles(bank.search(seeker, q=q)) == ["Good rota"]


def test_pages_follow_each_other_newest_first(bank: Bank, owner: Caller, seeker: Caller) -> None:
    for number in range(5):
        bank.publish(owner, title=f"Number {number}")

    first = bank.search(seeker, limit=2)
    second = bank.search(seeker, limit=2, cursor=first["next"])
    third = bank.search(seeker, limit=2, cursor=second["next"])

    assert titles(first) + titles(second) + titles(third) == [
        f"Number {n}" for n in (4, 3, 2, 1, 0)
    ]
    assert third["next"] is None


def test_pages_of_a_ranked_search_follow_each_other(
    bank: Bank, owner: Caller, seeker: Caller
) -> None:
    for number in range(3):
        bank.publish(owner, title=f"Rota {number}")

    first = bank.search(seeker, q="rota", limit=2)
    second = bank.search(seeker, q="rota", limit=2, cursor=first["next"])

    assert titles(first) + titles(second) == ["Rota 2", "Rota 1", "Rota 0"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ({"cursor": "nonsense"}, errors.BadCursor),
        ({"q": "rota", "cursor": "nonsense"}, errors.BadCursor),
        ({"q": "rota", "cursor": "-1"}, errors.BadCursor),
        ({"limit": 0}, errors.Invalid),
        ({"limit": 101}, errors.Invalid),
        ({"q": "x" * 201}, errors.Invalid),
        ({"q": "a\0"}, errors.Invalid),
        ({"region": "atlantis"}, errors.Invalid),
        ({"owner": "nobody"}, errors.Invalid),
        ({"colour": "red"}, errors.Invalid),
    ],
)
def test_a_query_of_the_wrong_shape_is_refused(
    bank: Bank, seeker: Caller, query: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        bank.search(seeker, **query)


def test_the_open_listings_of_one_owner_are_found_by_anybody(
    bank: Bank, owner: Caller, seeker: Caller
) -> None:
    bank.publish(owner, title="Rota")
    bank.publish(owner, title="Yoga", description="At lunch")
    bank.act_on_listing(owner, bank.publish(owner, title="Paused"), "pause")
    bank.publish(people.member(), title="Another's rota")

    for reader in (seeker, owner):
        assert titles(bank.search(reader, owner=str(owner.id))) == ["Yoga", "Rota"]
        assert titles(bank.search(reader, owner=str(owner.id), q="rota")) == ["Rota"]
    assert bank.search(seeker, owner=str(people.member().id))["items"] == []


def test_ones_own_listings_are_listed_in_every_state(bank: Bank, owner: Caller) -> None:
    bank.act_on_listing(owner, bank.publish(owner, title="Paused"), "pause")
    bank.publish(owner, title="Open")
    bank.publish(people.member(), title="Another's")

    assert titles(bank.search(owner, mine=True)) == ["Open", "Paused"]
    assert titles(bank.search(owner, mine=True, state="paused")) == ["Paused"]


def test_a_listing_is_found_again_after_renewal(bank: Bank, owner: Caller, seeker: Caller) -> None:
    listing = bank.publish(owner)
    bank.wait(days=91)
    assert bank.search(seeker)["items"] == []

    renewed = bank.act_on_listing(owner, listing, "renew")

    assert renewed["state"] == "open"
    assert titles(bank.search(seeker)) == [listing["title"]]
    bank.wait(days=89)
    assert titles(bank.search(seeker)) == [listing["title"]]
    assert bank.events(listing["id"]) == [
        "listing_published",
        "listing_expired",
        "listing_published",
    ]


def test_a_closed_listing_stays_closed(bank: Bank, owner: Caller) -> None:
    listing = bank.publish(owner)
    bank.act_on_listing(owner, listing, "close")

    with pytest.raises(errors.StepNotAllowed) as refusal:
        bank.act_on_listing(owner, listing, "renew")
    assert refusal.value.detail == {"state": "closed", "allowed": []}
    with pytest.raises(errors.ListingClosed):
        bank.edit(owner, listing, title="New")


def test_its_owner_changes_what_they_name_and_nothing_else(bank: Bank, owner: Caller) -> None:
    listing = bank.publish(owner, capacity=3)

    after = bank.edit(owner, listing, title="New title", capacity=None)

    assert (after["title"], after["capacity"], after["version"]) == ("New title", None, 2)
    assert after["description"] == listing["description"]


def test_a_change_on_an_old_version_is_refused(bank: Bank, owner: Caller) -> None:
    listing = bank.publish(owner)
    bank.edit(owner, listing, title="Newer")

    with pytest.raises(errors.VersionConflict):
        bank.do(listing_handlers.edit, owner, listing["id"], {"title": "Older"}, 1)


def test_another_changes_nothing(bank: Bank, owner: Caller, seeker: Caller) -> None:
    listing = bank.publish(owner)

    with pytest.raises(errors.NotAllowed):
        bank.edit(seeker, listing, title="Mine now")
    with pytest.raises(errors.NotAllowed):
        bank.act_on_listing(seeker, listing, "close")


def test_who_has_not_joined_finds_nothing(bank: Bank, owner: Caller) -> None:
    listing = bank.publish(owner)
    stranger = Caller(email="someone@example.org")

    with pytest.raises(errors.NotAMember):
        bank.search(stranger)
    with pytest.raises(errors.NotAMember):
        bank.do(listing_handlers.one, stranger, listing["id"])
    with pytest.raises(errors.NotAMember):
        bank.publish(stranger)


def test_who_waits_to_be_let_in_may_look_around(bank: Bank, owner: Caller, seeker: Caller) -> None:
    bank.publish(owner)

    assert len(bank.search(dataclasses.replace(seeker, approved=False))["items"]) == 1


@pytest.mark.parametrize(
    "listing_id", ["", "nonsense", None, 7, "00000000-0000-0000-0000-000000000000"]
)
def test_a_listing_there_is_not_is_not_found(bank: Bank, owner: Caller, listing_id: Any) -> None:
    with pytest.raises(errors.ListingNotFound):
        bank.do(listing_handlers.one, owner, listing_id)
