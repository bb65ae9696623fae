"""Routes between the two of an exchange: messages, whether it helped, how to reach the other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
import structlog

from gateway import asking, paging
from gateway.blueprint import Blueprint
from gateway.schemas import field
from gateway.schemas import talk as shapes
from services.bus.rpc import RpcError

log = structlog.get_logger(__name__)

routes = Blueprint("talk", "What the two of an exchange say to each other, and to nobody else.")


@routes.get("/v1/exchanges/<uuid:exchange_id>/messages")
@routes.arguments(field.Page, location="query")
@routes.raises(404)
@routes.response(200, shapes.Messages)
def messages(wanted: dict[str, Any], exchange_id: UUID) -> Any:
    """What the two have written to each other, the newest first."""
    found = asking.ask("exchanges", "messages", exchange_id=str(exchange_id), **wanted)
    return {**paging.page(found), "open": found["open"]}


@routes.post("/v1/exchanges/<uuid:exchange_id>/messages")
@routes.creates
@routes.arguments(shapes.MessageBody)
@routes.raises(404, 409)
@routes.response(201, shapes.Message)
def write(wanted: dict[str, Any], exchange_id: UUID) -> Any:
    """Write to the other; they are told once, until they have looked."""
    found = asking.tell("exchanges", "write_message", exchange_id=str(exchange_id), body=wanted)
    flask.g.location = f"/v1/exchanges/{exchange_id}/messages"
    return {**found, "text": wanted["text"]}


@routes.post("/v1/exchanges/<uuid:exchange_id>/messages/seen")
@routes.idempotent
@routes.raises(404)
@routes.response(200, shapes.Seen)
def see(exchange_id: UUID) -> Any:
    """Say that one has looked at everything: the next message is told again."""
    return asking.tell("exchanges", "see_messages", exchange_id=str(exchange_id))


@routes.post("/v1/exchanges/<uuid:exchange_id>/feedback")
@routes.idempotent
@routes.arguments(shapes.FeedbackBody)
@routes.raises(404, 409)
@routes.response(200, shapes.Feedback)
def judge(wanted: dict[str, Any], exchange_id: UUID) -> Any:
    """Say privately whether it helped, for 90 days after it was settled; the last word counts."""
    return asking.tell("exchanges", "give_feedback", exchange_id=str(exchange_id), body=wanted)


def contact(exchange: dict[str, Any]) -> dict[str, Any] | None:
    """How to reach the other of the two: once both have said yes, and if the other shows it.

    Args:
        exchange: as the exchanges service tells it to one of the two.

    Returns:
        ``{"email": …}``, or ``None``; it is an extra, and may fail.
    """
    if not exchange.get("contact_open"):
        return None
    me = str(asking.caller().id)
    (other,) = {exchange["giver"]["id"], exchange["receiver"]["id"]} - {me}
    try:
        found = asking.ask_ourselves("members", "contacts", ids=[other]).get(other)
    except RpcError as error:
        log.warning("contact left out", reason=error.code)
        return None
    if not found or not found.get("email") or not found.get("shows_email", True):
        return None
    return {"email": found["email"]}
