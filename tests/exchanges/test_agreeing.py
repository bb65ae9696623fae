"""Accepting, declining, amending, and what becomes of an exchange nobody can pay for."""

import pytest

from services.bus.caller import Caller
from services.exchanges import errors, exchange_handlers
from tests.exchanges import people
from tests.exchanges.people import Bank


@pytest.fixture
def giver() -> Caller:
    return people.member("london")


@pytest.fixture
def receiver() -> Caller:
    return people.member("north-west")


def test_only_the_one_asked_accepts(bank: Bank, giver: Caller, receiver: Caller) -> None:
    asked = bank.ask(receiver, bank.publish(giver))

    with pytest.raises(errors.StepNotAllowed) as refusal:
        bank.act(receiver, asked["id"], "accept")

    assert refusal.value.code == "step_not_allowed"
    assert refusal.value.detail == {"state": "requested", "allowed": ["withdraw"]}
    assert bank.act(giver, asked["id"], "accept")["state"] == "accepted"


def test_the_one_asked_may_decline_with_a_reason(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    asked = bank.ask(receiver, bank.publish(giver))

    declined = bank.act(giver, asked["id"], "decline", reason="On leave")

    assert (declined["state"], declined["allowed"], declined["deadline"]) == ("declined", [], None)
    assert bank.look(receiver, asked["id"])["history"][-1]["reason"] == "On leave"
    assert "On leave" not in str(bank.said(asked["id"]))


def test_an_amendment_makes_the_other_next(bank: Bank, giver: Caller, receiver: Caller) -> None:
    asked = bank.ask(receiver, bank.publish(giver))

    amended = bank.act(giver, asked["id"], "amend", minutes=120)

    assert (amended["state"], amended["next_actor"], amended["minutes"]) == (
        "requested",
        "receiver",
        120,
    )
    with pytest.raises(errors.StepNotAllowed):
        bank.act(giver, asked["id"], "accept")
    assert bank.act(receiver, asked["id"], "accept")["state"] == "accepted"
    assert bank.said(asked["id"])[-1]["minutes"] == 120


def test_an_amendment_begins_the_week_anew(bank: Bank, giver: Caller, receiver: Caller) -> None:
    asked = bank.ask(receiver, bank.publish(giver))
    bank.wait(days=6)
    bank.act(giver, asked["id"], "amend", minutes=120)

    bank.wait(days=6)

    assert bank.state(asked["id"]) == "requested"


@pytest.mark.parametrize("body", [{}, {"minutes": 60}, {"minutes": None, "starts_at": None}])
def test_an_amendment_that_changes_nothing_is_refused(
    bank: Bank, giver: Caller, receiver: Caller, body: dict[str, int]
) -> None:
    asked = bank.ask(receiver, bank.publish(giver))

    with pytest.raises(errors.NothingToChange):
        bank.act(giver, asked["id"], "amend", **body)


def test_the_asker_may_withdraw_until_it_is_accepted(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    listing = bank.publish(giver)
    first, second = bank.ask(receiver, listing), bank.ask(receiver, listing)
    bank.act(giver, second["id"], "accept")

    assert bank.act(receiver, first["id"], "withdraw")["state"] == "withdrawn"
    with pytest.raises(errors.StepNotAllowed):
        bank.act(receiver, second["id"], "withdraw")


def test_a_refused_hold_leaves_the_receiver_the_ways_out(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    asked = bank.ask(receiver, bank.publish(giver))
    bank.act(giver, asked["id"], "accept")

    bank.refused(asked["id"], shortfall=30)

    seen = bank.look(receiver, asked["id"])
    assert (seen["state"], seen["next_actor"], seen["shortfall_minutes"]) == (
        "unfunded",
        "receiver",
        30,
    )
    assert seen["ways_out"] == seen["allowed"] == ["amend", "ask_fund", "withdraw"]
    assert bank.look(giver, asked["id"])["allowed"] == []
    assert bank.said(asked["id"])[-1]["shortfall_minutes"] == 30


def test_asking_the_fund_makes_a_new_attempt(bank: Bank, giver: Caller, receiver: Caller) -> None:
    asked = bank.ask(receiver, bank.publish(giver))
    bank.act(giver, asked["id"], "accept")
    bank.refused(asked["id"])

    bank.act(receiver, asked["id"], "ask_fund")

    first, second = [s for s in bank.said(asked["id"]) if s["event"] == "exchange_accepted"]
    assert (first["attempt"], first["from_fund"]) == (1, False)
    assert (second["attempt"], second["from_fund"]) == (2, True)
    assert first["hold_id"] != second["hold_id"]
    bank.held(asked["id"], attempt=2)
    assert bank.state(asked["id"]) == "booked"


def test_fewer_minutes_after_a_refusal_must_be_agreed_again(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    asked = bank.ask(receiver, bank.publish(giver))
    bank.act(giver, asked["id"], "accept")
    bank.refused(asked["id"])

    amended = bank.act(receiver, asked["id"], "amend", minutes=30)

    assert (amended["state"], amended["next_actor"]) == ("requested", "giver")
    assert bank.said(asked["id"])[-1]["hold_id"] is None
    bank.act(giver, asked["id"], "accept")
    assert bank.said(asked["id"])[-1]["attempt"] == 2


def test_the_receiver_may_give_up_what_is_unfunded(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    asked = bank.ask(receiver, bank.publish(giver))
    bank.act(giver, asked["id"], "accept")
    bank.refused(asked["id"])

    with pytest.raises(errors.StepNotAllowed):
        bank.act(giver, asked["id"], "withdraw")
    assert bank.act(receiver, asked["id"], "withdraw")["state"] == "withdrawn"


def test_amending_a_booking_releases_its_hold_and_asks_the_other(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver)
    hold_id = bank.said(exchange_id)[-1]["hold_id"]

    amended = bank.act(receiver, exchange_id, "amend", minutes=90)

    assert (amended["state"], amended["next_actor"], amended["held_minutes"]) == (
        "requested",
        "giver",
        None,
    )
    assert bank.said(exchange_id)[-1]["hold_id"] == hold_id
    bank.act(giver, exchange_id, "accept")
    bank.held(exchange_id, 90, attempt=2)
    assert bank.look(giver, exchange_id)["held_minutes"] == 90
    assert bank.said(exchange_id)[-1]["hold_id"] != hold_id
    assert bank.said(exchange_id)[-1]["sequence"] == 1


def test_rescheduling_keeps_the_booking_and_counts_the_calendar_entry(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver, starts_at=bank.soon())

    moved = bank.act(giver, exchange_id, "reschedule", starts_at=bank.soon(days=9))

    assert (moved["state"], moved["held_minutes"]) == ("booked", 60)
    assert bank.said(exchange_id)[-1]["sequence"] == 1
    with pytest.raises(errors.StartsAtInvalid):
        bank.act(giver, exchange_id, "reschedule", starts_at=bank.soon(days=-1))


def test_a_change_on_an_old_version_is_refused(bank: Bank, giver: Caller, receiver: Caller) -> None:
    asked = bank.ask(receiver, bank.publish(giver))
    bank.act(giver, asked["id"], "amend", minutes=120)

    with pytest.raises(errors.VersionConflict) as refusal:
        bank.do(exchange_handlers.act, receiver, asked["id"], "accept", {}, asked["version"])

    assert refusal.value.detail == {"version": 2}


def test_an_action_there_is_not_is_refused(bank: Bank, giver: Caller, receiver: Caller) -> None:
    asked = bank.ask(receiver, bank.publish(giver))

    with pytest.raises(errors.UnknownAction):
        bank.act(giver, asked["id"], "explode")
    with pytest.raises(errors.UnknownAction):
        bank.act(giver, asked["id"], "let_in")
