"""Routes about events: what other systems can hear of."""

from typing import Any

from gateway.blueprint import Blueprint
from gateway.schemas import events as shapes
from services.contracts import exchanges, ledger, members, notifications
from services.contracts.event import Event

routes = Blueprint("events", "What other systems can hear of.")

_CATALOGUES = (members.EVENTS, exchanges.EVENTS, ledger.EVENTS, notifications.EVENTS)


@routes.get("/v1/event-types")
@routes.response(200, shapes.EventTypes)
def event_types() -> dict[str, Any]:
    """Every kind of event, with the fields of its body; none names a person."""
    kinds = [kind for catalogue in _CATALOGUES for kind in catalogue.values()]
    return {"items": [_described(kind) for kind in kinds]}


def _described(kind: type[Event]) -> dict[str, Any]:
    fields = kind().fields.items()
    return {
        "type": f"{kind.producer}.{kind.event}",
        "producer": kind.producer,
        "body": [{"name": name, "nullable": field.allow_none} for name, field in fields],
    }
