"""Routes about other systems: registering them, and what members let them do."""

from typing import Any
from uuid import UUID

import flask

from gateway import asking, paging
from gateway.blueprint import Blueprint
from gateway.schemas import clients as shapes
from gateway.schemas import field
from gateway.schemas import members as member_shapes

routes = Blueprint("systems", "Other systems that act for members who agreed.")


@routes.post("/v1/clients")
@routes.creates
@routes.arguments(shapes.ClientBody)
@routes.response(201, shapes.Client)
def register(wanted: dict[str, Any]) -> Any:
    """Register a system, as the national team."""
    body = {**wanted, "keys": wanted["jwks"]["keys"]}
    del body["jwks"]
    return asking.tell("members", "register_client", body=body)


@routes.get("/v1/clients")
@routes.arguments(field.Page, location="query")
@routes.response(200, shapes.Clients)
def clients(wanted: dict[str, Any]) -> Any:
    """List the systems members may agree to; the national team sees withdrawn ones too."""
    return paging.page(asking.ask("members", "clients", **wanted))


@routes.put("/v1/clients/<uuid:client_id>/keys")
@routes.arguments(shapes.PublicKeys)
@routes.raises(404)
@routes.response(200, shapes.Client)
def replace_keys(wanted: dict[str, Any], client_id: UUID) -> Any:
    """Know a system by other keys from now on; its tokens end at once."""
    keys = wanted["keys"]
    return asking.tell("members", "replace_client_keys", client_id=str(client_id), keys=keys)


@routes.post("/v1/clients/<uuid:client_id>/withdraw")
@routes.idempotent
@routes.arguments(member_shapes.Refusal)
@routes.raises(404)
@routes.response(200, shapes.Client)
def withdraw(wanted: dict[str, Any], client_id: UUID) -> Any:
    """Shut a system out for good, and say why."""
    reason = wanted["reason"]
    return asking.tell("members", "withdraw_client", client_id=str(client_id), reason=reason)


@routes.post("/v1/members/me/consents")
@routes.creates
@routes.arguments(shapes.ConsentBody)
@routes.raises(404, 409)
@routes.response(201, shapes.Consent)
def agree(wanted: dict[str, Any]) -> Any:
    """Let a system do something in one's name; what it may do already stays."""
    found = asking.tell("members", "give_consent", body=wanted)
    flask.g.location = "/v1/members/me/consents"
    return found


@routes.get("/v1/members/me/consents")
@routes.response(200, shapes.Consents)
def consents() -> Any:
    """List which systems may do what in one's name."""
    return asking.ask("members", "consents")


@routes.delete("/v1/members/me/consents/<uuid:client_id>")
@routes.arguments(shapes.ConsentQuery, location="query")
@routes.raises(404)
@routes.response(204)
def take_back(wanted: dict[str, Any], client_id: UUID) -> None:
    """Take back one scope of a system, or all; its next call already feels it."""
    asking.tell("members", "end_consent", client_id=str(client_id), scope=wanted.get("scope"))
