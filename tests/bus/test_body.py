"""Proves that the short way through a contract is the long way, only shorter."""

import dataclasses
import datetime
import json
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.bus import body as bodies
from services.bus import envelope
from services.bus.envelope import Event, Unreadable
from services.bus.subscription import Subscription
from tests.contracts import catalogue

KINDS = sorted(catalogue.EVENTS)
NOW = datetime.datetime(2026, 11, 21, 12, 0, 0, 123456, datetime.UTC)


def subscription(kind):
    """One that reads every field there is."""
    contract = catalogue.EVENTS[kind]
    reads = dataclasses.make_dataclass("All", list(contract().fields), frozen=True)
    return Subscription(contract, reads, handle=lambda tx, events: None)


EVERYTHING = {kind: subscription(kind) for kind in KINDS}


def by_the_contract(kind, body):
    """What the long way makes of a body; nothing when it refuses."""
    blank = Event("1", kind, "london", "1", NOW, "1", None)
    try:
        return EVERYTHING[kind].load(blank, json.loads(body)).data
    except (Unreadable, ValueError):
        return None


@pytest.mark.parametrize("kind", KINDS)
def test_every_sample_goes_the_short_way_and_means_the_same(kind):
    body = json.dumps(catalogue.sample(kind)).encode()

    taken = EVERYTHING[kind].take(body)

    assert taken is not None
    assert taken == by_the_contract(kind, body)


@pytest.mark.parametrize("kind", KINDS)
def test_every_sample_is_written_the_short_way_as_the_contract_writes_it(kind):
    contract = catalogue.EVENTS[kind]()
    values = contract.load(catalogue.sample(kind))

    body = bodies.written(contract.fields, values)

    assert body is not None
    assert json.loads(body) == contract.dump(values)
    assert list(json.loads(body)) == list(contract.dump(values))


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.sampled_from([0, 15, 20, 60, 1440, 1455, 60.0, 1e400, "60", "", " ", "true", "london"]),
    st.floats(),
    st.text(max_size=8),
    st.uuids().map(str),
    st.uuids().map(lambda found: found.hex.upper()),
    st.datetimes().map(lambda found: found.isoformat()),
    st.datetimes(timezones=st.just(datetime.UTC)).map(lambda found: found.isoformat(" ")),
    st.sampled_from(["2026-10-12T13:00:00Z", "2026-10-12T24:00:00Z", "2026-10-12", "20261012T13Z"]),
    st.just([]),
    st.just({"a": 1}),
)


@settings(max_examples=300)
@given(kind=st.sampled_from(KINDS), odd=ODD, place=st.integers(0, 40))
def test_whatever_stands_in_a_field_the_short_way_never_takes_what_the_contract_refuses(
    kind, odd, place
):
    names = list(catalogue.sample(kind))
    body = json.dumps({**catalogue.sample(kind), names[place % len(names)]: odd}).encode()

    taken = EVERYTHING[kind].take(body)

    if taken is not None:
        assert taken == by_the_contract(kind, body)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"\xff", b'{"minutes": 60}', b"[1", b'"text"']
)
def test_what_is_no_body_of_ours_is_left_to_the_long_way(body):
    for kind in KINDS:
        assert EVERYTHING[kind].take(body) is None


def test_a_body_that_lacks_a_field_is_not_written_the_short_way():
    contract = catalogue.EVENTS["exchanges.exchange_completed"]()
    values = contract.load(catalogue.sample("exchanges.exchange_completed"))
    del values["hold_id"]

    assert bodies.written(contract.fields, values) is None


def said(**changes):
    """The headers of an event as we write them, but for some."""
    kind = "ledger.minutes_held"
    contract = catalogue.EVENTS[kind]
    written = envelope.outgoing(
        event_id=UUID(int=7), schema=contract, region="london", subject="s", time=NOW,
        correlation_id="c", data=contract().load(catalogue.sample(kind)),
    )  # fmt: skip
    headers = {**written.headers, **changes}
    return {name: value for name, value in headers.items() if value is not None}, written.body


def test_headers_as_we_write_them_are_read_the_short_way_as_the_library_reads_them():
    headers, body = said()

    short = envelope.attributes(headers)
    long, _ = envelope.read(headers, body)

    assert short == long
    assert short.time == NOW


@pytest.mark.parametrize("name", ["id", "source", "type", "time", "subject", "region"])
@pytest.mark.parametrize("value", [None, "", 7, "\ud800"])
def test_headers_that_differ_are_read_alike_or_left_to_the_library(name, value):
    headers, body = said(**{f"ce-{name}": value})

    short = envelope.attributes(headers)

    if short is not None:
        assert short == envelope.read(headers, body)[0]


@pytest.mark.parametrize("time", ["2026-11-21T12:00:00", "yesterday", "2026-11-21", "12:00Z"])
def test_a_time_without_its_offset_is_left_to_the_library(time):
    headers, _ = said(**{"ce-time": time})

    assert envelope.attributes(headers) is None


def test_an_event_is_written_the_short_way_as_the_library_writes_it(monkeypatch):
    short = said()

    monkeypatch.setattr(bodies, "written", lambda names, data: None)
    long = said()

    assert short[0] == long[0]
    assert json.loads(short[1]) == json.loads(long[1])
