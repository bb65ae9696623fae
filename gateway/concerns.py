"""Routes about concerns, and about members who want nothing to do with each other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask

from gateway import asking, etags, names, paging
from gateway.blueprint import Blueprint
from gateway.schemas import concerns as shapes
from gateway.schemas import exchanges as exchange_shapes

routes = Blueprint("concerns", "Problems that are reported, and people who are blocked.")

ACTIONS: dict[str, tuple[type, str]] = {
    "acknowledge": (exchange_shapes.Nothing, "Say that one looks into it; its author is told."),
    "note": (shapes.ConcernStepBody, "Write down what was done, for the record."),
    "refer": (shapes.ConcernStepBody, "Write down which safeguarding lead was told, and of what."),
    "hand_on": (shapes.ConcernStepBody, "Hand it to the national team, and say why."),
    "close": (shapes.ClosingBody, "Close it with a reason, and perhaps an answer to its author."),
}
"""Each step's body and what it is for."""


@routes.post("/v1/concerns")
@routes.creates
@routes.arguments(shapes.ConcernBody)
@routes.raises(404, 409)
@routes.response(201, shapes.Concern)
@routes.versioned
def report(wanted: dict[str, Any]) -> Any:
    """Raise a concern about the other of an exchange, or about a member. They are not told."""
    found = asking.tell("exchanges", "raise_concern", body=wanted)
    flask.g.location = f"/v1/concerns/{found['id']}"
    return {**found, "text": wanted["text"]}


@routes.get("/v1/concerns")
@routes.arguments(shapes.ConcernsQuery, location="query")
@routes.response(200, shapes.Concerns)
def concerns(wanted: dict[str, Any]) -> Any:
    """What one raised; or, as a representative or of the national team, what one looks into."""
    return paging.page(asking.ask("exchanges", "concerns", **wanted))


@routes.get("/v1/concerns/<uuid:concern_id>")
@routes.raises(404)
@routes.response(200, shapes.Concern)
@routes.versioned
def concern(concern_id: UUID) -> Any:
    """One concern: one's own, or one that one looks into. Whom it is about never sees it."""
    return asking.ask("exchanges", "concern", concern_id=str(concern_id))


def _act(action: str, body: type, summary: str) -> None:
    @routes.post(f"/v1/concerns/<uuid:concern_id>/{action}", endpoint=f"{action}_concern")
    @routes.idempotent
    @routes.arguments(body, required=body is not exchange_shapes.Nothing)
    @routes.raises(404, 409)
    @routes.response(200, shapes.Concern)
    @routes.expects_version
    @routes.versioned
    @routes.doc(summary=summary)
    def act(wanted: dict[str, Any], concern_id: UUID) -> Any:
        return asking.tell(
            "exchanges",
            "act_on_concern",
            concern_id=str(concern_id),
            action=action,
            body=wanted,
            expected_version=etags.expected(),
        )


for _action, (_body, _summary) in ACTIONS.items():
    _act(_action, _body, _summary)


@routes.post("/v1/members/me/blocks")
@routes.creates
@routes.arguments(shapes.BlockBody)
@routes.raises(404, 409)
@routes.response(201, shapes.Block)
def block(wanted: dict[str, Any]) -> Any:
    """Have nothing more to do with somebody: what has not taken place between the two ends."""
    flask.g.location = "/v1/members/me/blocks"
    return asking.tell("exchanges", "block", member_id=wanted["member_id"])


@routes.get("/v1/members/me/blocks")
@routes.response(200, shapes.Blocks)
def blocks() -> Any:
    """Whom one has blocked; who has blocked oneself is not told."""
    return paging.page(named(asking.ask("exchanges", "blocks")))


@routes.delete("/v1/members/me/blocks/<uuid:member_id>")
@routes.raises(404)
@routes.response(204)
def unblock(member_id: UUID) -> None:
    """Take a block back; what ended by it stays ended."""
    asking.tell("exchanges", "unblock", member_id=str(member_id))


def named(found: dict[str, Any]) -> dict[str, Any]:
    """A list of blocked people, with their names."""
    known = names.cards(each["member_id"] for each in found["items"])
    for each in found["items"]:
        each["name"] = known.get(each["member_id"], {}).get("name")
    return found
