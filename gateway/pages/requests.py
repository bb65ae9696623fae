"""Asking for what a listing offers, and offering what it asks for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking, funding, names
from gateway.pages import fields, links, moments, render, steps, turns
from gateway.pages.area import Area
from gateway.schemas import exchanges as shapes
from services.bus.rpc import RpcError
from services.contracts import words as contract

routes = Area("requests")


class Request(steps.StepForm):
    """What is asked for, or offered: how long, when, and a few words."""

    minutes = fields.Minutes(
        "How much time?", fields.required("Choose how much time"), most=contract.MINUTES_MAX
    )
    message = fields.Words(
        "Your message",
        fields.at_most(shapes.LONGEST_MESSAGE, "Your message"),
        hint=f"Say in a few words what it is about, or leave it empty. {steps.NO_PATIENTS}",
    )
    starts_at = moments.Moment(
        "When would suit you?",
        hint=f"You can leave this empty and agree a time later. {steps.WHEN_HINT}",
    )


@routes.route(links.ask("<uuid:listing_id>"), methods=["GET", "POST"])
def ask(listing_id: UUID) -> wrappers.Response:
    """Ask the owner of an offer for it, or offer to give what a request asks for."""
    listing = _listing(listing_id)
    if listing["owner"]["id"] == str(asking.caller().id):
        return flask.redirect(links.listing(listing["id"]), 303)
    form = Request(flask.request.form, minutes=listing["minutes"], message=_opening_words())
    if flask.request.method == "POST" and form.send(
        lambda: asking.tell("exchanges", "ask", body=_body(form, listing))
    ):
        return flask.redirect(links.after(links.exchange(form.answer["id"]), "asked"), 303)
    receives = listing["kind"] == "offer"
    return render.page(
        "exchanges/ask.html",
        "Ask for this" if receives else "Offer to help",
        listing=listing,
        receives=receives,
        form=form,
        credits=funding.of(listing["minutes"], funding.BEFORE_ASKING) if receives else None,
    )


def _listing(listing_id: UUID) -> dict[str, Any]:
    found = asking.ask("exchanges", "listing", listing_id=str(listing_id))
    return names.in_listings([found])[0]


def _body(form: Request, listing: dict[str, Any]) -> dict[str, Any]:
    return {**form.body(listing), "listing_id": listing["id"]}


def _opening_words() -> str | None:
    """A first sentence for whoever comes from an exchange that was settled."""
    before = flask.request.args.get("after")
    if not before:
        return None
    try:
        found = asking.ask("exchanges", "exchange", exchange_id=before)
    except RpcError:
        return None  # not theirs to see, or away: one's own words do as well
    side = turns.side(found, str(asking.caller().id))
    if side is None:
        return None
    ours = f"“{found['title']}”"
    if side == "giver":
        return f"After I helped you with {ours}, I would be glad of your help with this."
    return f"Thank you for your help with {ours}. I would like to give something back."
