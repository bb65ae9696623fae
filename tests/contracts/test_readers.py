"""Proves that readers hear what they handle and read what producers say."""

import dataclasses
import datetime

import pytest

from services.bus.envelope import Event
from services.contracts import readers, words
from tests.contracts import catalogue

HEARD = [
    (service, kind)
    for service in catalogue.SERVICES
    for kind in sorted(catalogue.subscriptions(service))
]


def test_readers_and_producers_are_services_that_exist():
    producers = {contract.producer for contract in catalogue.EVENTS.values()}

    assert set(readers.READERS) <= set(catalogue.SERVICES)
    assert producers <= set(catalogue.SERVICES)


@pytest.mark.parametrize("service", catalogue.SERVICES)
def test_a_service_hears_exactly_what_it_handles(service):
    row = readers.READERS.get(service, ())
    heard = set(catalogue.EVENTS) if row == ("#",) else set(row)

    assert heard == set(catalogue.subscriptions(service))
    assert len(set(row)) == len(row)


def test_somebody_hears_everything_or_a_mandatory_event_would_return():
    assert ("#",) in readers.READERS.values()
    assert readers.TOPOLOGY == (words.ROUTES, readers.READERS)


@pytest.mark.parametrize(("service", "kind"), HEARD)
def test_a_subscription_is_to_the_contract_of_its_producer(service, kind):
    subscription = catalogue.subscriptions(service)[kind]

    assert subscription.schema is catalogue.EVENTS[kind]
    assert subscription.type == kind


@pytest.mark.parametrize(("service", "kind"), HEARD)
def test_every_field_a_reader_reads_is_said(service, kind):
    subscription = catalogue.subscriptions(service)[kind]
    read = {field.name for field in dataclasses.fields(subscription.reads)}

    missing = read - set(catalogue.sample(kind))

    assert not missing, f"{service} reads {missing} of {kind}, which its producer does not say"


@pytest.mark.parametrize(("service", "kind"), HEARD)
def test_a_reader_reads_the_golden_sample(service, kind):
    subscription = catalogue.subscriptions(service)[kind]
    when = datetime.datetime(2026, 10, 5, 9, tzinfo=datetime.UTC)
    event = Event("an-id", kind, "london", "subject", when, "correlation", None)

    read = subscription.load(event, catalogue.sample(kind))

    assert isinstance(read.data, subscription.reads)


@pytest.mark.parametrize(("service", "kind"), HEARD)
def test_what_a_reader_reads_is_frozen(service, kind):
    reads = catalogue.subscriptions(service)[kind].reads

    assert dataclasses.is_dataclass(reads)
    assert vars(reads)["__dataclass_params__"].frozen
