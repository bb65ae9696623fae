"""What silence does in every state, with the clock moved instead of waited for."""

import pytest

from services.bus.caller import Caller
from services.contracts import exchanges as contract
from services.exchanges import sweep_handlers
from tests.exchanges import people
from tests.exchanges.people import Bank


@pytest.fixture
def giver() -> Caller:
    return people.member("london")


@pytest.fixture
def receiver() -> Caller:
    return people.member("north-west")


def test_a_request_expires_after_a_week(bank: Bank, giver: Caller, receiver: Caller) -> None:
    asked = bank.ask(receiver, bank.publish(giver))

    bank.wait(days=7, minutes=-1)
    assert bank.state(asked["id"]) == "requested"
    bank.wait(minutes=2)

    assert bank.state(asked["id"]) == "expired"
    assert bank.said(asked["id"])[-1]["actor_id"] is None


def test_an_unanswered_question_for_a_hold_is_asked_again(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    asked = bank.ask(receiver, bank.publish(giver))
    bank.act(giver, asked["id"], "accept")

    bank.wait(minutes=16)
    bank.wait(minutes=16)

    assert bank.events(asked["id"]) == ["requested", "accepted", "accepted", "accepted"]
    questions = [said for said in bank.said(asked["id"]) if said["event"] == "exchange_accepted"]
    assert len({said["hold_id"] for said in questions}) == 1
    assert len({said["attempt"] for said in questions}) == 1
    bank.held(asked["id"])
    assert bank.state(asked["id"]) == "booked"


def test_an_unanswered_completion_is_asked_again(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver)
    bank.act(receiver, exchange_id, "done", minutes=45)

    bank.wait(minutes=16)

    first, again = [s for s in bank.said(exchange_id) if s["event"] == "exchange_completed"]
    assert (first["minutes"], first["completed_at"]) == (again["minutes"], again["completed_at"])
    bank.transferred(exchange_id)
    assert bank.state(exchange_id) == "settled"


def test_what_is_unfunded_expires_after_a_week(bank: Bank, giver: Caller, receiver: Caller) -> None:
    asked = bank.ask(receiver, bank.publish(giver))
    bank.act(giver, asked["id"], "accept")
    bank.refused(asked["id"])

    bank.wait(days=7, minutes=1)

    assert bank.state(asked["id"]) == "expired"


def test_a_booking_without_a_time_lapses_after_a_fortnight(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver)

    bank.wait(days=14, minutes=-1)
    assert bank.state(exchange_id) == "booked"
    bank.wait(minutes=2)

    assert bank.state(exchange_id) == "lapsed"
    assert bank.said(exchange_id)[-1]["hold_id"]


def test_a_booking_with_a_time_lapses_a_fortnight_after_its_end(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver, minutes=120, starts_at=bank.soon(days=30))

    bank.wait(days=44, minutes=60)
    assert bank.state(exchange_id) == "booked"
    bank.wait(hours=2)

    assert bank.state(exchange_id) == "lapsed"


@pytest.mark.parametrize(("stated", "confirmed"), [(30, 30), (60, 60), (90, 60)])
def test_a_silent_receiver_confirms_the_lower_of_stated_and_booked(
    bank: Bank, giver: Caller, receiver: Caller, stated: int, confirmed: int
) -> None:
    exchange_id = bank.booked(giver, receiver, minutes=60)
    bank.act(giver, exchange_id, "done", minutes=stated)

    bank.wait(days=14, minutes=-1)
    assert bank.state(exchange_id) == "awaiting_confirmation"
    bank.wait(minutes=2)

    assert bank.state(exchange_id) == "completed"
    assert bank.said(exchange_id)[-1]["minutes"] == confirmed


def test_silence_never_confirms_what_was_recorded_after_the_fact(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver)
    bank.act(giver, exchange_id, "done", minutes=60)
    bank.execute("update exchange set recorded = true where id = %s", exchange_id)

    bank.wait(days=14, minutes=1)

    assert bank.state(exchange_id) == "lapsed"


def test_a_silent_giver_agrees_to_fewer_minutes_after_a_week(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver)
    bank.act(giver, exchange_id, "done", minutes=60)
    bank.act(receiver, exchange_id, "confirm", minutes=15)

    bank.wait(days=7, minutes=1)

    assert bank.state(exchange_id) == "completed"
    assert bank.said(exchange_id)[-1]["minutes"] == 15


def test_a_dispute_goes_to_the_national_team_and_then_to_the_lower_figure(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver)
    bank.act(giver, exchange_id, "done", minutes=60)
    bank.act(receiver, exchange_id, "confirm", minutes=30)
    bank.act(giver, exchange_id, "dispute", reason="An hour")

    bank.wait(days=14, minutes=1)
    assert bank.look(people.national(), exchange_id)["next_actor"] == "national"
    assert bank.events(exchange_id)[-1] == "disputed"
    bank.wait(days=14, minutes=1)

    assert bank.state(exchange_id) == "completed"
    assert bank.said(exchange_id)[-1]["minutes"] == 30


def test_a_disputed_no_show_nobody_decides_is_cancelled(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver)
    bank.act(receiver, exchange_id, "no_show")
    bank.act(giver, exchange_id, "dispute", reason="I was there")

    bank.wait(days=14, minutes=1)
    bank.wait(days=14, minutes=1)

    assert bank.state(exchange_id) == "cancelled"


def test_a_listing_expires_and_says_so_once(bank: Bank, giver: Caller) -> None:
    listing = bank.publish(giver)

    bank.wait(days=90, minutes=-1)
    assert bank.events(listing["id"]) == ["listing_published"]
    bank.wait(minutes=2)
    bank.wait(days=1)

    assert bank.events(listing["id"]) == ["listing_published", "listing_expired"]


def test_a_sweep_leaves_other_regions_alone(bank: Bank, giver: Caller, receiver: Caller) -> None:
    asked = bank.ask(receiver, bank.publish(giver))
    bank.advance(days=8)

    bank.sweep(("london",))
    assert bank.state(asked["id"]) == "requested"
    bank.sweep(("north-west",))

    assert bank.state(asked["id"]) == "expired"


def test_a_deadline_acts_once_however_often_it_is_swept(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    asked = bank.ask(receiver, bank.publish(giver))
    bank.wait(days=8)

    bank.sweep()
    bank.sweep()

    assert bank.events(asked["id"]) == ["requested", "expired"]


def test_more_than_one_batch_is_swept(bank: Bank, giver: Caller, receiver: Caller) -> None:
    listing = bank.publish(giver)
    asked = [bank.ask(receiver, listing)["id"] for _ in range(3)]
    bank.advance(days=8)

    assert bank.do(sweep_handlers.sweep, people.REGIONS, 2) is True
    assert bank.do(sweep_handlers.sweep, people.REGIONS, 2) is False

    assert [bank.state(one) for one in asked] == ["expired"] * 3


def test_every_event_said_along_the_way_meets_its_contract(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver, starts_at=bank.soon())
    bank.act(giver, exchange_id, "reschedule", starts_at=bank.soon(days=3))
    bank.act(giver, exchange_id, "done", minutes=60)
    bank.act(receiver, exchange_id, "dispute", reason="No")
    bank.act(people.national(), exchange_id, "resolve", outcome="settle", minutes=45, reason="x")
    bank.transferred(exchange_id)
    bank.act(receiver, exchange_id, "thank", message="Thanks")
    bank.act(people.national(), exchange_id, "reverse", reason="x")

    said = bank.said(exchange_id)

    assert len(said) == 11
    for event in said:
        body = {key: value for key, value in event.items() if key not in ("event", "routed")}
        assert contract.EVENTS[event["event"]]().validate(body) == {}
