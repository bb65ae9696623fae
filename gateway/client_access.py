"""Lets another system act for a member: whose token it is, for whom, and whether they agreed.

Asked of members for every request and never remembered: what a member takes back is gone
with the system's next call. The services decide again, on what the caller then carries.
"""

from typing import Any
from uuid import UUID

import flask

from gateway import asking, blueprint, client_sign_in, tokens
from gateway.problems import Problem
from services.bus.caller import Caller

HEADER = "On-Behalf-Of"


def is_asked(authorization: str | None) -> bool:
    """Whether a system knocks, and no person."""
    scheme, _, token = (authorization or "").partition(" ")
    return scheme.lower() == "bearer" and token.strip().startswith(client_sign_in.PREFIX)


def admit() -> None:
    """Know whom the system at the door acts for.

    Raises:
        Problem: ``token_invalid`` (401), ``not_for_systems`` or ``member_not_named`` (403).
        RpcError: the member has not agreed, or is of another region.
    """
    notes = blueprint.noted(flask.current_app.view_functions[str(flask.request.endpoint)])
    scope = notes.get("scope")
    found = _known(_member_named() if scope else None)
    asking.count(f"system {found['client_id']}")
    if not notes.get("systems"):
        raise Problem("not_for_systems", "This is open to people only.")
    if scope is None:
        return
    if found["member"] is None:
        raise Problem("member_not_named", f"Name the member in {HEADER} by their id.")
    flask.g.caller = _caller(found)


def _known(member_id: str | None) -> dict[str, Any]:
    token = flask.request.headers["Authorization"].partition(" ")[2].strip()
    found: dict[str, Any] | None = asking.ask_ourselves(
        "members", "client_access", token_hash=client_sign_in.digest(token), member_id=member_id
    )
    if found is None:
        asking.count(f"address {flask.request.remote_addr}")  # guessing is limited too
        raise tokens.refusal("token_invalid", "The token has expired or ended; get a new one.")
    return found


def _member_named() -> str | None:
    """The member a system names; ``None`` where it names nobody, or what is no id."""
    try:
        return str(UUID(flask.request.headers.get(HEADER, "")))
    except ValueError:
        return None


def _caller(found: dict[str, Any]) -> Caller:
    return Caller.from_json(
        {**found["member"], "client": found["client_id"], "scopes": found["scopes"]}
    )
