"""Another system books for a member, leaves its mark, and is kept to what the member agreed."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from services.bus.caller import Caller
from services.bus.entrypoints import Bus
from services.bus.idempotency import Key
from services.bus.rpc import RpcError
from services.bus.transaction import new_id
from services.contracts import scopes
from services.exchanges import errors, schemas
from services.exchanges.service import Exchanges
from tests.bus import running
from tests.exchanges import people
from tests.exchanges.people import Bank


def acting_for(member: Caller, *given: str) -> Caller:
    """The member, as a system acts for them."""
    held = frozenset(given or scopes.SCOPES)
    return dataclasses.replace(member, client=new_id(), scopes=held)


def acts(bank: Bank) -> list[Any]:
    return bank.execute("select version, client_id, member_id, action from client_act order by at")


def test_what_a_system_did_stands_beside_the_members_name_in_the_history(bank: Bank) -> None:
    giver, receiver = people.member(), people.member("north-west")
    system = acting_for(receiver)
    asked = bank.ask(system, bank.publish(giver))
    bank.act(giver, asked["id"], "accept")
    bank.held(asked["id"])
    bank.act(system, asked["id"], "cancel", reason="The rota changed.")

    seen = bank.look(giver, asked["id"])["history"]

    by = [(step["action"], step["actor_id"], step["client_id"]) for step in seen]
    assert by[0] == ("ask", str(receiver.id), str(system.client))
    assert by[1] == ("accept", str(giver.id), None)
    assert by[-1] == ("cancel", str(receiver.id), str(system.client))
    assert [(row[1], row[2], row[3]) for row in acts(bank)] == [
        (system.client, receiver.id, "ask"),
        (system.client, receiver.id, "cancel"),
    ]


def test_a_member_acting_in_person_leaves_no_mark_of_a_system(bank: Bank) -> None:
    bank.ask(people.member(), bank.publish(people.member()))

    assert acts(bank) == []


def test_a_step_that_is_refused_is_no_act(bank: Bank) -> None:
    member = people.member()
    with pytest.raises(errors.OwnListing):
        bank.ask(acting_for(member), bank.publish(member))

    assert acts(bank) == []


@pytest.mark.parametrize("action", sorted(set(schemas.ACTIONS) - scopes.BOOKING))
def test_what_a_person_must_say_themselves_no_system_says(bank: Bank, action: str) -> None:
    giver, receiver = people.member(), people.member()
    exchange_id = bank.booked(giver, receiver)

    with pytest.raises(errors.OnlyInPerson):
        bank.act(acting_for(receiver), exchange_id, action, minutes=60)

    assert bank.state(exchange_id) == "booked"


def test_every_booking_step_is_one_there_is() -> None:
    assert set(schemas.ACTIONS) > scopes.BOOKING


def test_a_system_sees_the_members_exchanges_and_nobody_elses(bank: Bank) -> None:
    one, other = people.member(), people.member()
    exchange_id = bank.booked(people.member(), one)

    assert bank.look(acting_for(one), exchange_id)["id"] == exchange_id
    with pytest.raises(errors.ExchangeNotFound):
        bank.look(acting_for(other), exchange_id)


def test_the_record_of_what_systems_did_is_only_added_to(bank: Bank) -> None:
    bank.ask(acting_for(people.member()), bank.publish(people.member()))

    for statement in ("delete from client_act", "update client_act set action = 'x'"):
        with pytest.raises(psycopg.errors.CheckViolation):
            bank.execute(statement)


@pytest.fixture
def bus(
    monkeypatch: pytest.MonkeyPatch, service_database: Callable[[str], str], vhost: str
) -> Iterator[Bus]:
    place = {"AMQP_URL": vhost, "DATABASE_URL": service_database("services.exchanges")}
    with running.running(monkeypatch, Exchanges, **place) as found:
        yield found


def test_the_service_itself_keeps_a_system_to_its_scopes(bus: Bus) -> None:
    def call(method: str, who: Caller, **arguments: Any) -> Any:
        return bus.call("exchanges", method, caller=who, **arguments)

    def refused(method: str, who: Caller, **arguments: Any) -> str:
        with pytest.raises(RpcError) as error:
            call(method, who, **arguments)
        assert error.value.family == "not_allowed"
        return error.value.code

    member = people.member()
    listing = call("publish_listing", people.member(), body=people.OFFER)
    body = {"listing_id": listing["id"], "minutes": 60}
    reads, books = acting_for(member, scopes.READ_LISTINGS), acting_for(member, scopes.BOOK)
    assert call("listing", reads, listing_id=listing["id"])["id"] == listing["id"]
    assert refused("ask", reads, body=body) == "scope_missing"
    assert refused("listing", books, listing_id=listing["id"]) == "scope_missing"
    everything = acting_for(member)
    assert refused("publish_listing", everything, body=people.OFFER) == "scope_missing"
    assert refused("summaries", everything, ids=[]) == "scope_missing"
    key = Key("one", "POST /v1/exchanges", "hash")
    asked = call("ask", books, key=key, body=body)
    assert call("ask", books, key=key, body=body) == asked
    own = call("ask", member, key=key, body=body)
    assert own["id"] != asked["id"], "a system's keys are not the member's"
    (shown,) = call("exchange", member, exchange_id=asked["id"])["history"]
    assert shown["client_id"] == str(books.client)
