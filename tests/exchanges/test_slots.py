"""Times of offers: shown while they lie ahead, taken once, free again when nothing came of it."""

import datetime
from typing import Any

import psycopg
import pytest

from services.bus.caller import Caller
from services.bus.transaction import new_id
from services.exchanges import errors, slot
from services.exchanges.slot import Slot, Time
from tests.exchanges import people
from tests.exchanges.people import Bank

NOW = datetime.datetime(2026, 3, 2, 9, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


def at(hours: float, minutes: int = 60) -> Time:
    return Time(NOW + hours * HOUR, minutes)


def pointer(refused: pytest.ExceptionInfo[errors.Invalid]) -> str:
    found: str = refused.value.detail["errors"][0]["pointer"]
    return found


# What may be a time.


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ([at(0)], "/slots/0/starts_at"),
        ([at(-1)], "/slots/0/starts_at"),
        ([at(1), at(24 * 367)], "/slots/1/starts_at"),
        ([at(1), at(1)], "/slots/1/starts_at"),
        ([at(2), at(1, 75)], "/slots/1/starts_at"),
        ([at(1, 120), at(2, 15)], "/slots/1/starts_at"),
    ],
)
def test_times_nobody_could_take_are_refused_by_name(wanted: list[Time], where: str) -> None:
    with pytest.raises(errors.Invalid) as refused:
        slot.check(wanted, "offer", NOW)

    assert pointer(refused) == where


def test_times_that_follow_one_another_are_taken_and_so_are_none() -> None:
    slot.check([at(2), at(1), at(3, 15)], "offer", NOW)
    slot.check([], "request", NOW)

    with pytest.raises(errors.Invalid) as refused:
        slot.check([at(1)], "request", NOW)
    assert pointer(refused) == "/slots"
    with pytest.raises(errors.Invalid):
        slot.check([at(1)], "offer", NOW, standing=[at(1.5)])


def test_a_time_is_taken_for_what_it_is() -> None:
    chosen = Slot(new_id(), new_id(), NOW, 60)

    slot.check_fits(chosen, 45, None)
    slot.check_fits(chosen, 60, NOW)
    for minutes, starts_at, where in ((75, None, "/minutes"), (60, NOW + HOUR, "/starts_at")):
        with pytest.raises(errors.Invalid) as refused:
            slot.check_fits(chosen, minutes, starts_at)
        assert pointer(refused) == where


# What owners and others see and do.


@pytest.fixture
def giver() -> Caller:
    return people.member()


@pytest.fixture
def asker() -> Caller:
    return people.member()


def wished(bank: Bank, *hours: float) -> list[dict[str, Any]]:
    return [{"starts_at": bank.soon(hours=each), "minutes": 60} for each in hours]


def times(bank: Bank, reader: Caller, listing: dict[str, Any]) -> list[tuple[str, bool]]:
    """When each time begins, and whether it is taken."""
    (found,) = bank.search(reader, owner=listing["owner"]["id"])["items"]
    return [(each["starts_at"], each["taken"]) for each in found["slots"]]


def take(bank: Bank, asker: Caller, listing: dict[str, Any], number: int = 0, **more: Any) -> Any:
    return bank.ask(asker, listing, slot_id=listing["slots"][number]["id"], **more)


def test_a_time_that_is_chosen_is_what_is_asked_for_and_nobody_else_is_shown_it(
    bank: Bank, giver: Caller, asker: Caller
) -> None:
    listing = bank.publish(giver, slots=wished(bank, 30, 10, 20))
    first, second, third = (each["starts_at"] for each in listing["slots"])
    assert first < second < third

    asked = take(bank, asker, listing, 1, minutes=45)

    assert (asked["starts_at"], asked["minutes"]) == (second, 45)
    assert times(bank, asker, listing) == [(first, False), (third, False)]
    assert times(bank, giver, listing) == [(first, False), (second, True), (third, False)]
    with pytest.raises(errors.SlotTaken):
        take(bank, people.member(), listing, 1)


def test_one_yes_books_it_for_that_time(bank: Bank, giver: Caller, asker: Caller) -> None:
    listing = bank.publish(giver, slots=wished(bank, 10))
    asked = take(bank, asker, listing)
    bank.act(giver, asked["id"], "accept")
    bank.held(asked["id"])

    booked = bank.look(asker, asked["id"])
    assert (booked["state"], booked["starts_at"]) == ("booked", listing["slots"][0]["starts_at"])
    assert times(bank, asker, listing) == []


@pytest.mark.parametrize(
    "end",
    [
        lambda bank, giver, asker, asked: bank.act(giver, asked, "decline"),
        lambda bank, giver, asker, asked: bank.act(asker, asked, "withdraw"),
        lambda bank, giver, asker, asked: bank.wait(days=8),
        lambda bank, giver, asker, asked: bank.left(asker),
    ],
    ids=["declined", "withdrawn", "expired", "left"],
)
def test_a_time_is_free_again_when_nothing_came_of_it(
    bank: Bank, giver: Caller, asker: Caller, end: Any
) -> None:
    listing = bank.publish(giver, slots=wished(bank, 24 * 20))
    end(bank, giver, asker, take(bank, asker, listing)["id"])

    assert [taken for _, taken in times(bank, people.member(), listing)] == [False]
    assert take(bank, people.member(), listing)["state"] == "requested"


def test_a_time_is_free_again_when_it_is_cancelled_or_another_is_agreed(
    bank: Bank, giver: Caller
) -> None:
    listing = bank.publish(giver, slots=wished(bank, 10, 20))
    for number, step in enumerate(("cancel", "reschedule")):
        asked = take(bank, people.member(), listing, number)["id"]
        bank.act(giver, asked, "accept")
        bank.held(asked)
        assert len(times(bank, people.member(), listing)) == 1
        bank.act(giver, asked, step, **({"starts_at": bank.soon(days=9)} if number else {}))
        assert len(times(bank, people.member(), listing)) == 2

    other = take(bank, people.member(), listing)["id"]
    bank.act(giver, other, "amend", starts_at=bank.soon(days=7))
    assert len(times(bank, people.member(), listing)) == 2


def test_other_minutes_alone_keep_the_time(bank: Bank, giver: Caller, asker: Caller) -> None:
    listing = bank.publish(giver, slots=wished(bank, 10))
    bank.act(giver, take(bank, asker, listing)["id"], "amend", minutes=30)

    assert times(bank, asker, listing) == []


def test_times_that_have_passed_are_shown_to_nobody_and_cannot_be_taken(
    bank: Bank, giver: Caller, asker: Caller
) -> None:
    listing = bank.publish(giver, slots=wished(bank, 10, 20))
    bank.advance(hours=11)

    assert len(times(bank, asker, listing)) == len(times(bank, giver, listing)) == 1
    with pytest.raises(errors.SlotNotFound):
        take(bank, asker, listing, 0)


def test_a_time_of_another_listing_or_of_none_is_not_found(
    bank: Bank, giver: Caller, asker: Caller
) -> None:
    listing, other = bank.publish(giver, slots=wished(bank, 10)), bank.publish(giver)

    for chosen in (listing["slots"][0]["id"], str(new_id())):
        with pytest.raises(errors.SlotNotFound):
            bank.ask(asker, other, slot_id=chosen)


def test_new_times_replace_those_that_are_free_and_keep_what_is_taken(
    bank: Bank, giver: Caller, asker: Caller
) -> None:
    listing = bank.publish(giver, slots=wished(bank, 10, 20, 30))
    first, second, _ = listing["slots"]
    take(bank, asker, listing, 0)
    kept = {name: second[name] for name in ("starts_at", "minutes")}

    edited = bank.edit(giver, listing, slots=[kept, *wished(bank, 40)])

    assert [each["id"] for each in edited["slots"][:2]] == [first["id"], second["id"]]
    assert [each["taken"] for each in edited["slots"]] == [True, False, False]
    assert bank.edit(giver, listing, slots=[])["slots"] == [edited["slots"][0]]
    with pytest.raises(errors.Invalid):
        bank.edit(giver, listing, slots=wished(bank, 10.5))


@pytest.mark.parametrize(
    "slots",
    [
        [{"starts_at": "2020-01-01T10:00:00Z", "minutes": 60}],
        [{"starts_at": "soon", "minutes": 60}],
        [{"minutes": 60}],
        [{"starts_at": "2027-01-01T10:00:00Z", "minutes": 50}],
        [{"starts_at": "2027-01-01T10:00:00Z", "minutes": 15}] * 21,
        "now",
    ],
)
def test_times_of_the_wrong_shape_are_refused_and_nothing_is_published(
    bank: Bank, giver: Caller, slots: Any
) -> None:
    with pytest.raises(errors.Invalid):
        bank.publish(giver, slots=slots)

    assert bank.execute("select count(*) from listing") == [(0,)]


def test_the_database_takes_a_time_once(bank: Bank, giver: Caller, asker: Caller) -> None:
    listing = bank.publish(giver, slots=wished(bank, 10))
    take(bank, asker, listing)
    bank.ask(people.member(), listing)

    with pytest.raises(psycopg.errors.UniqueViolation):
        bank.execute("update exchange set slot_id = %s", listing["slots"][0]["id"])


def test_a_match_shows_the_times_one_can_choose(bank: Bank, giver: Caller, asker: Caller) -> None:
    bank.publish(giver, title="Excel", slots=wished(bank, 10))

    (found,) = bank.matches(asker, wanted=["Excel"])

    assert len(found["listing"]["slots"]) == 1
