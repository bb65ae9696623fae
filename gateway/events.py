"""Routes about events: what other systems can hear of."""

from typing import Any

import flask

from gateway.blueprint import Blueprint
from gateway.schemas import events as shapes
from services.contracts import asyncapi, feed
from services.contracts.feed import Signal

routes = Blueprint("events", "What other systems can hear of.")

description = flask.Blueprint("asyncapi", __name__)
"""The whole feed for tools, beside the OpenAPI document and as open as that."""

_DOCUMENT = asyncapi.document()


@routes.get("/v1/event-types")
@routes.open_to_systems()
@routes.response(200, shapes.EventTypes)
def event_types() -> dict[str, Any]:
    """Every type of signal, with a sample; none carries data, and none names a person."""
    return {"items": [_described(signal) for signal in feed.SIGNALS]}


@description.get("/asyncapi.json")
def document() -> dict[str, Any]:
    return _DOCUMENT


def _described(signal: Signal) -> dict[str, Any]:
    sample = feed.sample(signal)
    return {
        "type": signal.type,
        "producer": feed.SAYERS[0],
        "meaning": signal.meaning,
        "about": signal.about,
        "routing_key": f"region.<region>.{signal.type}",
        "body": [{"name": name, "nullable": False} for name in sample],
        "sample": sample,
    }
