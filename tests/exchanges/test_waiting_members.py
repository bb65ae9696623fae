"""What somebody may do who has joined and waits to be let in, and what leaving ends."""

import dataclasses

import pytest

from services.exchanges import errors
from tests.exchanges import people
from tests.exchanges.people import Bank


def test_a_request_of_somebody_who_waits_is_kept_back(bank: Bank) -> None:
    owner, asker = people.member(), people.member(approved=False)

    asked = bank.ask(asker, bank.publish(owner))

    assert (asked["state"], asked["next_actor"], asked["allowed"]) == (
        "requested",
        "rep",
        ["withdraw"],
    )
    assert asked["sent"] is False
    assert bank.events(asked["id"]) == []
    with pytest.raises(errors.ExchangeNotFound):
        bank.look(owner, asked["id"])
    assert bank.mine(owner)["items"] == []
    assert [found["id"] for found in bank.mine(asker)["items"]] == [asked["id"]]


def test_it_is_sent_on_approval_and_its_week_begins_then(bank: Bank) -> None:
    owner, asker = people.member(), people.member(approved=False)
    asked = bank.ask(asker, bank.publish(owner))
    bank.wait(days=10)

    bank.approved(asker)

    seen = bank.look(owner, asked["id"])
    assert (seen["next_actor"], seen["allowed"]) == ("giver", ["accept", "decline", "amend"])
    assert bank.events(asked["id"]) == ["requested"]
    bank.wait(days=6, hours=23)
    assert bank.state(asked["id"]) == "requested"
    bank.wait(hours=2)
    assert bank.state(asked["id"]) == "expired"


def test_an_approval_heard_before_the_request_sends_it_at_once(bank: Bank) -> None:
    owner, asker = people.member(), people.member(approved=False)
    bank.approved(asker)

    asked = bank.ask(asker, bank.publish(owner))

    assert asked["next_actor"] == "giver"
    assert bank.events(asked["id"]) == ["requested"]


def test_an_approval_that_comes_twice_sends_once(bank: Bank) -> None:
    asker = people.member(approved=False)
    asked = bank.ask(asker, bank.publish(people.member()))

    bank.approved(asker)
    bank.approved(asker)

    assert bank.events(asked["id"]) == ["requested"]


def test_somebody_refused_takes_what_was_kept_back_with_them(bank: Bank) -> None:
    asker = people.member(approved=False)
    asked = bank.ask(asker, bank.publish(people.member()))

    bank.left(asker)

    assert bank.state(asked["id"]) == "withdrawn"
    assert bank.events(asked["id"]) == []


def test_an_approval_that_comes_after_the_departure_changes_nothing(bank: Bank) -> None:
    asker = people.member(approved=False)
    asked = bank.ask(asker, bank.publish(people.member()))
    bank.left(asker, version=3)

    bank.approved(asker, version=2)

    assert bank.state(asked["id"]) == "withdrawn"
    with pytest.raises(errors.NotAMember):
        bank.ask(dataclasses.replace(asker, approved=True), bank.publish(people.member()))


def test_what_is_kept_back_can_be_withdrawn(bank: Bank) -> None:
    asker = people.member(approved=False)
    asked = bank.ask(asker, bank.publish(people.member()))

    assert bank.act(asker, asked["id"], "withdraw")["state"] == "withdrawn"
    assert bank.events(asked["id"]) == []


def test_what_is_kept_back_ends_after_four_weeks(bank: Bank) -> None:
    asked = bank.ask(people.member(approved=False), bank.publish(people.member()))

    bank.wait(days=28, hours=1)

    assert bank.state(asked["id"]) == "expired"


def test_somebody_who_waits_publishes_and_accepts_nothing(bank: Bank) -> None:
    waiting = people.member(approved=False)
    asked = bank.ask(people.member(), bank.publish(people.member()))

    with pytest.raises(errors.NotApproved):
        bank.publish(waiting)
    with pytest.raises(errors.NotApproved):
        bank.act(waiting, asked["id"], "accept")


def test_leaving_closes_listings_and_ends_what_is_open(bank: Bank) -> None:
    leaver, other = people.member(), people.member()
    listing = bank.publish(leaver)
    requested = bank.ask(other, listing)["id"]
    accepted = bank.ask(other, listing)["id"]
    bank.act(leaver, accepted, "accept")
    booked = bank.booked(leaver, other)
    settled = bank.settled(leaver, other)

    bank.left(leaver)

    assert bank.search(other)["items"] == []
    assert [bank.state(one) for one in (requested, accepted, booked, settled)] == [
        "withdrawn",
        "withdrawn",
        "cancelled",
        "settled",
    ]
    assert bank.said(accepted)[-1]["hold_id"]
    assert bank.said(booked)[-1]["hold_id"]
    assert bank.events(listing["id"]) == ["listing_published", "listing_closed"]
    with pytest.raises(errors.NotAMember):
        bank.publish(leaver)


def test_who_leaves_takes_along_what_they_wrote_and_nothing_of_the_others(bank: Bank) -> None:
    leaver, other = people.member(), people.member()
    for owner, asker in ((leaver, other), (other, leaver)):
        wrote = {"description": "Ring 07700 900123", "place": "My kitchen", "online": False}
        bank.ask(asker, bank.publish(owner, **wrote), message="It is about my mother")
        bank.act(asker, bank.settled(owner, asker), "thank", message="She is well", publish=True)

    bank.left(leaver)

    listings = bank.execute("select description, place, skills, owner_id from listing")
    assert {each[:2] for each in listings if each[3] == other.id} > {(*list(wrote.values())[:2],)}
    assert {(*each[:2], *each[2]) for each in listings if each[3] == leaver.id} == {("", None)}
    asked = bank.execute("select message, asker_id from exchange where message is not null")
    assert asked == [("It is about my mother", other.id)]
    thanked = bank.execute("select message, publish, author_id from thanks order by publish")
    assert thanked == [("", False, leaver.id), ("She is well", True, other.id)]


def test_help_already_given_is_paid_when_the_receiver_leaves(bank: Bank) -> None:
    giver, receiver = people.member(), people.member()
    exchange_id = bank.booked(giver, receiver, minutes=60)
    bank.act(giver, exchange_id, "done", minutes=90)

    bank.left(receiver)

    assert bank.state(exchange_id) == "completed"
    assert bank.said(exchange_id)[-1]["minutes"] == 60


def test_the_receiver_keeps_the_last_word_when_the_giver_leaves(bank: Bank) -> None:
    giver, receiver = people.member(), people.member()
    exchange_id = bank.booked(giver, receiver)
    bank.act(giver, exchange_id, "done", minutes=60)

    bank.left(giver)

    assert bank.act(receiver, exchange_id, "dispute", reason="Not so")["state"] == "disputed"


def test_a_departure_heard_twice_ends_things_once(bank: Bank) -> None:
    giver, receiver = people.member(), people.member()
    exchange_id = bank.booked(giver, receiver)

    bank.left(giver)
    bank.left(giver)

    assert bank.events(exchange_id).count("cancelled") == 1
