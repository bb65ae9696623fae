"""The service on the real bus: calls, the ledger's answers, and the clock."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid5

import pytest
from prometheus_client import REGISTRY

from services.bus.caller import SERVICE, Caller
from services.bus.entrypoints import Bus
from services.bus.idempotency import Key
from services.bus.rpc import RpcError
from services.contracts import ledger as contract
from services.exchanges.service import Exchanges
from tests.bus import running
from tests.exchanges import people


@pytest.fixture
def bus(
    monkeypatch: pytest.MonkeyPatch, service_database: Callable[[str], str], vhost: str
) -> Iterator[Bus]:
    place = {
        "AMQP_URL": vhost,
        "DATABASE_URL": service_database("services.exchanges"),
        "RPC_TIMEOUT": "0.5",
    }
    with running.running(monkeypatch, Exchanges, **place) as found:
        yield found


@pytest.fixture
def giver() -> Caller:
    return people.member("london")


@pytest.fixture
def receiver() -> Caller:
    return people.member("north-west")


def ask(bus: Bus, method: str, caller: Caller, **arguments: Any) -> Any:
    options = {"timeout": 10, **arguments}
    return bus.call("exchanges", method, caller=caller, **options)


def answer(bus: Bus, schema: Any, exchange_id: str, **data: Any) -> None:
    """Say what the ledger would."""
    with bus.transaction() as tx:
        common = {"exchange_id": UUID(exchange_id), "minutes": 60}
        tx.emit(schema, region="north-west", subject=exchange_id, data={**common, **data})


def state(bus: Bus, exchange_id: str) -> str:
    found: str = ask(bus, "exchange", SERVICE, exchange_id=exchange_id)["state"]
    return found


def test_an_exchange_goes_from_listing_to_settled_by_calls_and_events(
    bus: Bus, giver: Caller, receiver: Caller
) -> None:
    assert giver.id
    assert receiver.id
    listing = ask(bus, "publish_listing", giver, body=people.OFFER)
    assert ask(bus, "listing", receiver, listing_id=listing["id"]) == listing
    assert ask(bus, "listings", receiver, q="rota", limit=5)["items"] == [listing]
    changed = ask(bus, "edit_listing", giver, listing_id=listing["id"], body={"capacity": 4})
    assert changed["capacity"] == 4
    assert ask(bus, "listings", receiver, owner=str(giver.id))["items"] == [changed]
    (match,) = ask(bus, "matches", receiver, kind="offer", wanted=["Rotas"])["items"]
    assert match["listing"]["id"] == listing["id"]
    body, key = {"listing_id": listing["id"], "minutes": 60}, Key("k", "POST /v1/exchanges", "h")
    asked = ask(bus, "ask", receiver, key=key, body=body)
    assert ask(bus, "ask", receiver, key=key, body=body) == asked

    ask(bus, "act", giver, exchange_id=asked["id"], action="accept", body={})
    hold_id = uuid5(UUID(asked["id"]), "hold:1")
    answer(bus, contract.MinutesHeld, asked["id"], hold_id=hold_id, account_id=receiver.id)
    running.eventually(lambda: state(bus, asked["id"]) == "booked")
    ask(bus, "act", receiver, exchange_id=asked["id"], action="done", body={"minutes": 60})
    answer(
        bus, contract.MinutesTransferred, asked["id"],
        transfer_id=uuid5(UUID(asked["id"]), "exchange"), kind="exchange",
        from_account_id=receiver.id, to_account_id=giver.id, posted_at=_now(bus),
    )  # fmt: skip
    running.eventually(lambda: state(bus, asked["id"]) == "settled")

    assert [item["id"] for item in ask(bus, "exchanges", giver)["items"]] == [asked["id"]]
    assert list(ask(bus, "summaries", SERVICE, ids=[asked["id"]])) == [asked["id"]]
    closed = ask(bus, "act_on_listing", giver, listing_id=listing["id"], action="close")
    assert closed["state"] == "closed"


def test_a_refusal_crosses_by_its_code(bus: Bus, giver: Caller) -> None:
    listing = ask(bus, "publish_listing", giver, body=people.OFFER)

    with pytest.raises(RpcError) as refusal:
        ask(bus, "ask", giver, body={"listing_id": listing["id"], "minutes": 60})

    assert (refusal.value.code, refusal.value.family) == ("own_listing", "refused")


def test_without_the_ledger_a_larger_figure_is_tried_later(
    bus: Bus, giver: Caller, receiver: Caller
) -> None:
    assert receiver.id
    listing = ask(bus, "publish_listing", giver, body=people.OFFER)
    asked = ask(bus, "ask", receiver, body={"listing_id": listing["id"], "minutes": 60})
    ask(bus, "act", giver, exchange_id=asked["id"], action="accept")
    hold_id = uuid5(UUID(asked["id"]), "hold:1")
    answer(bus, contract.MinutesHeld, asked["id"], hold_id=hold_id, account_id=receiver.id)
    running.eventually(lambda: state(bus, asked["id"]) == "booked")

    with pytest.raises(RpcError) as refusal:
        ask(bus, "act", receiver, exchange_id=asked["id"], action="done", body={"minutes": 90})

    assert refusal.value.family == "try_later"
    assert state(bus, asked["id"]) == "booked"


def test_the_clock_ends_what_is_overdue_and_states_are_counted(
    bus: Bus, giver: Caller, receiver: Caller
) -> None:
    listing = ask(bus, "publish_listing", giver, body=people.OFFER)
    asked = ask(bus, "ask", receiver, body={"listing_id": listing["id"], "minutes": 60})
    running.eventually(lambda: _counted("requested", "north-west") == 1, seconds=30)

    with bus.transaction() as tx:
        tx.conn.execute("update clock set ahead = '8 days'")

    running.eventually(lambda: state(bus, asked["id"]) == "expired")


def _counted(state: str, region: str) -> float | None:
    return REGISTRY.get_sample_value("timebank_exchanges", {"state": state, "region": region})


def _now(bus: Bus) -> Any:
    with bus.transaction() as tx:
        return tx.now
