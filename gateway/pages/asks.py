"""Asking several givers at once: chosen among one's matches, written to once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking, funding, names
from gateway.pages import links, matches, render, requests
from gateway.pages.area import Area
from gateway.problems import Problem
from gateway.schemas.asks import MOST
from services.bus.rpc import RpcError

routes = Area("asks")

CHOOSE = f"Choose 1, 2 or {MOST} people to ask"
GONE = "listing_not_found"


class Ask(requests.Request):
    """The same for all: how long, when, and a few words."""

    listings: list[dict[str, Any]]

    def take(self, refused: RpcError) -> None:
        """A refusal about one of them says which."""
        about = {each["id"]: each for each in self.listings}
        found = about.get(str(refused.detail.get("listing_id", "")))
        if found is None:
            super().take(refused)
        else:
            whose = found["owner"]["name"] or "a colleague"
            self.refusals.append(f"“{found['title']}” by {whose}: {refused.message}")


@routes.route(links.ASK_SEVERAL, methods=["GET", "POST"])
def ask() -> wrappers.Response:
    """Ask those whose offers stand in the address; a single one in the usual way."""
    chosen = list(dict.fromkeys(flask.request.args.getlist("listing")))
    if not 1 <= len(chosen) <= MOST:
        return matches.shown(chosen, CHOOSE)
    listings = names.in_listings([_offer(each) for each in chosen])
    if len(listings) == 1:
        return flask.redirect(links.ask(listings[0]["id"]), 303)
    minutes = max(each["minutes"] for each in listings)
    form = Ask(flask.request.form, minutes=minutes)
    form.listings = listings
    if flask.request.method == "POST" and form.send(
        lambda: asking.tell("exchanges", "ask_several", body=_body(form))
    ):
        return flask.redirect(links.after(links.EXCHANGES, "asked-several"), 303)
    return render.page(
        "exchanges/ask-several.html",
        f"Ask {len(listings)} people",
        listings=listings,
        minutes=minutes,
        form=form,
        credits=funding.of(minutes, funding.BEFORE_ASKING),
    )


def _body(form: Ask) -> dict[str, Any]:
    return {**form.body({}), "listing_ids": [each["id"] for each in form.listings]}


def _offer(listing_id: str) -> dict[str, Any]:
    """One of those chosen.

    Raises:
        Problem: what stands in the address is no listing.
    """
    try:
        parsed = str(UUID(listing_id))
    except ValueError:
        raise Problem(GONE, "There is no such listing.") from None
    found: dict[str, Any] = asking.ask("exchanges", "listing", listing_id=parsed)
    return found
