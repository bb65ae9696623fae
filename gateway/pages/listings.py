"""Find: what others offer and ask for, and each of it on its own page."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking, funding, names
from gateway.pages import fields, links, own_listings, render, searches, titles, words
from gateway.pages.area import Area
from gateway.pages.forms import Form

routes = Area("listings")

AT_ONCE = 10
"""Listings on one page: what fits on a phone without tiring."""


NOT_SAVED = ("online", "pathway", "skill")
"""Filters a saved search has not: who hears of a little more decides by reading."""


class Search(Form):
    """What somebody looks for; everything may be left open."""

    q = fields.Text(
        "What would you like help with?",
        fields.at_most(200, "What you look for"),
        hint="A skill, a topic or a few words, for example spreadsheets",
    )
    kind = fields.Choice(
        "Show", choices={"offer": "What others offer", "request": "What others ask for"}
    )
    category = fields.Pick("Area", choices={"": "All areas", **words.CATEGORIES})
    region = fields.Pick("Region", choices={"": "All regions", **words.REGIONS})
    online = fields.Tick("Only what can take place online")
    pathway = fields.Pick("Pathway", choices={"": "All pathways", **words.PATHWAYS})
    skill = fields.Text(
        "Skill",
        fields.at_most(100, "Skill"),
        hint="Exactly as the other wrote it",
    )


@routes.get(links.FIND)
def find() -> wrappers.Response:
    """Search, the newest first where no words are given."""
    given = flask.request.args
    form = Search(given, kind="offer") if given else Search(kind="offer")
    if given and not form.validate():
        return render.page("listings/find.html", "Find", form=form, width="full", found=[])
    wanted = {name: value for name, value in form.data.items() if value}
    cursor = given.get("cursor")
    found = asking.ask("exchanges", "listings", limit=AT_ONCE, cursor=cursor, **wanted)
    query = {**wanted, "online": "yes" if wanted.get("online") else None}
    return render.page(
        "listings/find.html",
        "Find",
        form=form,
        width="full",
        found=titles.told_apart(names.in_listings(found["items"])),
        more=bool(wanted.get("pathway") or wanted.get("skill")),
        narrowed=len(wanted) > 1,
        first=links.with_query(links.FIND, **query) if cursor else None,
        key=str(uuid.uuid4()),
        saved_in_part=any(wanted.get(name) for name in NOT_SAVED),
        saving={name: wanted[name] for name in searches.CRITERIA if name in wanted},
        next=found["next"] and links.with_query(links.FIND, **query, cursor=found["next"]),
    )


@routes.get(f"{links.FIND}/<uuid:listing_id>")
def listing(listing_id: UUID) -> wrappers.Response:
    """One listing, and whether one's credits will do for it."""
    return shown(listing_id)


def shown(listing_id: UUID, form: Form | None = None) -> wrappers.Response:
    """The page of a listing.

    Args:
        form: of asking for one of its times, where that was refused.
    """
    asked = asking.ask("exchanges", "listing", listing_id=str(listing_id))
    found = names.in_listings([asked])[0]
    mine = found["owner"]["id"] == str(asking.caller().id)
    return render.page(
        "listings/listing.html",
        found["title"],
        listing=found,
        form=form,
        key=str(uuid.uuid4()),
        mine=mine,
        credits=None if mine else _credits(found),
        actions=own_listings.actions(found) if mine else (),
    )


def _credits(found: dict[str, Any]) -> dict[str, Any] | None:
    """How an offer compares with what the visitor has; requests cost them nothing."""
    if found["kind"] != "offer":
        return None
    return funding.of(found["minutes"], funding.BEFORE_ASKING)
