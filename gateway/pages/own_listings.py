"""Offering and asking: publish a listing, change it, pause, renew and close it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers
from wtforms import validators

from gateway import asking
from gateway.pages import fields, lines, links, render, titles, words
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.problems import Problem
from services.contracts import words as contract

routes = Area("own-listings")

ONLINE, IN_PERSON = "online", "in-person"
AT_ONCE = 20
"""Of one's own listings on one page."""
MOST_AT_ONCE = 10_000
"""Exchanges a listing may have open."""

ACTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "pause": (("open",), "Pause it"),
    "renew": (("open", "paused", "expired"), "Show it for 90 days from today"),
    "close": (("open", "paused", "expired"), "Close it"),
}
"""Per action: the states it is possible in, and its button."""


class About(Form):
    """What is offered or asked for."""

    title = fields.Text(
        "Title",
        fields.required("Enter a title"),
        fields.at_most(200, "Title"),
        hint="What somebody would look for, for example: Pivot tables without fear",
    )
    description = fields.Words(
        "What is it about?",
        fields.required("Say what it is about"),
        fields.at_most(5_000, "What it is about"),
        hint="In your own words. Leave out anything about patients.",
    )
    minutes = fields.Minutes(
        "How long does it take?",
        fields.required("Choose how long it takes"),
        most=contract.MINUTES_MAX,
    )
    where = fields.Choice(
        "Where can it take place?",
        fields.required("Choose where it can take place"),
        choices={ONLINE: "Online", IN_PERSON: "In person"},
    )
    place = fields.Text(
        "Place (optional)",
        fields.at_most(200, "Place"),
        hint="If in person: a town or a site, not a private address",
    )
    category = fields.Pick("Area (optional)", choices={"": "No area", **words.CATEGORIES})
    pathway = fields.Pick("Pathway (optional)", choices={"": "No pathway", **words.PATHWAYS})
    skills = fields.Words(
        "Skills (optional)",
        fields.at_most(2_000, "Skills"),
        lines.OneOnEachLine("A skill"),
        hint="One on each line. They help others find it.",
    )
    capacity = fields.Text(
        "With how many people at the same time, at most? (optional)",
        hint="Leave it empty for any number",
        look={"inputmode": "numeric", "classes": "nhsuk-input--width-4"},
    )
    version = fields.Version()

    def validate_capacity(self, field: fields.Text) -> None:
        """Refuse what is no number of people."""
        given = str(field.data or "")
        digits = given.isascii() and given.isdigit() and len(given) <= len(str(MOST_AT_ONCE))
        if given and not (digits and 0 < int(given) <= MOST_AT_ONCE):
            raise validators.ValidationError("Enter a number of people, such as 2")

    def body(self) -> dict[str, Any]:
        """What the service is told."""
        known = {name: self.data[name] for name in ("title", "description", "minutes")}
        return {
            **known,
            "online": self.where.data == ONLINE,
            "place": self.place.data or None,
            "category": self.category.data or None,
            "pathway": self.pathway.data or None,
            "skills": lines.read(self.skills.data),
            "capacity": int(self.capacity.data) if self.capacity.data else None,
        }


class Close(Form):
    """Nothing is asked but whether."""


@routes.get(links.MY_LISTINGS)
def mine() -> wrappers.Response:
    """What one offers and asks for, in whatever state."""
    cursor = flask.request.args.get("cursor")
    found = asking.ask("exchanges", "listings", mine=True, limit=AT_ONCE, cursor=cursor)
    return render.page(
        "own-listings/mine.html",
        "My offers and requests",
        found=titles.told_apart(found["items"]),
        first=links.MY_LISTINGS if cursor else None,
        next=found["next"] and links.with_query(links.MY_LISTINGS, cursor=found["next"]),
    )


@routes.route(links.NEW_LISTING, methods=["GET", "POST"])
def publish() -> wrappers.Response:
    """Publish an offer or a request; its title may come from what nobody was found for."""
    given = flask.request.args
    kind = "request" if given.get("kind") == "request" else "offer"
    title = "Ask for something" if kind == "request" else "Offer something"
    if not asking.caller().approved:
        return render.page("own-listings/later.html", title, kind=kind)
    form = About(flask.request.form, title=given.get("title", "")[:200], minutes=60, where=ONLINE)
    if flask.request.method == "POST" and form.send(
        lambda: asking.tell("exchanges", "publish_listing", body={"kind": kind, **form.body()})
    ):
        return flask.redirect(links.after(links.listing(form.answer["id"]), "published"), 303)
    return render.page("own-listings/form.html", title, form=form, kind=kind, back=links.FIND)


@routes.route(f"{links.FIND}/<uuid:listing_id>/change", methods=["GET", "POST"])
def change(listing_id: UUID) -> wrappers.Response:
    """Change a listing of one's own; what is agreed already stays as agreed."""
    found = own(listing_id)
    form = About(flask.request.form, **_known(found))
    path = links.listing(found["id"])
    if flask.request.method == "POST" and form.send(lambda: _change(found["id"], form)):
        return flask.redirect(links.after(path, "listing-changed"), 303)
    title = f"Change your {words.LISTING_KINDS[found['kind']].lower()}"
    return render.page(
        "own-listings/form.html", title, form=form, kind=found["kind"], back=path, change=True
    )


@routes.post(f"{links.FIND}/<uuid:listing_id>/<any(pause, renew):action>")
def act(listing_id: UUID, action: str) -> wrappers.Response:
    """Pause a listing of one's own, or show it again."""
    asking.tell("exchanges", "act_on_listing", listing_id=str(listing_id), action=action)
    path = links.listing(str(listing_id))
    return flask.redirect(links.after(path, f"listing-{action}"), 303)


@routes.route(f"{links.FIND}/<uuid:listing_id>/close", methods=["GET", "POST"])
def close(listing_id: UUID) -> wrappers.Response:
    """Close a listing of one's own, after asking: it cannot be opened again."""
    found = own(listing_id)
    form = Close(flask.request.form)
    arguments = {"listing_id": found["id"], "action": "close"}
    if flask.request.method == "POST" and form.send(
        lambda: asking.tell("exchanges", "act_on_listing", **arguments)
    ):
        return flask.redirect(links.after(links.MY_LISTINGS, "listing-close"), 303)
    return render.page("own-listings/close.html", "Close it?", form=form, listing=found)


def actions(listing: dict[str, Any]) -> list[tuple[str, str]]:
    """What its owner may do with a listing now, each with its button."""
    return [
        (action, text) for action, (states, text) in ACTIONS.items() if listing["state"] in states
    ]


def own(listing_id: UUID) -> dict[str, Any]:
    """A listing of one's own.

    Raises:
        Problem: it is somebody else's.
    """
    found: dict[str, Any] = asking.ask("exchanges", "listing", listing_id=str(listing_id))
    if found["owner"]["id"] != str(asking.caller().id):
        raise Problem("not_allowed", "Only whoever published it can change it.")
    return found


def _known(found: dict[str, Any]) -> dict[str, Any]:
    return {
        **found,
        "where": ONLINE if found["online"] else IN_PERSON,
        "skills": lines.written(found["skills"]),
        "capacity": found["capacity"] or "",
    }


def _change(listing_id: str, form: About) -> Any:
    return asking.tell(
        "exchanges",
        "edit_listing",
        listing_id=listing_id,
        body=form.body(),
        expected_version=form.version.seen(),
    )
