"""Routes about credits: what a member has, and how it came about."""

from typing import Any

from gateway import asking, names, paging
from gateway.blueprint import Blueprint
from gateway.schemas import account as shapes
from gateway.schemas import field
from services.contracts import scopes

routes = Blueprint("account", "Minutes given, received, held and still to spend.")


@routes.get("/v1/account")
@routes.open_to_systems(scopes.READ_ACCOUNT)
@routes.raises(404)
@routes.response(200, shapes.Account)
@routes.versioned
def account() -> Any:
    """One's own account, in minutes."""
    return asking.ask("ledger", "account")


@routes.get("/v1/account/statement")
@routes.open_to_systems(scopes.READ_ACCOUNT)
@routes.arguments(field.Page, location="query")
@routes.raises(404)
@routes.response(200, shapes.Statement)
def statement(wanted: dict[str, Any]) -> Any:
    """Every movement on one's own account, newest first."""
    found = asking.ask("ledger", "statement", **wanted)
    return paging.page(found, names.in_entries(found["items"]))
