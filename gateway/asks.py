"""Routes about asks: several givers asked at once, of whom the first to say yes helps."""

from typing import Any
from uuid import UUID

import flask

from gateway import asking, names
from gateway.blueprint import Blueprint
from gateway.schemas import asks as shapes

routes = Blueprint("asks", "Several givers asked at once: the first to say yes helps.")


@routes.post("/v1/asks")
@routes.creates
@routes.arguments(shapes.AskBody)
@routes.raises(404, 409)
@routes.response(201, shapes.Ask)
def ask(wanted: dict[str, Any]) -> Any:
    """Ask two or three givers at once; one refusal, and nobody is asked."""
    found = asking.tell("exchanges", "ask_several", body=wanted)
    flask.g.location = f"/v1/asks/{found['id']}"
    return _named(found)


@routes.get("/v1/asks/<uuid:ask_id>")
@routes.raises(404)
@routes.response(200, shapes.Ask)
def asked(ask_id: UUID) -> Any:
    """What became of an ask of one's own."""
    return _named(asking.ask("exchanges", "asked", ask_id=str(ask_id)))


def _named(found: dict[str, Any]) -> dict[str, Any]:
    names.in_exchanges(found["exchanges"])
    return found
