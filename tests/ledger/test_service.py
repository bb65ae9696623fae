"""The service on the real bus: told events by the broker, asked by calls."""

import datetime
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from services.bus.caller import SERVICE, Caller
from services.bus.dependency import Bus
from services.bus.idempotency import Key
from services.bus.rpc import RpcError
from services.bus.transaction import new_id
from services.contracts import exchanges
from services.ledger.service import Ledger
from tests.bus import running
from tests.ledger.bank import Bank, Deal, member

NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch, bank: Bank, vhost: str) -> Iterator[Bus]:
    place = {"AMQP_URL": vhost, "DATABASE_URL": bank.url}
    with running.running(monkeypatch, Ledger, **place) as found:
        yield found


def ask(bus: Bus, method: str, caller: Caller = SERVICE, **arguments: Any) -> Any:
    return bus.call("ledger", method, caller=caller, **arguments)


def told(refused: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(RpcError) as error:
        refused()
    return error.value.family, error.value.code


def say(bus: Bus, schema: Any, deal: Deal, **more: Any) -> None:
    """Publish an event of exchanges; the relay takes it to the ledger's own queue."""
    data: dict[str, Any] = {
        "exchange_id": deal.id, "version": 2, "listing_id": deal.id, "state": "accepted",
        "giver_id": deal.giver, "receiver_id": deal.receiver, "asker_id": deal.receiver,
        "actor_id": None, "next_actor": "ledger", "minutes": deal.minutes, "category": None,
        "pathway": None, "region": deal.region, "giver_region": deal.region,
        "receiver_region": deal.region, "giver_organisation": None,
        "receiver_organisation": None, "starts_at": None, "deadline": None,
        "requested_at": NOW, "happened_at": NOW, "hold_id": deal.hold_id, **more,
    }  # fmt: skip
    with bus.transaction() as tx:
        tx.emit(schema, region=deal.region, subject=deal.id, data=data)


def test_an_exchange_is_held_and_posted_as_the_broker_tells(bus: Bus, bank: Bank) -> None:
    deal = Deal(new_id(), new_id(), 45)

    say(bus, exchanges.ExchangeCompleted, deal, completed_at=NOW)
    say(bus, exchanges.ExchangeAccepted, deal, attempt=1, from_fund=False)

    running.eventually(lambda: bank.exists(deal.giver) and bank.figures(deal.giver) == (105, 0))
    found = ask(bus, "account", member(deal.receiver))
    assert (found["balance_minutes"], found["held_minutes"]) == (15, 0)
    newest = ask(bus, "statement", member(deal.receiver), limit=1)
    assert newest["items"][0]["counterpart_id"] == str(deal.giver)
    assert ask(bus, "statement", member(deal.receiver), cursor=newest["next"])["next"] is None
    assert bank.differences() == {}


def test_members_and_services_ask_and_act_by_calls(bus: Bus, bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver, 60)
    bank.hear(deal.accepted())
    key = Key("k", "POST /v1/account/donations", "hash")

    assert ask(bus, "enlarge_hold", hold_id=str(deal.hold_id), minutes=75)["held"] is True
    assert told(lambda: ask(bus, "enlarge_hold", hold_id=str(deal.hold_id), minutes=600)) == (
        "refused", "hold_not_enlarged",
    )  # fmt: skip
    given = ask(bus, "donate", member(giver), key=key, to="fund", minutes=45)
    assert ask(bus, "donate", member(giver), key=key, to="fund", minutes=45) == given
    assert bank.figures(giver) == (15, 0)
    assert told(lambda: ask(bus, "donate", member(giver), minutes=30)) == (
        "refused", "not_enough_minutes",
    )  # fmt: skip
    assert told(lambda: ask(bus, "account", member(giver), member_id=str(receiver))) == (
        "not_allowed", "not_allowed",
    )  # fmt: skip
    past = ask(bus, "balance_at", member(giver), time="2020-01-01T00:00:00Z")
    assert past["balance_minutes"] == 0


def test_the_national_team_sets_limits_by_calls(bus: Bus, bank: Bank) -> None:
    (owner,) = bank.members(1)
    national = Caller(id=UUID(int=7), roles=frozenset({"national"}), approved=True)
    change = {"member_id": str(owner), "floor_minutes": -600, "reason": "a pilot"}

    assert told(lambda: ask(bus, "set_limit", member(owner), **change))[0] == "not_allowed"
    ask(bus, "set_limit", national, **change)

    assert ask(bus, "limits", member(owner))["items"][0]["reason"] == "a pilot"
    assert ask(bus, "account", member(owner))["floor_minutes"] == -600
