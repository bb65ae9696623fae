"""Routes about saved searches: what a member wants to hear of, and what was found."""

from typing import Any
from uuid import UUID

import flask

from gateway import asking, names
from gateway.blueprint import Blueprint
from gateway.schemas import searches as shapes

routes = Blueprint("searches", "What members want to hear of when something new fits.")


@routes.post("/v1/saved-searches")
@routes.creates
@routes.arguments(shapes.SearchBody)
@routes.raises(409)
@routes.response(201, shapes.SavedSearch)
def save(wanted: dict[str, Any]) -> Any:
    """Save a search; one hears of what is new, once, and once a day at most."""
    found = asking.tell("exchanges", "save_search", body=wanted)
    flask.g.location = "/v1/saved-searches"
    return found


@routes.get("/v1/saved-searches")
@routes.response(200, shapes.SavedSearches)
def searches() -> Any:
    """One's own saved searches, and what was found for them in the last 7 days."""
    found = asking.ask("exchanges", "saved_searches")
    names.in_listings(found["found"])
    return found


@routes.delete("/v1/saved-searches/<uuid:search_id>")
@routes.raises(404)
@routes.response(204)
def remove(search_id: UUID) -> None:
    """Forget a search of one's own."""
    asking.tell("exchanges", "remove_search", search_id=str(search_id))
