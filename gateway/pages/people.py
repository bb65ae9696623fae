"""People as members see each other: what they offer and ask for, never how to reach them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking
from gateway.pages import links, render, titles
from gateway.pages.area import Area

routes = Area("people")

MOST = 50
"""Listings of one person shown."""


@routes.get("/members/<uuid:member_id>")
def person(member_id: UUID) -> wrappers.Response:
    """Somebody's page; one's own is the profile."""
    if member_id == asking.caller().id:
        return flask.redirect(links.PROFILE, 303)
    found = asking.ask("members", "get", member_id=str(member_id))
    listings = titles.told_apart(_open_listings_of(member_id))
    return render.page(
        "people/person.html",
        found["name"],
        person=found,
        offers=[each for each in listings if each["kind"] == "offer"],
        requests=[each for each in listings if each["kind"] == "request"],
    )


def _open_listings_of(member_id: UUID) -> list[dict[str, Any]]:
    """What somebody offers and asks for now, which every member may see."""
    answer = asking.ask("exchanges", "listings", owner=str(member_id), limit=MOST)
    found: list[dict[str, Any]] = answer["items"]
    return found
