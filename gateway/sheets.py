"""Routes about tables of people: look at one first, then have done what is ready in it."""

from typing import Any
from uuid import UUID

import flask

from gateway import asking, body, paging
from gateway.blueprint import Blueprint
from gateway.schemas import sheets as shapes

routes = Blueprint("sheets", "Inviting many people, and bringing members of an earlier bank over.")

LISTINGS_AT_ONCE = 200
"""Offers and requests handed to exchanges in one call."""


@routes.post("/v1/sheets")
@routes.creates
@routes.arguments(shapes.SheetBody)
@routes.response(201, shapes.Sheet)
@body.takes_tables
def check(wanted: dict[str, Any]) -> Any:
    """Show what would be done with each row of a table; nothing is done yet."""
    found = asking.tell("members", "check_sheet", body=wanted)
    flask.g.location = f"/v1/sheets/{found['id']}"
    return found


@routes.get("/v1/sheets/<uuid:sheet_id>")
@routes.raises(404)
@routes.response(200, shapes.Sheet)
def one(sheet_id: UUID) -> Any:
    """A table of one's own, in figures."""
    return asking.ask("members", "sheet", sheet_id=str(sheet_id))


@routes.get("/v1/sheets/<uuid:sheet_id>/rows")
@routes.arguments(shapes.RowsQuery, location="query")
@routes.raises(404)
@routes.response(200, shapes.SheetRows)
def rows(wanted: dict[str, Any], sheet_id: UUID) -> Any:
    """What is to become of each row, or became of it, with the reason."""
    return paging.page(asking.ask("members", "sheet_rows", sheet_id=str(sheet_id), **wanted))


@routes.post("/v1/sheets/<uuid:sheet_id>/do")
@routes.idempotent
@routes.raises(404, 409)
@routes.response(200, shapes.Sheet)
def do(sheet_id: UUID) -> Any:
    """Do what is ready. Sent again, it does what was left, and nothing twice."""
    return carried_out(str(sheet_id))


def carried_out(sheet_id: str) -> dict[str, Any]:
    """Have members let in or invited, then their offers and requests kept.

    Raises:
        RpcError: a service is away or refuses; what was done stays done, and doing the same
            table again does the rest.
    """
    done: dict[str, Any] = asking.tell("members", "do_sheet", sheet_id=sheet_id)
    listings, placed = done["listings"], {"new": 0, "known": 0}
    for start in range(0, len(listings), LISTINGS_AT_ONCE):
        items = listings[start : start + LISTINGS_AT_ONCE]
        found = asking.ask_ourselves("exchanges", "import_listings", items=items)
        placed = {each: placed[each] + found[each] for each in placed}
    return {**done, "listings": placed}
