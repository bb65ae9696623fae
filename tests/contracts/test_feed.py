"""Proves what other systems hear: which events are told, and that nothing personal is."""

import datetime
import json
import re
from uuid import UUID

import pytest
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat

from services.bus import envelope, topology
from services.contracts import exchanges, feed, words
from services.contracts.feed import Signal

ATTRIBUTES = {"specversion", "id", "source", "type", "time", "subject", "dataref"}
"""All that a thin signal may say."""

INSIDE = frozenset(
    {"exchange_accepted", "exchange_unfunded", "exchange_done", "exchange_disputed"}
    | {"exchange_resolved", "exchange_thanked", "concern_raised"}
)
"""What lies between two people."""

BOTH = pytest.mark.parametrize("signal", feed.SIGNALS, ids=lambda signal: signal.type)


def written(signal: Signal, subject: str, *regions: str) -> envelope.Outgoing:
    """What the bus writes for a sample."""
    sample = feed.sample(signal)
    return envelope.signal(
        event_id=UUID(sample["id"]), kind=signal, regions=regions, subject=subject,
        time=datetime.datetime(2026, 10, 5, 9, tzinfo=datetime.UTC),
    )  # fmt: skip


@BOTH
def test_a_type_names_product_event_and_major_version(signal: Signal) -> None:
    assert re.fullmatch(r"timebank-[a-z]+(-[a-z]+)*-1", signal.type)
    assert signal.source == "uk.nhs.talent-timebanking"


def test_types_and_names_are_distinct() -> None:
    assert len({signal.type for signal in feed.SIGNALS}) == len(feed.SIGNALS)
    assert len({signal.name for signal in feed.SIGNALS}) == len(feed.SIGNALS)


def test_every_event_that_is_told_is_one_of_exchanges_and_told_as_one_signal() -> None:
    told = [event for signal in feed.SIGNALS for event in signal.events]

    assert set(told) <= set(exchanges.EVENTS)
    assert len(set(told)) == len(told)


def test_what_lies_between_two_people_stays_inside() -> None:
    assert not INSIDE & set(feed.BY_EVENT)


def test_an_exchange_that_was_requested_is_told_of_whatever_its_end() -> None:
    ends = {"declined", "withdrawn", "expired", "cancelled", "lapsed", "no_show", "settled"}

    assert {f"exchange_{end}" for end in ends} <= set(feed.BY_EVENT)


def test_who_ended_an_exchange_and_why_is_not_told() -> None:
    for one, other in (
        ("declined", "withdrawn"), ("withdrawn", "expired"),
        ("cancelled", "lapsed"), ("lapsed", "no_show"),
    ):  # fmt: skip
        assert feed.BY_EVENT[f"exchange_{one}"] is feed.BY_EVENT[f"exchange_{other}"]


@BOTH
def test_a_sample_is_what_the_bus_writes(signal: Signal) -> None:
    sample = feed.sample(signal)

    assert json.loads(written(signal, sample["subject"], "london").body) == sample


@BOTH
def test_a_signal_says_ids_and_slugs_and_nothing_of_a_person(signal: Signal) -> None:
    sample = feed.sample(signal)

    assert set(sample) == ATTRIBUTES
    subject = sample["subject"]
    assert subject in words.ROUTES if signal is feed.HEARTBEAT else UUID(subject)
    assert sample["dataref"] == signal.path.replace("{}", subject)
    assert UUID(sample["id"])


@BOTH
def test_the_cloudevents_library_reads_a_signal(signal: Signal) -> None:
    row = written(signal, "london", "london")
    message = RabbitMQMessage({}, envelope.SIGNAL_CONTENT_TYPE, row.body)

    event = from_structured_event(message, JSONFormat())

    assert event.get_type() == signal.type
    assert event.get_source() == signal.source
    assert event.get_data() is None


def test_a_signal_of_two_regions_has_one_key_and_one_copy() -> None:
    row = written(feed.BY_EVENT["exchange_settled"], "x", "london", "midlands", "london")

    assert row.routing_key == "region.london.timebank-exchange-settled-1"
    assert row.headers == {"CC": ["region.midlands.timebank-exchange-settled-1"]}
    assert row.region == topology.lane("london")


def test_no_region_is_named_so_that_its_events_could_be_taken_for_signals() -> None:
    assert not any(topology.is_public(region) for region in words.ROUTES)
    assert all(topology.is_public(topology.lane(region)) for region in words.ROUTES)
