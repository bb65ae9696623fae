"""Times of offers: their owners say when they can help, others ask for one by one press."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking
from gateway.pages import fields, links, listings, moments, own_listings, render, steps
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.schemas.listings import MOST_SLOTS
from services.bus.rpc import RpcError
from services.contracts import words as contract

routes = Area("times")


class Time(Form):
    """When the owner of an offer can help, and for how long."""

    starts_at = moments.Moment("When could it begin?", required=True, hint=steps.WHEN_HINT)
    minutes = fields.Minutes(
        "How long?", fields.required("Choose how long"), most=contract.MINUTES_MAX
    )
    version = fields.Version()

    def take(self, refused: RpcError) -> None:
        """What is wrong with a time is wrong with its beginning."""
        told = refused.detail.get("errors")
        if not isinstance(told, list):
            super().take(refused)
            return
        said = [str(each.get("message")) for each in told]
        self.starts_at.errors = [*self.starts_at.errors, *said]


@routes.get(f"{links.FIND}/<uuid:listing_id>/times/<uuid:slot_id>/ask")
def chosen(listing_id: UUID, slot_id: UUID) -> wrappers.Response:
    """Where the times of an offer stand, for whoever had to sign in before asking for one."""
    return flask.redirect(links.listing(str(listing_id)), 303)


@routes.post(f"{links.FIND}/<uuid:listing_id>/times/<uuid:slot_id>/ask")
def ask(listing_id: UUID, slot_id: UUID) -> wrappers.Response:
    """Ask for one of an offer's times; what somebody else took meanwhile is said so."""
    found = asking.ask("exchanges", "listing", listing_id=str(listing_id))
    chosen = next((each for each in found.get("slots", ()) if each["id"] == str(slot_id)), None)
    body = {
        "listing_id": found["id"],
        "slot_id": str(slot_id),
        "minutes": min(found["minutes"], chosen["minutes"]) if chosen else found["minutes"],
    }
    form = Form(flask.request.form)
    if form.send(lambda: asking.tell("exchanges", "ask", body=body)):
        return flask.redirect(links.after(links.exchange(form.answer["id"]), "asked"), 303)
    return listings.shown(listing_id, form)


@routes.route(f"{links.FIND}/<uuid:listing_id>/times", methods=["GET", "POST"])
def times(listing_id: UUID) -> wrappers.Response:
    """The times of an offer of one's own, with one more to add."""
    found = own_listings.own(listing_id)
    form = Time(flask.request.form, minutes=found["minutes"], version=found["version"])
    if flask.request.method == "POST" and form.send(lambda: _with(found, form)):
        return flask.redirect(links.after(links.times(found["id"]), "time-added"), 303)
    return render.page(
        "own-listings/times.html",
        "When can you help?",
        listing=found,
        form=form,
        full=len(found["slots"]) >= MOST_SLOTS,
    )


@routes.post(f"{links.FIND}/<uuid:listing_id>/times/<uuid:slot_id>/remove")
def remove(listing_id: UUID, slot_id: UUID) -> wrappers.Response:
    """Take back a time nobody has taken; what is agreed stays as agreed."""
    found = own_listings.own(listing_id)
    left = [each for each in found["slots"] if each["id"] != str(slot_id)]
    _set(found, [_time(each) for each in left], found["version"])
    return flask.redirect(links.after(links.times(found["id"]), "time-removed"), 303)


def _with(found: dict[str, Any], form: Time) -> Any:
    new = {"starts_at": form.starts_at.data, "minutes": form.minutes.data}
    known = [_time(each) for each in found["slots"]]
    return _set(found, [*known, new], form.version.seen())


def _set(found: dict[str, Any], wanted: list[dict[str, Any]], expected: int | None) -> Any:
    return asking.tell(
        "exchanges",
        "edit_listing",
        listing_id=found["id"],
        body={"slots": wanted},
        expected_version=expected,
    )


def _time(slot: dict[str, Any]) -> dict[str, Any]:
    return {name: slot[name] for name in ("starts_at", "minutes")}
