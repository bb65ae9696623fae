"""Routes about members: joining, profiles, the waiting, organisations and regions."""

from typing import Any
from uuid import UUID

import flask

from gateway import asking, etags, paging
from gateway.blueprint import Blueprint
from gateway.schemas import members as shapes
from services.bus.caller import Caller

routes = Blueprint("members", "Who takes part, and where they work.")


@routes.post("/v1/members")
@routes.creates
@routes.arguments(shapes.MemberBody)
@routes.raises(409)
@routes.response(201, shapes.Member)
@routes.versioned
def join(wanted: dict[str, Any]) -> Any:
    """Join, with the e-mail address of the token."""
    # Always as the address, never as the member: a repeated request must look the same
    # before and after the joining, or the key would not be recognised.
    who = Caller(region=wanted["region"], email=flask.g.email)
    member = asking.tell("members", "join", as_=who, body=wanted)
    asking.forget_caller()
    flask.g.location = f"/v1/members/{member['id']}"
    return member


@routes.get("/v1/members")
@routes.arguments(shapes.MembersQuery, location="query")
@routes.response(200, shapes.Members)
def waiting(wanted: dict[str, Any]) -> Any:
    """List members by status: who waits to be let in, for a region's reps."""
    return paging.page(asking.ask("members", "list", **wanted))


@routes.get("/v1/members/me")
@routes.raises(404)
@routes.response(200, shapes.Member)
@routes.versioned
def me() -> Any:
    """One's own profile, with roles and status."""
    return asking.ask("members", "me")


@routes.patch("/v1/members/me")
@routes.arguments(shapes.MemberPatch)
@routes.raises(404)
@routes.response(200, shapes.Member)
@routes.expects_version
@routes.versioned
def change(wanted: dict[str, Any]) -> Any:
    """Change one's own profile; what is not named stays."""
    member = asking.tell("members", "update", body=wanted, expected_version=etags.expected())
    asking.forget_caller()
    return member


@routes.delete("/v1/members/me")
@routes.arguments(shapes.Leaving, location="query")
@routes.raises(404, 409)
@routes.response(204)
def leave(wanted: dict[str, Any]) -> None:
    """Leave: open exchanges are cancelled, and credit goes where the leaver says."""
    asking.tell("members", "leave", choice=wanted["choice"])
    asking.forget_caller()


@routes.get("/v1/members/<uuid:member_id>")
@routes.raises(404)
@routes.response(200, shapes.Member)
@routes.versioned
def profile(member_id: UUID) -> Any:
    """A member's profile, as members see each other."""
    return asking.ask("members", "get", member_id=str(member_id))


@routes.post("/v1/members/<uuid:member_id>/approve")
@routes.idempotent
@routes.raises(404, 409)
@routes.response(200, shapes.Member)
@routes.versioned
def approve(member_id: UUID) -> Any:
    """Let a joiner in."""
    return asking.tell("members", "approve", member_id=str(member_id))


@routes.post("/v1/members/<uuid:member_id>/refuse")
@routes.idempotent
@routes.arguments(shapes.Refusal)
@routes.raises(404, 409)
@routes.response(200, shapes.Member)
@routes.versioned
def refuse(wanted: dict[str, Any], member_id: UUID) -> Any:
    """Do not let a joiner in, and say why."""
    reason = wanted["reason"]
    return asking.tell("members", "refuse", member_id=str(member_id), reason=reason)


@routes.get("/v1/organisations")
@routes.open_to_systems()
@routes.arguments(shapes.OrganisationsQuery, location="query")
@routes.response(200, shapes.Organisations)
def organisations(wanted: dict[str, Any]) -> Any:
    """Find one's employer by name or ODS code."""
    return paging.page(asking.ask_anyone("members", "organisations", **wanted))


@routes.get("/v1/regions")
@routes.open_to_systems()
@routes.response(200, shapes.Regions)
def regions() -> Any:
    """The seven regions and their integrated care boards."""
    return asking.ask_anyone("members", "regions")
