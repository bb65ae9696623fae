"""An exchange that nothing disturbs, from the listing to the settled credits."""

from uuid import UUID, uuid5

from tests.exchanges import people
from tests.exchanges.people import Bank


def test_an_undisturbed_exchange_goes_from_request_to_settled(bank: Bank) -> None:
    giver, receiver = people.member("london"), people.member("north-west")
    listing = bank.publish(giver)
    assert [found["id"] for found in bank.search(receiver, q="rota")["items"]] == [listing["id"]]

    asked = bank.ask(receiver, listing, minutes=90, starts_at=bank.soon(), message="Monday?")
    assert (asked["state"], asked["next_actor"], asked["allowed"]) == (
        "requested",
        "giver",
        ["withdraw"],
    )
    exchange_id = asked["id"]

    accepted = bank.act(giver, exchange_id, "accept")
    assert (accepted["state"], accepted["next_actor"]) == ("accepted", "ledger")
    bank.held(exchange_id, 90)
    assert bank.look(giver, exchange_id)["held_minutes"] == 90

    done = bank.act(giver, exchange_id, "done", minutes=75)
    assert (done["state"], done["next_actor"]) == ("awaiting_confirmation", "receiver")
    confirmed = bank.act(receiver, exchange_id, "confirm")
    assert (confirmed["state"], confirmed["minutes"]) == ("completed", 75)
    bank.transferred(exchange_id)

    settled = bank.look(receiver, exchange_id)
    assert (settled["state"], settled["next_actor"], settled["deadline"]) == (
        "settled",
        None,
        None,
    )
    assert bank.events(exchange_id) == [
        "requested",
        "accepted",
        "booked",
        "done",
        "completed",
        "settled",
    ]


def test_what_is_said_carries_the_receivers_region_and_the_hold(bank: Bank) -> None:
    giver, receiver = people.member("london"), people.member("north-west")

    exchange_id = bank.settled(giver, receiver)

    said = {event["event"]: event for event in bank.said(exchange_id)}
    hold_id = str(uuid5(UUID(exchange_id), "hold:1"))
    assert {event["routed"] for event in said.values()} == {"north-west"}
    assert said["exchange_accepted"]["hold_id"] == hold_id
    assert said["exchange_completed"]["hold_id"] == hold_id
    assert said["exchange_settled"]["transfer_id"] == str(uuid5(UUID(exchange_id), "exchange"))
    assert said["exchange_requested"]["giver_organisation"] == "org-of-london"
    assert [event["version"] for event in said.values()] == [1, 2, 3, 4, 5]


def test_the_owner_of_a_request_receives(bank: Bank) -> None:
    owner, helper = people.member("midlands"), people.member("london")
    listing = bank.publish(owner, kind="request")

    asked = bank.ask(helper, listing)

    assert asked["giver"]["id"] == str(helper.id)
    assert asked["receiver"] == {"id": str(owner.id), "region": "midlands"}
    assert asked["next_actor"] == "receiver"
    assert asked["region"] == "midlands"
