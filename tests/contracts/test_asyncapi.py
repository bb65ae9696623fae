"""Proves that the description of the feed is AsyncAPI 3, and describes what is published."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from services.bus import envelope, feed, topology
from services.contracts import asyncapi, words
from services.contracts.feed import SIGNALS, Signal, sample

SCHEMA = Path(__file__).parent / "asyncapi" / "3.0.0.json"
"""The official schema, as the AsyncAPI Initiative publishes it under the Apache License 2.0."""

EACH = pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.type)


@pytest.fixture(scope="module")
def official() -> Any:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return jsonschema.Draft7Validator(schema)


@pytest.fixture
def document() -> dict[str, Any]:
    return asyncapi.document()


def test_the_document_is_valid(official: Any, document: dict[str, Any]) -> None:
    assert [error.message for error in official.iter_errors(document)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"asyncapi": "2.6.0"},
        {"info": {"title": "without a version"}},
        {"channels": {"x": {"address": 7}}},
        {"operations": {"x": {"action": "shout", "channel": {"$ref": "#/channels/replay"}}}},
        {"surprise": True},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_document_that_is_wrong_is_refused(
    official: Any, document: dict[str, Any], wrong: dict[str, Any]
) -> None:
    assert not official.is_valid({**document, **wrong})


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    resource: Resource[Any] = Resource.opaque(document)
    resolver = Registry().with_resource("", resource).resolver()

    found = list(_references(document))

    assert found
    for reference in found:
        assert resolver.lookup(reference).contents


def _references(part: Any) -> Any:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


@EACH
def test_a_type_has_its_channel_its_operation_and_its_message(
    document: dict[str, Any], signal: Signal
) -> None:
    channel = document["channels"][signal.name]

    assert channel["address"] == topology.public_key("{region}", signal.type)
    assert channel["bindings"]["amqp"]["exchange"]["name"] == topology.PUBLIC
    assert document["operations"][f"say-{signal.name}"]["action"] == "send"
    message = document["components"]["messages"][signal.name]
    assert message["contentType"] == envelope.SIGNAL_CONTENT_TYPE
    assert message["examples"] == [{"name": signal.name, "payload": sample(signal)}]


@EACH
def test_a_payload_takes_its_sample_and_refuses_data_and_other_types(
    document: dict[str, Any], signal: Signal
) -> None:
    payload = document["components"]["messages"][signal.name]["payload"]
    reader = jsonschema.Draft7Validator({**document, "allOf": payload["allOf"]})
    good = sample(signal)

    assert reader.is_valid(good)
    assert not reader.is_valid({**good, "data": {"name": "Ama"}})
    assert not reader.is_valid({**good, "type": "timebank-elsewhere-1"})
    for attribute in good:
        assert not reader.is_valid({name: good[name] for name in good if name != attribute})


def test_the_stream_of_a_region_is_described_as_it_is_made(document: dict[str, Any]) -> None:
    replay = document["channels"]["replay"]

    assert replay["address"] == topology.public_stream("{region}")
    assert set(replay["messages"]) == {signal.name for signal in SIGNALS}
    assert f"{topology.PUBLIC_DAYS} days" in replay["description"]
    assert feed.stream_arguments()["x-max-age"] == f"{topology.PUBLIC_DAYS}D"
    assert document["components"]["parameters"]["region"]["enum"] == list(words.ROUTES)
