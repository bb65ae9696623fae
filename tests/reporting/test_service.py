"""Proves that reporting hears, answers and tells on a real broker and database."""

from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from services.bus.caller import SERVICE, Caller
from services.bus.rpc import RpcError
from services.reporting import handlers, service
from tests.bus import running
from tests.reporting import story


@pytest.fixture
def bus(monkeypatch, service_database, vhost):
    place = {"AMQP_URL": vhost, "DATABASE_URL": service_database("services.reporting")}
    with running.running(monkeypatch, service.Reporting, **place) as found:
        yield found


def publish(bus, events):
    """Say the events as their producers would, by way of an outbox."""
    with bus.transaction() as tx:
        for event in events:
            contract = handlers.SUBSCRIPTIONS[event.type].schema
            tx.emit(
                contract,
                region=event.region,
                subject=event.subject,
                data=vars(event.data),
                event_id=UUID(event.id),
            )


def ask(bus, method, caller: Caller = SERVICE, **arguments: Any):
    return bus.call("reporting", method, caller=caller, **arguments)


def test_what_is_said_adds_up(bus):
    publish(bus, story.bank())
    publish(bus, story.bank())

    found = running.eventually(lambda: whole(ask(bus, "totals", by="region")))

    assert {item["key"]: item["minutes"] for item in found["items"]} == {
        "london": 120,
        "south-west": 60,
    }
    overview = running.eventually(lambda: settled(ask(bus, "overview")))
    assert overview["hours_given"]["value"] == 3.0
    assert ask(bus, "definitions")["items"][0]["name"] == "exchanges_settled"


def whole(totals):
    return totals if totals["total"]["exchanges"] == 3 else None


def settled(overview):
    figures = overview["figures"]
    return figures if figures["minutes_in_circulation"]["value"] == 180 else None


def test_a_refusal_crosses_by_its_code(bus):
    with pytest.raises(RpcError) as refused:
        ask(bus, "totals", by="giver")
    assert refused.value.code == "grouping_invalid"

    with pytest.raises(RpcError) as refused:
        ask(bus, "totals", by="region", caller=Caller())
    assert refused.value.code == "not_allowed"


def test_prometheus_is_told_the_same_figures(bus):
    reporting = service.Reporting()
    reporting.bus = bus
    story.hear(bus.database, story.bank())

    reporting.measure()

    assert minutes("region", "london") == 120
    assert minutes("organisation", "RH8") == 60
    assert minutes("category", "shadowing") == 90
    assert minutes("month", "2026-10") == 180
    story.hear(bus.database, [story.Exchange("back").taken_back(90)])

    reporting.measure()

    assert minutes("category", "shadowing") == 0


def minutes(by, key):
    return REGISTRY.get_sample_value("timebank_reported_minutes", {"by": by, "key": key})
