"""Saying that something is not right: raising a concern, following it, and blocking somebody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking, concerns, names
from gateway.pages import fields, links, render, steps, turns, words
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.schemas import concerns as shapes

routes = Area("concerns")

AT_ONCE = 20


class Concern(Form):
    """What is not right, and what of it may be shown."""

    severity = fields.Choice(
        "What is it about?",
        fields.required("Choose what it is about"),
        choices=words.SEVERITIES,
    )
    text = fields.Words(
        "What happened?",
        fields.required("Say what happened"),
        fields.at_most(shapes.LONGEST_TEXT, "What you write"),
        hint=f"Only those who look into it can read this. {steps.NO_PATIENTS}",
    )
    attach_messages = fields.Tick("Show them the messages between us")

    def body(self, **about: str) -> dict[str, Any]:
        return {
            "severity": self.severity.data,
            "text": self.text.data,
            "attach_messages": bool(self.attach_messages.data),
            **about,
        }


@routes.route(links.concern_about("<uuid:exchange_id>"), methods=["GET", "POST"])
def about_exchange(exchange_id: UUID) -> wrappers.Response:
    """Raise a concern about the other of an exchange."""
    asked = asking.ask("exchanges", "exchange", exchange_id=str(exchange_id))
    found, me = names.in_exchanges([asked])[0], str(asking.caller().id)
    side = turns.side(found, me)
    if side is None:
        flask.abort(404)
    form = Concern(flask.request.form)
    return _raised(form, exchange_id=found["id"]) or render.page(
        "concerns/raise.html",
        "Raise a concern",
        form=form,
        other=turns.other(found, me),
        exchange=found,
        about_id=found[turns.OTHER[side]]["id"],
        back=links.exchange(found["id"]),
    )


@routes.route(links.concern_about_member("<uuid:member_id>"), methods=["GET", "POST"])
def about_member(member_id: UUID) -> wrappers.Response:
    """Raise a concern about somebody, without an exchange."""
    person = _other(member_id)
    form = Concern(flask.request.form)
    return _raised(form, member_id=person["id"]) or render.page(
        "concerns/raise.html",
        "Raise a concern",
        form=form,
        other=person["name"],
        exchange=None,
        about_id=person["id"],
        back=links.member(person["id"]),
    )


def _raised(form: Concern, **about: str) -> wrappers.Response | None:
    """Where to go once it is sent; ``None`` while it is not."""
    if flask.request.method != "POST" or not form.send(
        lambda: asking.tell("exchanges", "raise_concern", body=form.body(**about))
    ):
        return None
    return flask.redirect(links.after(links.concern(form.answer["id"]), "concern-raised"), 303)


@routes.get(links.CONCERNS)
def mine() -> wrappers.Response:
    """What one raised."""
    cursor = flask.request.args.get("cursor")
    found = asking.ask("exchanges", "concerns", limit=AT_ONCE, cursor=cursor)
    following = found["next"]
    return render.page(
        "concerns/mine.html",
        "Concerns I raised",
        found=_named(found["items"]),
        first=links.CONCERNS if cursor else None,
        next=following and links.with_query(links.CONCERNS, cursor=following),
    )


@routes.get(links.concern("<uuid:concern_id>"))
def concern(concern_id: UUID) -> wrappers.Response:
    """What one raised, and what came of it; who looks into it goes to their own page."""
    found = asking.ask("exchanges", "concern", concern_id=str(concern_id))
    if "allowed" in found:
        return flask.redirect(links.handled(found["id"]), 303)
    return render.page("concerns/concern.html", "Your concern", concern=_named([found])[0])


def _named(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = names.cards(each["about_id"] for each in found)
    return [
        {**each, "about": known.get(each["about_id"], {}).get("name") or "a colleague"}
        for each in found
    ]


@routes.route(links.block("<uuid:member_id>"), methods=["GET", "POST"])
def block(member_id: UUID) -> wrappers.Response:
    """Have nothing more to do with somebody, after reading what follows from it."""
    person, form = _other(member_id), Form(flask.request.form)
    if flask.request.method == "POST" and form.send(
        lambda: asking.tell("exchanges", "block", member_id=person["id"])
    ):
        return flask.redirect(links.after(links.PROFILE_BLOCKED, "blocked"), 303)
    return render.page("concerns/block.html", f"Block {person['name']}", person=person, form=form)


def _other(member_id: UUID) -> dict[str, Any]:
    """Somebody else's card; there is no such page about oneself."""
    known = names.cards([str(member_id)]).get(str(member_id))
    if known is None or member_id == asking.caller().id:
        flask.abort(404)
    return {**known, "id": str(member_id)}


@routes.get(links.PROFILE_BLOCKED)
def blocked() -> wrappers.Response:
    """Whom one has blocked."""
    found = concerns.named(asking.ask("exchanges", "blocks"))
    return render.page("concerns/blocked.html", "People you have blocked", found=found["items"])


@routes.post(links.PROFILE_BLOCKED)
def unblock() -> wrappers.Response:
    """Take a block back."""
    asking.tell("exchanges", "unblock", member_id=flask.request.form.get("member", ""))
    return flask.redirect(links.after(links.PROFILE_BLOCKED, "unblocked"), 303)
