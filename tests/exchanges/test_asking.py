"""Asking on a listing, and every way it is refused."""

from typing import Any
from uuid import uuid4

import pytest

from services.bus.caller import Caller
from services.exchanges import errors
from tests.exchanges import people
from tests.exchanges.people import Bank


def test_somebody_who_has_not_joined_cannot_ask(bank: Bank) -> None:
    listing = bank.publish(people.member())

    with pytest.raises(errors.NotAMember) as refusal:
        bank.ask(Caller(email="someone@example.org"), listing)

    assert refusal.value.code == "not_a_member"


def test_nobody_asks_on_their_own_listing(bank: Bank) -> None:
    owner = people.member()
    listing = bank.publish(owner)

    with pytest.raises(errors.OwnListing) as refusal:
        bank.ask(owner, listing)

    assert refusal.value.code == "own_listing"


@pytest.mark.parametrize("listing_id", [str(uuid4())])
def test_a_listing_that_is_not_there_cannot_be_asked_on(bank: Bank, listing_id: str) -> None:
    with pytest.raises(errors.ListingNotFound):
        bank.ask(people.member(), {"id": listing_id})


@pytest.mark.parametrize("action", ["pause", "close"])
def test_a_listing_that_is_not_open_cannot_be_asked_on(bank: Bank, action: str) -> None:
    owner = people.member()
    listing = bank.publish(owner)
    bank.act_on_listing(owner, listing, action)

    with pytest.raises(errors.ListingClosed):
        bank.ask(people.member(), listing)


def test_a_listing_past_its_expiry_is_closed_before_the_sweeper_has_come(bank: Bank) -> None:
    listing = bank.publish(people.member())
    bank.advance(days=91)

    with pytest.raises(errors.ListingClosed) as refusal:
        bank.ask(people.member(), listing)

    assert refusal.value.detail == {"state": "expired"}


def test_capacity_limits_the_exchanges_open_at_once(bank: Bank) -> None:
    owner, first = people.member(), people.member()
    listing = bank.publish(owner, capacity=1)
    asked = bank.ask(first, listing)

    with pytest.raises(errors.CapacityFull):
        bank.ask(people.member(), listing)

    bank.act(first, asked["id"], "withdraw")
    assert bank.ask(people.member(), listing)["state"] == "requested"


def test_the_same_person_may_ask_again(bank: Bank) -> None:
    owner, asker = people.member(), people.member()
    listing = bank.publish(owner)

    first, second = bank.ask(asker, listing), bank.ask(asker, listing)

    assert first["id"] != second["id"]


@pytest.mark.parametrize("minutes", [0, -15, 1.5, 10**9, True, "60", 50, None, 1455, 60.0])
def test_minutes_that_break_the_rule_are_refused_with_a_pointer(bank: Bank, minutes: Any) -> None:
    listing = bank.publish(people.member())

    with pytest.raises(errors.Invalid) as refusal:
        bank.ask(people.member(), listing, minutes=minutes)

    assert {problem["pointer"] for problem in refusal.value.detail["errors"]} == {"/minutes"}


@pytest.mark.parametrize("minutes", [15, 1440])
def test_the_least_and_the_most_minutes_may_be_asked(bank: Bank, minutes: int) -> None:
    listing = bank.publish(people.member())

    assert bank.ask(people.member(), listing, minutes=minutes)["minutes"] == minutes


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("listing_id", "not-an-id"),
        ("starts_at", "2026-13-01T10:00:00Z"),
        ("starts_at", "2026-03-01T10:00:00"),
        ("starts_at", "0001-01-01T00:00:00+14:00"),
        ("message", "a\0b"),
        ("message", "\ud800"),
        ("message", 7),
        ("surprise", 1),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_with_a_pointer(
    bank: Bank, field: str, value: Any
) -> None:
    listing = bank.publish(people.member())

    with pytest.raises(errors.Invalid) as refusal:
        bank.ask(people.member(), listing, **{field: value})

    assert [problem["pointer"] for problem in refusal.value.detail["errors"]] == [f"/{field}"]


@pytest.mark.parametrize("span", [{"hours": -1}, {"days": 367}])
def test_a_time_in_the_past_or_beyond_a_year_is_refused(bank: Bank, span: dict[str, float]) -> None:
    listing = bank.publish(people.member())

    with pytest.raises(errors.StartsAtInvalid):
        bank.ask(people.member(), listing, starts_at=bank.soon(**span))


@pytest.mark.parametrize("span", [{"minutes": -1}, {"days": 365}])
def test_a_time_of_just_now_or_within_a_year_may_be_asked(
    bank: Bank, span: dict[str, float]
) -> None:
    listing = bank.publish(people.member())

    assert bank.ask(people.member(), listing, starts_at=bank.soon(**span))["starts_at"]
