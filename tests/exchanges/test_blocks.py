"""Blocking: the two do not find, ask or write to each other, and what is open ends."""

from typing import Any

import pytest

from services.bus.caller import Caller
from services.exchanges import (
    block_handlers,
    errors,
    exchange_handlers,
    listing_handlers,
    message_handlers,
    parting,
)
from tests.exchanges import people
from tests.exchanges.people import Bank
from tests.exchanges.test_at_the_same_moment import both
from tests.exchanges.test_recording import record

GIVER = people.member("london")
RECEIVER = people.member("north-west")


def block(bank: Bank, blocker: Caller, other: Caller) -> None:
    bank.do(block_handlers.block, blocker, str(other.id))


@pytest.mark.parametrize(
    ("blocker", "other"), [(GIVER, RECEIVER), (RECEIVER, GIVER)], ids=["giver", "receiver"]
)
def test_whoever_blocks_neither_finds_nor_asks_the_other(
    bank: Bank, blocker: Caller, other: Caller
) -> None:
    offer = bank.publish(GIVER, skills=["Rotas"])
    block(bank, blocker, other)
    assert bank.search(RECEIVER)["items"] == []
    assert bank.search(RECEIVER, q="rota")["items"] == []
    assert bank.search(RECEIVER, owner=str(GIVER.id))["items"] == []
    assert bank.matches(RECEIVER, wanted=["Rotas"]) == []
    for attempt in (
        lambda: bank.ask(RECEIVER, offer),
        lambda: bank.do(listing_handlers.one, RECEIVER, offer["id"]),
    ):
        with pytest.raises(errors.ListingNotFound):
            attempt()
    with pytest.raises(errors.PartyNotFound):
        record(bank, RECEIVER, GIVER, role="receiver")


def test_others_still_find_and_ask_both(bank: Bank) -> None:
    offer = bank.publish(GIVER, skills=["Rotas"])
    block(bank, GIVER, RECEIVER)
    third = people.member("midlands")
    assert [each["id"] for each in bank.search(third)["items"]] == [offer["id"]]
    assert len(bank.matches(third, wanted=["Rotas"])) == 1
    assert bank.ask(third, offer)["state"] == "requested"


def test_what_is_asked_or_booked_ends_and_the_hold_goes_back(bank: Bank) -> None:
    requested = bank.ask(RECEIVER, bank.publish(GIVER))["id"]
    accepted = bank.ask(RECEIVER, bank.publish(GIVER))["id"]
    bank.act(GIVER, accepted, "accept")
    booked = bank.booked(GIVER, RECEIVER)
    hold_id = bank.said(booked)[-1]["hold_id"]
    block(bank, GIVER, RECEIVER)
    states = [bank.state(each) for each in (requested, accepted, booked)]
    assert states == ["withdrawn", "withdrawn", "cancelled"]
    assert bank.said(booked)[-1]["hold_id"] == hold_id
    assert bank.said(accepted)[-1]["hold_id"] is not None
    assert {bank.said(each)[-1]["actor_id"] for each in (requested, booked)} == {str(GIVER.id)}


def test_help_that_was_given_is_still_confirmed_and_paid(bank: Bank) -> None:
    done = bank.booked(GIVER, RECEIVER)
    bank.act(GIVER, done, "done", minutes=60)
    block(bank, RECEIVER, GIVER)
    assert bank.state(done) == "awaiting_confirmation"
    assert bank.act(RECEIVER, done, "confirm")["state"] == "completed"


def test_exchanges_with_others_go_on(bank: Bank) -> None:
    with_another = bank.booked(GIVER, people.member("midlands"))
    block(bank, GIVER, RECEIVER)
    assert bank.state(with_another) == "booked"


def test_they_write_no_more_and_see_no_address(bank: Bank) -> None:
    settled = bank.settled(GIVER, RECEIVER)
    block(bank, RECEIVER, GIVER)
    for one in (GIVER, RECEIVER):
        seen = bank.look(one, settled)
        open_ = [seen[name] for name in ("contact_open", "messages_open", "reachable")]
        assert open_ == [False, False, False]
        with pytest.raises(errors.MessagesClosed):
            bank.do(message_handlers.write, one, settled, {"text": "Why?"})


def test_who_is_blocked_is_not_told_and_their_story_says_only_that_it_ended(bank: Bank) -> None:
    booked = bank.booked(GIVER, RECEIVER)
    block(bank, GIVER, RECEIVER)
    assert bank.do(block_handlers.blocked, RECEIVER)["items"] == []
    last = bank.look(RECEIVER, booked)["history"][-1]
    assert (last["action"], last["reason"]) == ("end", None)
    assert "block" not in str(bank.said(booked))


def test_taking_it_back_lets_them_find_each_other_again(bank: Bank) -> None:
    offer = bank.publish(GIVER)
    block(bank, RECEIVER, GIVER)
    block(bank, RECEIVER, GIVER)
    (listed,) = bank.do(block_handlers.blocked, RECEIVER)["items"]
    assert listed["member_id"] == str(GIVER.id)
    bank.do(block_handlers.unblock, GIVER, str(RECEIVER.id))  # not theirs to take back
    assert bank.search(RECEIVER)["items"] == []
    bank.do(block_handlers.unblock, RECEIVER, str(GIVER.id))
    assert bank.ask(RECEIVER, offer)["state"] == "requested"


def test_a_block_of_each_other_needs_both_to_end(bank: Bank) -> None:
    bank.publish(GIVER)
    block(bank, RECEIVER, GIVER)
    block(bank, GIVER, RECEIVER)
    bank.do(block_handlers.unblock, RECEIVER, str(GIVER.id))
    assert bank.search(RECEIVER)["items"] == []


def test_nobody_blocks_themselves_or_nobody_or_more_than_two_hundred(bank: Bank) -> None:
    with pytest.raises(errors.NotWithOneself):
        block(bank, GIVER, GIVER)
    with pytest.raises(errors.PartyNotFound):
        bank.do(block_handlers.block, GIVER, "nobody")
    bank.execute(
        "insert into block select %s, gen_random_uuid(), now() from generate_series(1, %s)",
        GIVER.id, parting.MOST,
    )  # fmt: skip
    with pytest.raises(errors.TooManyBlocked):
        block(bank, GIVER, RECEIVER)


def test_of_asking_and_blocking_at_the_same_moment_nothing_stays_open(bank: Bank) -> None:
    offer = bank.publish(GIVER)
    body = {"listing_id": offer["id"], "minutes": 60}
    asked: list[Any] = []

    both(
        bank,
        lambda tx: asked.append(exchange_handlers.ask(tx, RECEIVER, body)),
        lambda tx: block_handlers.block(tx, GIVER, str(RECEIVER.id)),
    )

    assert bank.state(asked[0]["id"]) == "withdrawn"


def test_who_leaves_is_blocked_by_nobody_any_more(bank: Bank) -> None:
    block(bank, RECEIVER, GIVER)
    bank.left(GIVER)
    assert bank.do(block_handlers.blocked, RECEIVER)["items"] == []
