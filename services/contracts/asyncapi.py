"""Describes the public feed for tools: an AsyncAPI 3 document made of its contracts."""

import json
from typing import Any

from services.contracts import feed, words
from services.contracts.feed import SIGNALS, Signal

VERSION = "1.0.0"
CONTENT_TYPE = "application/cloudevents+json"
EXCHANGE = "timebank.public"
"""Where the signals are published; a test holds it equal to what the bus declares."""
_ADDRESS = "region.{region}"
_BINDING = "0.3.0"
_DESCRIPTION = """\
What happens in the talent timebank, as signals without data: thin CloudEvents that say what
happened, to what, and where to ask about it. Delivery is at least once and in any order; a
signal that comes again has the same `id`. Nothing in a signal is personal.
"""


def document() -> dict[str, Any]:
    """The whole document, as it is published."""
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:nhs:{feed.SOURCE}",
        "info": {
            "title": "Talent Timebank: public feed",
            "version": VERSION,
            "description": _DESCRIPTION,
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"broker": _server()},
        "channels": {**{each.name: _channel(each) for each in SIGNALS}, "replay": _replay()},
        "operations": {
            **{f"say-{each.name}": _operation(each.name) for each in SIGNALS},
            "keep-for-replay": _operation("replay"),
        },
        "components": {
            "schemas": {"Signal": _signal()},
            "messages": {each.name: _message(each) for each in SIGNALS},
            "parameters": {"region": _region()},
        },
    }


def text() -> str:
    """The document as a file."""
    return json.dumps(document(), indent=2) + "\n"


def _server() -> dict[str, Any]:
    return {
        "host": "{host}",
        "protocol": "amqps",
        "protocolVersion": "0.9.1",
        "description": "The broker; a subscription says where, and with which user and queue.",
        "variables": {"host": {"description": "Host and port, as the subscription says."}},
    }


def _channel(signal: Signal) -> dict[str, Any]:
    """What is said under one kind of routing key."""
    exchange = {"name": EXCHANGE, "type": "topic", "durable": True, "autoDelete": False}
    return {
        "address": f"{_ADDRESS}.{signal.type}",
        "description": signal.meaning,
        "messages": {signal.name: _reference("messages", signal.name)},
        "parameters": {"region": _reference("parameters", "region")},
        "bindings": {
            "amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": _BINDING}
        },
    }


def _replay() -> dict[str, Any]:
    """All signals of a region, kept in a stream of its own."""
    address = f"{EXCHANGE}.{{region}}"
    queue = {"name": address, "durable": True, "exclusive": False, "autoDelete": False}
    return {
        "address": address,
        "description": "A stream that keeps a region's signals for 30 days;"
        " `x-stream-offset` says where to begin.",
        "messages": {each.name: _reference("messages", each.name) for each in SIGNALS},
        "parameters": {"region": _reference("parameters", "region")},
        "bindings": {"amqp": {"is": "queue", "queue": queue, "bindingVersion": _BINDING}},
    }


def _operation(channel: str) -> dict[str, Any]:
    """We send; who reads the document receives."""
    sent = {"deliveryMode": 2, "mandatory": False, "bindingVersion": _BINDING}
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "bindings": {"amqp": sent},
    }


def _message(signal: Signal) -> dict[str, Any]:
    return {
        "name": signal.type,
        "title": signal.name,
        "summary": signal.meaning,
        "contentType": CONTENT_TYPE,
        "payload": {
            "allOf": [
                _reference("schemas", "Signal"),
                {"type": "object", "properties": {"type": {"const": signal.type}}},
            ]
        },
        "examples": [{"name": signal.name, "payload": feed.sample(signal)}],
    }


def _signal() -> dict[str, Any]:
    """Any signal; readers ignore attributes they do not know, and none carries data."""
    properties: dict[str, Any] = {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid", "description": "Unique for ever."},
        "source": {"const": feed.SOURCE},
        "type": {"enum": [each.type for each in SIGNALS]},
        "time": {"type": "string", "format": "date-time", "description": "UTC."},
        "subject": {"type": "string", "description": "Id of what it is about, or a region."},
        "dataref": {
            "type": "string",
            "format": "uri-reference",
            "description": "Where to ask about it, below the gateway's address.",
        },
    }
    without_data = {"not": {"anyOf": [{"required": ["data"]}, {"required": ["data_base64"]}]}}
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        **without_data,
    }


def _region() -> dict[str, Any]:
    return {"description": "Whose feed.", "enum": list(words.ROUTES)}


def _reference(kind: str, name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/{kind}/{name}"}
