"""Done, confirmed, cancelled, missed: how a booking ends."""

from uuid import UUID

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


@pytest.fixture
def exchange_id(bank: Bank, giver: Caller, receiver: Caller) -> str:
    return bank.booked(giver, receiver, minutes=60)


@pytest.mark.parametrize("minutes", [15, 60])
def test_the_receivers_word_completes_at_once(
    bank: Bank, receiver: Caller, exchange_id: str, minutes: int
) -> None:
    done = bank.act(receiver, exchange_id, "done", minutes=minutes)

    assert (done["state"], done["next_actor"], done["minutes"]) == ("completed", "ledger", minutes)


def test_the_givers_word_waits_for_the_receivers(
    bank: Bank, giver: Caller, receiver: Caller, exchange_id: str
) -> None:
    done = bank.act(giver, exchange_id, "done", minutes=45)

    assert (done["state"], done["next_actor"], done["stated_minutes"], done["minutes"]) == (
        "awaiting_confirmation",
        "receiver",
        45,
        60,
    )
    assert done["allowed"] == []
    assert bank.look(receiver, exchange_id)["allowed"] == ["confirm", "dispute"]
    assert bank.act(receiver, exchange_id, "confirm")["minutes"] == 45


def test_fewer_minutes_than_stated_need_the_givers_agreement(
    bank: Bank, giver: Caller, receiver: Caller, exchange_id: str
) -> None:
    bank.act(giver, exchange_id, "done", minutes=60)

    offered = bank.act(receiver, exchange_id, "confirm", minutes=30)

    assert (offered["state"], offered["next_actor"], offered["stated_minutes"]) == (
        "awaiting_confirmation",
        "giver",
        30,
    )
    assert bank.said(exchange_id)[-1]["event"] == "exchange_done"
    assert bank.said(exchange_id)[-1]["stated_minutes"] == 30
    with pytest.raises(errors.StepNotAllowed):
        bank.act(receiver, exchange_id, "confirm")
    with pytest.raises(errors.MinutesNotAgreed):
        bank.act(giver, exchange_id, "confirm", minutes=45)
    agreed = bank.act(giver, exchange_id, "confirm")
    assert (agreed["state"], agreed["minutes"]) == ("completed", 30)


def test_the_giver_may_dispute_fewer_minutes(
    bank: Bank, giver: Caller, receiver: Caller, exchange_id: str
) -> None:
    bank.act(giver, exchange_id, "done", minutes=60)
    bank.act(receiver, exchange_id, "confirm", minutes=30)

    assert bank.act(giver, exchange_id, "dispute", reason="An hour")["state"] == "disputed"


def test_more_than_is_held_is_refused_until_the_hold_is_enlarged(
    bank: Bank, receiver: Caller, exchange_id: str
) -> None:
    with pytest.raises(errors.HoldTooSmall) as wanted:
        bank.act(receiver, exchange_id, "done", minutes=90)
    assert bank.state(exchange_id) == "booked"
    assert wanted.value.detail["region"] == "north-west"

    enlarged = exchange_handlers.Enlarged(UUID(wanted.value.detail["hold_id"]), 90)
    done = bank.do(
        exchange_handlers.act, receiver, exchange_id, "done", {"minutes": 90}, None, enlarged
    )

    assert (done["state"], done["minutes"], done["held_minutes"]) == ("completed", 90, 90)


def test_a_hold_enlarged_for_another_attempt_counts_for_nothing(
    bank: Bank, giver: Caller, receiver: Caller, exchange_id: str
) -> None:
    hold_id = UUID(bank.said(exchange_id)[-1]["hold_id"])
    bank.act(giver, exchange_id, "amend", minutes=75)
    bank.act(receiver, exchange_id, "accept")
    bank.held(exchange_id, 75, attempt=2)

    with pytest.raises(errors.HoldTooSmall):
        bank.do(
            exchange_handlers.act,
            receiver,
            exchange_id,
            "done",
            {"minutes": 90},
            None,
            exchange_handlers.Enlarged(hold_id, 90),
        )


def test_cancelling_releases_the_hold(bank: Bank, giver: Caller, exchange_id: str) -> None:
    hold_id = bank.said(exchange_id)[-1]["hold_id"]

    cancelled = bank.act(giver, exchange_id, "cancel", reason="Ill")

    assert (cancelled["state"], cancelled["held_minutes"]) == ("cancelled", None)
    assert bank.said(exchange_id)[-1]["hold_id"] == hold_id
    assert bank.said(exchange_id)[-1]["sequence"] == 1


def test_a_no_show_cannot_be_said_before_the_time_agreed(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver, starts_at=bank.soon(days=1))
    with pytest.raises(errors.StepNotAllowed) as refusal:
        bank.act(giver, exchange_id, "no_show")
    assert refusal.value.detail["allowed"] == ["reschedule", "amend", "cancel", "done"]

    bank.advance(days=1)
    missed = bank.act(giver, exchange_id, "no_show", reason="Nobody came")

    assert (missed["state"], missed["next_actor"]) == ("no_show", None)
    assert bank.said(exchange_id)[-1]["hold_id"]


def test_a_no_show_is_answerable_for_three_days_by_the_other(
    bank: Bank, giver: Caller, receiver: Caller, exchange_id: str
) -> None:
    bank.act(giver, exchange_id, "no_show")
    assert bank.look(giver, exchange_id)["allowed"] == []
    assert bank.look(receiver, exchange_id)["allowed"] == ["dispute"]

    bank.advance(hours=73)

    assert bank.look(receiver, exchange_id)["allowed"] == []
    with pytest.raises(errors.StepNotAllowed):
        bank.act(receiver, exchange_id, "dispute", reason="I was there")


def test_both_parties_may_thank_once(
    bank: Bank, giver: Caller, receiver: Caller, exchange_id: str
) -> None:
    bank.act(receiver, exchange_id, "done", minutes=60)
    bank.act(receiver, exchange_id, "thank", message="It helped", publish=True)
    bank.transferred(exchange_id)
    bank.act(giver, exchange_id, "thank", message="So did you")

    with pytest.raises(errors.AlreadyThanked):
        bank.act(receiver, exchange_id, "thank", message="Again")

    thanks = bank.look(giver, exchange_id)["thanks"]
    assert [item["message"] for item in thanks] == ["It helped", "So did you"]
    assert bank.events(exchange_id)[-3:] == ["thanked", "settled", "thanked"]
    assert "helped" not in str(bank.said(exchange_id))


def test_thanks_before_completion_are_refused(
    bank: Bank, receiver: Caller, exchange_id: str
) -> None:
    with pytest.raises(errors.StepNotAllowed):
        bank.act(receiver, exchange_id, "thank", message="Thanks")


def test_an_unpublished_thanks_is_for_the_two_alone(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.settled(giver, receiver)
    bank.act(receiver, exchange_id, "thank", message="Between us")

    assert bank.look(giver, exchange_id)["thanks"]
    assert bank.look(people.rep("london"), exchange_id)["thanks"] == []
