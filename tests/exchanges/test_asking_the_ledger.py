"""A hold is enlarged between two transactions; refused, nothing has changed."""

from typing import Any

import pytest

from services.bus.caller import Caller, service_in
from services.bus.errors import TryLater
from services.bus.idempotency import Key
from services.bus.rpc import Call, RpcError
from services.exchanges import errors, exchange_handlers
from tests.exchanges import people
from tests.exchanges.people import Bank


class Ledger:
    """Stands where the bus leads to the ledger: it answers as told, and may act meanwhile."""

    def __init__(self, bank: Bank, answer: Any) -> None:
        self.bank, self.answer = bank, answer
        self.asked: list[dict[str, Any]] = []

    def transaction(self, correlation_id: str | None = None) -> Any:
        return self.bank.database.transaction(correlation_id)

    def call(self, service: str, method: str, **arguments: Any) -> Any:
        self.asked.append({"question": f"{service}.{method}", **arguments})
        answered = self.answer()
        if isinstance(answered, Exception):
            raise answered
        return answered


@pytest.fixture
def giver() -> Caller:
    return people.member("london")


@pytest.fixture
def receiver() -> Caller:
    return people.member("north-west")


@pytest.fixture
def exchange_id(bank: Bank, giver: Caller, receiver: Caller) -> str:
    return bank.booked(giver, receiver, minutes=60)


def done(ledger: Ledger, caller: Caller, exchange_id: str, minutes: int) -> dict[str, Any]:
    call = Call(caller, Key("k", "POST /v1/exchanges/{id}/done", f"hash {minutes}"))
    return exchange_handlers.act_asking_the_ledger(
        ledger, call, exchange_id, "done", {"minutes": minutes}, None
    )


def test_more_minutes_complete_once_the_ledger_holds_them(
    bank: Bank, receiver: Caller, exchange_id: str
) -> None:
    ledger = Ledger(bank, lambda: {"held": True, "available_minutes": 0})

    answer = done(ledger, receiver, exchange_id, 90)

    assert (answer["state"], answer["minutes"]) == ("completed", 90)
    [asked] = ledger.asked
    assert asked["question"] == "ledger.enlarge_hold"
    assert (asked["minutes"], asked["caller"]) == (90, service_in("north-west"))
    assert asked["hold_id"] == bank.said(exchange_id)[-1]["hold_id"]


def test_a_refusal_of_the_ledger_changes_nothing(
    bank: Bank, receiver: Caller, exchange_id: str
) -> None:
    refusal = RpcError("hold_not_enlarged", "No", {"available_minutes": 15})
    before = bank.look(receiver, exchange_id)

    with pytest.raises(errors.HoldNotEnlarged) as refused:
        done(Ledger(bank, lambda: refusal), receiver, exchange_id, 90)

    assert refused.value.detail == {"minutes": 90, "held_minutes": 60, "available_minutes": 15}
    assert bank.look(receiver, exchange_id) == before


def test_a_ledger_that_does_not_answer_changes_nothing(
    bank: Bank, receiver: Caller, exchange_id: str
) -> None:
    with pytest.raises(TryLater):
        done(Ledger(bank, TryLater), receiver, exchange_id, 90)

    assert bank.state(exchange_id) == "booked"


def test_what_is_held_needs_no_question(bank: Bank, receiver: Caller, exchange_id: str) -> None:
    ledger = Ledger(bank, lambda: AssertionError("asked"))

    assert done(ledger, receiver, exchange_id, 45)["state"] == "completed"
    assert ledger.asked == []


def test_a_repeated_key_gets_the_first_answer_without_a_question(
    bank: Bank, receiver: Caller, exchange_id: str
) -> None:
    ledger = Ledger(bank, lambda: {"held": True, "available_minutes": 0})
    first = done(ledger, receiver, exchange_id, 90)

    again = done(ledger, receiver, exchange_id, 90)

    assert again == first
    assert len(ledger.asked) == 1


def test_what_was_cancelled_while_the_ledger_was_asked_stays_cancelled(
    bank: Bank, giver: Caller, receiver: Caller, exchange_id: str
) -> None:
    def cancel() -> dict[str, Any]:
        bank.act(giver, exchange_id, "cancel")
        return {"held": True, "available_minutes": 0}

    with pytest.raises(errors.StepNotAllowed):
        done(Ledger(bank, cancel), receiver, exchange_id, 90)

    assert bank.state(exchange_id) == "cancelled"


def test_a_confirmation_above_the_hold_asks_too(
    bank: Bank, giver: Caller, receiver: Caller, exchange_id: str
) -> None:
    bank.act(giver, exchange_id, "done", minutes=90)
    ledger = Ledger(bank, lambda: {"held": True, "available_minutes": 0})

    answer = exchange_handlers.act_asking_the_ledger(
        ledger, Call(receiver), exchange_id, "confirm", {}, None
    )

    assert (answer["state"], answer["minutes"]) == ("completed", 90)
