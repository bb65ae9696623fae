"""Disputes, and who may decide them."""

import pytest

from services.bus.caller import Caller
from services.exchanges import errors
from tests.exchanges import people
from tests.exchanges.people import Bank


@pytest.fixture
def giver() -> Caller:
    return people.member("london")


@pytest.fixture
def receiver() -> Caller:
    return people.member("north-west")


@pytest.fixture
def disputed(bank: Bank, giver: Caller, receiver: Caller) -> str:
    exchange_id = bank.booked(giver, receiver, minutes=60)
    bank.act(giver, exchange_id, "done", minutes=60)
    bank.act(receiver, exchange_id, "dispute", reason="Half an hour")
    return exchange_id


def test_a_dispute_is_the_reps_to_decide(bank: Bank, giver: Caller, disputed: str) -> None:
    seen = bank.look(people.rep("north-west"), disputed)

    assert (seen["state"], seen["next_actor"], seen["allowed"]) == ("disputed", "rep", ["resolve"])
    assert bank.look(giver, disputed)["allowed"] == []


def test_a_rep_settles_for_some_minutes(bank: Bank, disputed: str) -> None:
    rep = people.rep("north-west")

    settled = bank.act(rep, disputed, "resolve", outcome="settle", minutes=30, reason="Agreed")

    assert (settled["state"], settled["minutes"]) == ("completed", 30)
    resolved, completed = bank.said(disputed)[-2:]
    assert (resolved["event"], resolved["outcome"], resolved["minutes"]) == (
        "exchange_resolved",
        "settle",
        30,
    )
    assert (completed["event"], completed["minutes"]) == ("exchange_completed", 30)
    assert resolved["version"] < completed["version"]
    assert completed["actor_id"] == str(rep.id)


def test_a_rep_cancels(bank: Bank, disputed: str) -> None:
    cancelled = bank.act(
        people.rep("north-west"), disputed, "resolve", outcome="cancel", reason="Nothing happened"
    )

    assert cancelled["state"] == "cancelled"
    assert bank.events(disputed)[-2:] == ["resolved", "cancelled"]
    assert bank.said(disputed)[-1]["hold_id"]


def test_a_ruling_for_more_than_is_held_asks_the_ledger_first(bank: Bank, disputed: str) -> None:
    with pytest.raises(errors.HoldTooSmall):
        bank.act(
            people.rep("north-west"), disputed, "resolve", outcome="settle", minutes=90, reason="x"
        )

    assert bank.state(disputed) == "disputed"


def test_the_national_team_may_decide_too(bank: Bank, disputed: str) -> None:
    done = bank.act(people.national(), disputed, "resolve", outcome="settle", reason="Both agree")

    assert (done["state"], done["minutes"]) == ("completed", 60)


@pytest.mark.parametrize("region", ["london", "midlands"])
def test_a_rep_of_another_region_does_not_decide(bank: Bank, disputed: str, region: str) -> None:
    with pytest.raises(errors.Refused) as refusal:
        bank.act(people.rep(region), disputed, "resolve", outcome="cancel", reason="x")

    # The giver's rep may look; a third region's does not learn that it exists.
    expected = "not_allowed" if region == "london" else "exchange_not_found"
    assert refusal.value.code == expected


def test_a_rep_who_is_a_party_does_not_decide(bank: Bank) -> None:
    rep, giver = people.rep("north-west"), people.member("london")
    exchange_id = bank.booked(giver, rep)
    bank.act(giver, exchange_id, "done", minutes=60)
    bank.act(rep, exchange_id, "dispute", reason="No")

    with pytest.raises(errors.OwnMatter) as refusal:
        bank.act(rep, exchange_id, "resolve", outcome="cancel", reason="Mine")

    assert refusal.value.code == "own_matter"
    assert "resolve" not in bank.look(rep, exchange_id)["allowed"]


def test_a_party_does_not_decide(bank: Bank, giver: Caller, disputed: str) -> None:
    with pytest.raises(errors.NotAllowed):
        bank.act(giver, disputed, "resolve", outcome="settle", reason="Mine")


def test_the_senate_reads_and_does_not_decide(bank: Bank, disputed: str) -> None:
    senator = people.member("national", roles=("senate",))

    assert bank.look(senator, disputed)["allowed"] == []
    with pytest.raises(errors.NotAllowed):
        bank.act(senator, disputed, "resolve", outcome="cancel", reason="x")


def test_a_disputed_no_show_that_is_settled_is_held_anew_and_then_paid(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver)
    bank.act(receiver, exchange_id, "no_show", reason="Nobody there")
    bank.act(giver, exchange_id, "dispute", reason="I was there")

    rep = people.rep("north-west")
    ruled = bank.act(rep, exchange_id, "resolve", outcome="settle", minutes=30, reason="Was")

    assert (ruled["state"], ruled["next_actor"]) == ("accepted", "ledger")
    assert bank.said(exchange_id)[-1]["attempt"] == 2
    bank.held(exchange_id, 30, attempt=2)
    assert bank.state(exchange_id) == "completed"
    assert bank.said(exchange_id)[-1]["minutes"] == 30
    assert bank.said(exchange_id)[-1]["actor_id"] == str(rep.id)


def test_a_rep_reverses_what_is_settled(bank: Bank, giver: Caller, receiver: Caller) -> None:
    exchange_id = bank.settled(giver, receiver)
    transfer_id = bank.said(exchange_id)[-1]["transfer_id"]

    done = bank.act(people.rep("north-west"), exchange_id, "reverse", reason="Wrong person")

    assert (done["state"], done["next_actor"]) == ("reversed", None)
    said = bank.said(exchange_id)[-1]
    assert (said["event"], said["transfer_id"], said["reason"]) == (
        "exchange_reversed",
        transfer_id,
        "reversed_by_rep",
    )


def test_a_large_reversal_takes_a_second_person(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.settled(giver, receiver, minutes=135)
    rep = people.rep("north-west")

    first = bank.act(rep, exchange_id, "reverse", reason="Wrong person")

    assert (first["state"], first["reversal_pending"]) == ("settled", True)
    with pytest.raises(errors.SecondApproverNeeded):
        bank.act(rep, exchange_id, "reverse", reason="Really")
    assert bank.events(exchange_id)[-1] == "settled"
    second = bank.act(people.national(), exchange_id, "reverse", reason="I agree")
    assert second["state"] == "reversed"
    *_, asked_for, agreed_to = bank.look(rep, exchange_id)["history"]
    assert asked_for["actor_id"] == str(rep.id) != agreed_to["actor_id"]


def test_two_hours_need_no_second_person(bank: Bank, giver: Caller, receiver: Caller) -> None:
    exchange_id = bank.settled(giver, receiver, minutes=120)

    assert bank.act(people.national(), exchange_id, "reverse", reason="x")["state"] == "reversed"


def test_nothing_is_reversed_after_ninety_days(bank: Bank, giver: Caller, receiver: Caller) -> None:
    exchange_id, rep = bank.settled(giver, receiver), people.rep("north-west")
    bank.advance(days=90, minutes=-1)
    assert bank.look(rep, exchange_id)["allowed"] == ["reverse"]

    bank.advance(minutes=2)

    with pytest.raises(errors.StepNotAllowed):
        bank.act(rep, exchange_id, "reverse", reason="Late")


def test_a_party_reverses_nothing(bank: Bank, giver: Caller) -> None:
    rep = people.rep("north-west")
    exchange_id = bank.settled(giver, rep)

    with pytest.raises(errors.OwnMatter):
        bank.act(rep, exchange_id, "reverse", reason="Mine")
    with pytest.raises(errors.NotAllowed):
        bank.act(giver, exchange_id, "reverse", reason="Mine")


def test_a_dispute_or_a_ruling_needs_a_reason(
    bank: Bank, giver: Caller, receiver: Caller, disputed: str
) -> None:
    with pytest.raises(errors.Invalid):
        bank.act(people.rep("north-west"), disputed, "resolve", outcome="cancel")
    exchange_id = bank.booked(giver, receiver)
    bank.act(giver, exchange_id, "done", minutes=60)
    with pytest.raises(errors.Invalid):
        bank.act(receiver, exchange_id, "dispute", reason="  ")
