"""Routes about listings: offers of help and requests for it."""

from typing import Any
from uuid import UUID

import flask

from gateway import asking, etags, funding, names, paging
from gateway.blueprint import Blueprint
from gateway.schemas import exchanges as exchange_shapes
from gateway.schemas import listings as shapes
from services.contracts import scopes

routes = Blueprint("listings", "What members offer and what they ask for.")

ACTIONS = {
    "pause": "Hide a listing until it is renewed; what is under way goes on.",
    "renew": "Show a listing again, or longer.",
    "close": "End a listing; what is under way goes on.",
}


@routes.post("/v1/listings")
@routes.creates
@routes.arguments(shapes.ListingBody)
@routes.response(201, shapes.Listing)
@routes.versioned
def publish(wanted: dict[str, Any]) -> Any:
    """Publish an offer or a request."""
    listing = asking.tell("exchanges", "publish_listing", body=wanted)
    flask.g.location = f"/v1/listings/{listing['id']}"
    return names.in_listings([listing])[0]


@routes.get("/v1/listings")
@routes.open_to_systems(scopes.READ_LISTINGS)
@routes.arguments(shapes.ListingsQuery, location="query")
@routes.response(200, shapes.Listings)
def search(wanted: dict[str, Any]) -> Any:
    """Search what is offered and asked for."""
    found = asking.ask("exchanges", "listings", **wanted)
    return paging.page(found, names.in_listings(found["items"]))


@routes.get("/v1/listings/<uuid:listing_id>")
@routes.open_to_systems(scopes.READ_LISTINGS)
@routes.raises(404)
@routes.response(200, shapes.Listing)
@routes.versioned
def listing(listing_id: UUID) -> Any:
    """One listing; for whoever would receive, whether their credits will do."""
    found = names.in_listings([asking.ask("exchanges", "listing", listing_id=str(listing_id))])[0]
    caller_receives = found["kind"] == "offer" and found["owner"]["id"] != str(asking.caller().id)
    if caller_receives and (compared := funding.of(found["minutes"], funding.BEFORE_ASKING)):
        found["funding"] = compared
    return found


@routes.patch("/v1/listings/<uuid:listing_id>")
@routes.arguments(shapes.ListingPatch)
@routes.raises(404)
@routes.response(200, shapes.Listing)
@routes.expects_version
@routes.versioned
def edit(wanted: dict[str, Any], listing_id: UUID) -> Any:
    """Change one's own listing; what is not named stays, ``null`` clears."""
    found = asking.tell(
        "exchanges",
        "edit_listing",
        listing_id=str(listing_id),
        body=wanted,
        expected_version=etags.expected(),
    )
    return names.in_listings([found])[0]


def _act(action: str, summary: str) -> None:
    @routes.post(f"/v1/listings/<uuid:listing_id>/{action}", endpoint=action)
    @routes.idempotent
    @routes.arguments(exchange_shapes.Nothing, required=False)
    @routes.raises(404, 409)
    @routes.response(200, shapes.Listing)
    @routes.versioned
    @routes.doc(summary=summary)
    def act(_: dict[str, Any], listing_id: UUID) -> Any:
        found = asking.tell(
            "exchanges", "act_on_listing", listing_id=str(listing_id), action=action
        )
        return names.in_listings([found])[0]


for _action, _summary in ACTIONS.items():
    _act(_action, _summary)
