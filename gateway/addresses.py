"""Routes about one's own e-mail addresses: each proved by a link that is sent there."""

import hashlib
import secrets
from typing import Any

from gateway import asking, letters
from gateway.blueprint import Blueprint
from gateway.pages import links
from gateway.schemas import addresses as shapes

routes = Blueprint("addresses", "One's own e-mail addresses, by any of which one signs in.")

SECRET_BYTES = 32


@routes.post("/v1/members/me/addresses")
@routes.arguments(shapes.AddressBody)
@routes.raises(409)
@routes.response(204)
def add(wanted: dict[str, Any]) -> None:
    """Have a link sent to another address; it is added when the link's button is pressed."""
    send_link(wanted["email"])


@routes.post("/v1/members/me/addresses/main")
@routes.arguments(shapes.AddressBody)
@routes.raises(404)
@routes.response(204)
def make_main(wanted: dict[str, Any]) -> None:
    """Have notices go to this one of one's addresses."""
    change("make_main_address", wanted["email"])


@routes.post("/v1/members/me/addresses/remove")
@routes.arguments(shapes.AddressBody)
@routes.raises(404, 409)
@routes.response(204)
def remove(wanted: dict[str, Any]) -> None:
    """Remove an address; never the last. Whoever is signed in by it is signed out."""
    change("remove_address", wanted["email"])


def send_link(email: str) -> None:
    """Send a link to an address, unless it has had many; who asks sees no difference.

    Raises:
        RpcError: it is the member's already, or they have asked for too many.
        Problem: from where they are very many were asked for.
    """
    asking.count_mail()
    token = secrets.token_urlsafe(SECRET_BYTES)
    kept = asking.ask("members", "keep_address_link", token_hash=hashed(token), email=email)
    if kept["send"]:
        link = f"{asking.door().settings.public_url}{links.confirm_address(token)}"
        letters.send(hashed(token), email=email, link=link, purpose="address")


def confirm(token: str) -> Any:
    """Add the address a link was sent to.

    Raises:
        RpcError: the link is unknown, used, too old or somebody else's, or the address is.
    """
    added = asking.tell("members", "add_address", token_hash=hashed(token))
    asking.forget_caller()
    return added


def change(method: str, email: str) -> Any:
    """Remove an address, or have notices go there, by the method of that name.

    Raises:
        RpcError: it is none of the member's, or the last.
    """
    changed = asking.tell("members", method, email=email)
    asking.forget_caller()
    return changed


def hashed(token: str) -> str:
    """What is kept of a link."""
    return hashlib.sha256(token.encode()).hexdigest()
