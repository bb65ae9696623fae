"""Who sees which exchange, and how much of it."""

from typing import Any

import pytest

from services.bus.caller import SERVICE, Caller
from services.exchanges import errors, exchange_handlers, sweep_handlers
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
    return bank.booked(giver, receiver, message="Monday?")


def ids(found: dict[str, Any]) -> list[str]:
    return [item["id"] for item in found["items"]]


def test_anothers_exchange_is_not_found(bank: Bank, exchange_id: str) -> None:
    for stranger in (people.member(), people.rep("midlands"), Caller(email="a@example.org")):
        with pytest.raises(errors.ExchangeNotFound) as refusal:
            bank.look(stranger, exchange_id)
        assert refusal.value.code == "exchange_not_found"
    with pytest.raises(errors.ExchangeNotFound):
        bank.act(people.member(), exchange_id, "cancel")


@pytest.mark.parametrize("exchange_id", ["", "nonsense", None, 7])
def test_an_id_that_is_none_is_not_found(bank: Bank, exchange_id: Any) -> None:
    with pytest.raises(errors.ExchangeNotFound):
        bank.look(people.member(), exchange_id)
    with pytest.raises(errors.ExchangeNotFound):
        bank.act(people.member(), exchange_id, "accept")


def test_the_message_is_private_to_the_two(
    bank: Bank, giver: Caller, receiver: Caller, exchange_id: str
) -> None:
    assert bank.look(giver, exchange_id)["message"] == "Monday?"
    assert bank.look(receiver, exchange_id)["message"] == "Monday?"
    for reader in (people.rep("london"), people.rep("north-west"), people.national(), SERVICE):
        assert bank.look(reader, exchange_id)["message"] is None


def test_a_rep_looks_and_reminds_and_does_not_act_as_a_party(bank: Bank, exchange_id: str) -> None:
    rep = people.rep("north-west")

    assert bank.look(rep, exchange_id)["allowed"] == ["remind"]
    with pytest.raises(errors.NotAllowed):
        bank.act(rep, exchange_id, "cancel")


def test_the_history_names_every_step(
    bank: Bank, giver: Caller, receiver: Caller, exchange_id: str
) -> None:
    history = bank.look(giver, exchange_id)["history"]

    assert [(step["version"], step["action"], step["state"]) for step in history] == [
        (1, "ask", "requested"),
        (2, "accept", "accepted"),
        (3, "held", "booked"),
    ]
    assert [step["actor_id"] for step in history] == [str(receiver.id), str(giver.id), None]


def test_a_person_lists_their_own_exchanges(
    bank: Bank, giver: Caller, receiver: Caller, exchange_id: str
) -> None:
    bank.booked(people.member(), people.member())
    reverse = bank.ask(giver, bank.publish(receiver))["id"]

    assert ids(bank.mine(giver)) == [reverse, exchange_id]
    assert ids(bank.mine(giver, mine="all")) == [reverse, exchange_id]
    assert ids(bank.mine(giver, mine=True)) == [reverse, exchange_id]
    assert ids(bank.mine(giver, mine="giver")) == [exchange_id]
    assert ids(bank.mine(giver, mine="receiver")) == [reverse]
    assert ids(bank.mine(giver, state="booked")) == [exchange_id]
    first = bank.mine(giver, limit=1)
    assert ids(bank.mine(giver, limit=1, cursor=first["next"])) == [exchange_id]


def test_what_waits_on_a_person_is_listed(bank: Bank, giver: Caller, receiver: Caller) -> None:
    asked = bank.ask(receiver, bank.publish(giver))["id"]

    assert ids(bank.mine(giver, waiting_on_me=True)) == [asked]
    assert ids(bank.mine(receiver, waiting_on_me=True)) == []
    bank.act(giver, asked, "accept")
    assert ids(bank.mine(giver, waiting_on_me=True)) == []
    bank.held(asked)
    assert ids(bank.mine(giver, waiting_on_me=True)) == [asked]
    assert ids(bank.mine(receiver, waiting_on_me=True)) == [asked]


def test_a_rep_lists_the_exchanges_of_the_region(
    bank: Bank, giver: Caller, receiver: Caller, exchange_id: str
) -> None:
    bank.booked(people.member("midlands"), people.member("midlands"))
    rep = people.rep("north-west")

    assert ids(bank.mine(rep, region="north-west")) == [exchange_id]
    assert ids(bank.mine(rep, region="north-west", state="disputed")) == []
    assert ids(bank.mine(people.national(), region="london")) == [exchange_id]
    for stranger, region in ((rep, "london"), (giver, "london")):
        with pytest.raises(errors.NotAllowed):
            bank.mine(stranger, region=region)


def test_who_has_not_joined_has_no_list(bank: Bank) -> None:
    with pytest.raises(errors.NotAMember):
        bank.mine(Caller(email="a@example.org"))


@pytest.mark.parametrize(
    "query", [{"state": "lost"}, {"mine": "theirs"}, {"limit": 0}, {"waiting_on_me": "yes"}]
)
def test_a_query_of_the_wrong_shape_is_refused(bank: Bank, query: dict[str, Any]) -> None:
    with pytest.raises(errors.Invalid):
        bank.mine(people.member(), **query)


def test_services_are_told_what_notices_need(
    bank: Bank, giver: Caller, receiver: Caller, exchange_id: str
) -> None:
    found = bank.do(exchange_handlers.summaries, SERVICE, [exchange_id, str(giver.id), "nonsense"])

    assert list(found) == [exchange_id]
    assert found[exchange_id]["title"] == people.OFFER["title"]
    assert found[exchange_id]["giver_id"] == str(giver.id)
    with pytest.raises(errors.NotAllowed):
        bank.do(exchange_handlers.summaries, giver, [exchange_id])
    with pytest.raises(errors.Invalid):
        bank.do(exchange_handlers.summaries, SERVICE, exchange_id)


def test_exchanges_are_counted_by_state_and_region(bank: Bank, exchange_id: str) -> None:
    counts = bank.do(sweep_handlers.count, people.REGIONS)

    assert counts["booked", "north-west"] == 1
    assert counts["booked", "london"] == 0
    assert counts["completed", "north-west"] == 0
