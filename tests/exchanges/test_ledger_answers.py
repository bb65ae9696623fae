"""The ledger's answers: late, repeated, out of order, or for something else."""

from uuid import UUID, uuid5

import pytest

from services.bus.caller import Caller
from services.bus.transaction import new_id
from services.contracts import readers
from services.exchanges import handlers
from tests.exchanges import people
from tests.exchanges.people import Bank


@pytest.fixture
def giver() -> Caller:
    return people.member("london")


@pytest.fixture
def receiver() -> Caller:
    return people.member("north-west")


@pytest.fixture
def accepted(bank: Bank, giver: Caller, receiver: Caller) -> str:
    asked = bank.ask(receiver, bank.publish(giver))
    bank.act(giver, asked["id"], "accept")
    exchange_id: str = asked["id"]
    return exchange_id


def test_what_it_hears_is_what_the_readers_say() -> None:
    assert set(handlers.SUBSCRIPTIONS) == set(readers.READERS["exchanges"])


def test_a_repeated_answer_books_once(bank: Bank, accepted: str) -> None:
    bank.held(accepted)
    bank.held(accepted)

    assert bank.events(accepted).count("booked") == 1


def test_the_same_answer_twice_in_one_batch_books_once(bank: Bank, accepted: str) -> None:
    exchange = UUID(accepted)
    answer = handlers.Held(uuid5(exchange, "hold:1"), exchange, 60)

    bank.hear("ledger.minutes_held", answer, answer)

    assert bank.events(accepted) == ["requested", "accepted", "booked"]


def test_an_answer_to_an_earlier_attempt_is_ignored(
    bank: Bank, receiver: Caller, accepted: str
) -> None:
    bank.refused(accepted)
    bank.act(receiver, accepted, "ask_fund")

    bank.held(accepted, attempt=1)
    bank.refused(accepted, attempt=1)
    assert bank.state(accepted) == "accepted"
    bank.held(accepted, attempt=2)

    assert bank.state(accepted) == "booked"


def test_a_hold_for_what_ended_meanwhile_is_ignored(
    bank: Bank, giver: Caller, accepted: str
) -> None:
    bank.left(giver)

    bank.held(accepted)

    assert bank.state(accepted) == "withdrawn"
    assert bank.events(accepted)[-1] == "withdrawn"


def test_a_refusal_after_the_booking_is_ignored(bank: Bank, accepted: str) -> None:
    bank.held(accepted)

    bank.refused(accepted)

    assert bank.state(accepted) == "booked"


def test_a_repeated_transfer_settles_once(bank: Bank, receiver: Caller, accepted: str) -> None:
    bank.held(accepted)
    bank.act(receiver, accepted, "done", minutes=60)

    bank.transferred(accepted)
    bank.transferred(accepted)

    assert bank.events(accepted).count("settled") == 1


def test_a_transfer_of_another_kind_settles_nothing(
    bank: Bank, receiver: Caller, accepted: str
) -> None:
    bank.held(accepted)
    bank.act(receiver, accepted, "done", minutes=60)

    bank.transferred(accepted, kind="reversal")
    bank.hear("ledger.minutes_transferred", handlers.Transferred(new_id(), "donation", None))

    assert bank.state(accepted) == "completed"


def test_answers_about_exchanges_there_are_not_are_ignored(bank: Bank) -> None:
    unknown = str(new_id())

    bank.held(unknown)
    bank.refused(unknown)
    bank.transferred(unknown)

    assert bank.events(unknown) == []


def test_a_batch_of_answers_books_every_exchange_with_its_own_correlation(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    listing = bank.publish(giver)
    asked = [bank.ask(receiver, listing)["id"] for _ in range(3)]
    for exchange_id in asked:
        bank.act(giver, exchange_id, "accept")

    bank.hear(
        "ledger.minutes_held",
        *(handlers.Held(uuid5(UUID(one), "hold:1"), UUID(one), 60) for one in reversed(asked)),
    )

    assert [bank.state(one) for one in asked] == ["booked"] * 3
    assert bank.execute(
        "select distinct headers ->> 'ce-correlationid' from unsaid"
        " where headers ->> 'ce-type' = 'exchange_booked'"
    ) == [("c",)]
