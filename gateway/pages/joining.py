"""Joining in four pages: who you are, what you give, what you would like, and yes to it all."""

from __future__ import annotations

import contextlib
from typing import Any

import flask
import structlog
from werkzeug import wrappers
from wtforms import validators

from gateway import asking
from gateway.pages import draft, fields, lines, links, render, visitor, workplace
from gateway.pages.area import Area, anyone, signed_in
from gateway.pages.forms import Form
from services.bus.caller import Caller
from services.bus.rpc import RpcError

log = structlog.get_logger(__name__)

routes = Area("joining")

PREFIX = "timebank-join-"
FROM, WHO, GIVE, LIKE = (f"{PREFIX}{page}" for page in ("from", "who", "give", "like"))
PAGES = {WHO: links.JOIN, GIVE: links.JOIN_GIVE, LIKE: links.JOIN_LIKE}
"""What is kept of each page, in their order, and where it is asked."""
PAGES_IN_ALL = 4

FIRST_OFFER_MINUTES = 60
NOTHING_TO_GIVE = "Write at least one thing you could help with"
TOO_LONG = "That is more than we can keep on this page. Use fewer words; you can add more later"

E_MAILS: dict[str, dict[str, Any]] = {
    "all": {"email": True},
    "needed": {"email": True, "kinds": {"progress": False, "thanks": False}},
    "none": {"email": False},
}
"""What an answer on e-mails means for the services."""


class Who(workplace.Workplace):
    """Who somebody is, and where they work."""

    name = fields.Text(
        "Your name",
        fields.required("Enter your name"),
        fields.at_most(200, "Your name"),
        hint="As colleagues know you",
        look={"autocomplete": "name"},
    )


class Give(Form):
    """What somebody can give."""

    offers = fields.Counted(
        "What could you help others with?",
        fields.required(NOTHING_TO_GIVE),
        fields.at_most(400, "What you could help with"),
        lines.OneOnEachLine("What you could help with"),
        hint="In your own words, one thing on each line. For example: reading a budget; "
        "interview practice; a morning on my ward",
        look={"maxlength": 400, "rows": 5},
    )
    publish = fields.Tick(
        "Publish the first line as an offer of 1 hour, online",
        hint="Others can then find it and ask you. You can change or close it at any time.",
    )

    def validate_offers(self, field: fields.Counted) -> None:
        """Refuse dashes and dots alone: nothing would be left to publish."""
        if not lines.read(field.data):
            raise validators.ValidationError(NOTHING_TO_GIVE)


class Like(Form):
    """What somebody would like."""

    wants = fields.Counted(
        "What would you like help with? (optional)",
        fields.at_most(300, "What you would like"),
        lines.OneOnEachLine("What you would like"),
        hint="One thing on each line. We show you people who can help.",
        look={"maxlength": 300, "rows": 5},
    )


class Agree(Form):
    """Yes to it all."""

    e_mails = fields.Choice(
        "How may we write to you?",
        fields.required("Choose how we may write to you"),
        choices={
            "all": "By e-mail, about everything that happens",
            "needed": "By e-mail, only when I have to do something",
            "none": "Not by e-mail: I look here myself",
        },
        hint="Other members do not see your e-mail address before you have agreed "
        "to help each other.",
    )
    agree = fields.Tick("I agree to these rules", fields.required("Agree to the rules to join"))


@routes.route(links.JOIN, methods=["GET", "POST"])
@anyone
def who() -> wrappers.Response:
    """The first page, or whose invitation it is for somebody who has not signed in."""
    if not visitor.current().signed_in:
        return _invited_or_sent_to_sign_in()
    if visitor.current().caller:
        return flask.redirect(_came_for(), 303)
    form = Who(workplace.given(), **draft.read(WHO))
    if flask.request.method == "POST" and form.settled() and form.place:
        kept = {"name": form.name.data, **form.place}
        if draft.fits(kept):
            return _on(kept, WHO, links.JOIN_GIVE)
        form.refusals.append(TOO_LONG)
    answer = _page("who", "Who you are", 1, form, inviter=_inviter())
    return _remembering_where_from(answer)


@routes.route(links.JOIN_GIVE, methods=["GET", "POST"])
@signed_in
def give() -> wrappers.Response:
    """What somebody can give, in their own words."""
    kept = {"publish": True, **draft.read(GIVE)}
    return _asked(Give, "give", "What you can give", 2, GIVE, links.JOIN_LIKE, kept)


@routes.route(links.JOIN_LIKE, methods=["GET", "POST"])
@signed_in
def like() -> wrappers.Response:
    """What somebody would like; it may stay open."""
    kept = draft.read(LIKE)
    return _asked(Like, "like", "What you would like", 3, LIKE, links.JOIN_CHECK, kept)


@routes.route(links.JOIN_CHECK, methods=["GET", "POST"])
@signed_in
def check() -> wrappers.Response:
    """Check the answers, and join."""
    elsewhere = _led_elsewhere(None)
    if elsewhere:
        return elsewhere
    answers = {name: value for page in PAGES for name, value in draft.read(page).items()}
    form = Agree(flask.request.form, e_mails="all")
    if flask.request.method == "POST" and form.send(lambda: _join(answers)):
        return _joined(form.answer, answers, str(form.e_mails.data))
    return _page("check", "Check your answers and join", 4, form, answers=answers)


def _asked(
    asked: type[Form], template: str, title: str, number: int, page: str, onward: str, kept: Any
) -> wrappers.Response:
    """One of the pages in between: ask, keep, go on."""
    elsewhere = _led_elsewhere(page)
    if elsewhere:
        return elsewhere
    form = asked(flask.request.form, **kept)
    if flask.request.method == "POST" and form.validate():
        if draft.fits(form.data):
            return _on(form.data, page, onward)
        form.refusals.append(TOO_LONG)
    return _page(template, title, number, form)


def _on(kept: dict[str, Any], page: str, onward: str) -> wrappers.Response:
    """Keep a page's answers; go on, or back to the check of somebody who came from there."""
    changing = flask.request.args.get("change") == "yes"
    answer = flask.redirect(links.JOIN_CHECK if changing else onward, 303)
    draft.write(answer, page, kept)
    return answer


def _page(template: str, title: str, number: int, form: Form, **facts: Any) -> flask.Response:
    return render.page(
        f"joining/{template}.html", title, form=form, number=number, of=PAGES_IN_ALL, **facts
    )


def _led_elsewhere(page: str | None) -> wrappers.Response | None:
    """Members need not join; nobody passes a page that was not answered."""
    if visitor.current().caller:
        return flask.redirect(_came_for(), 303)
    for before, path in PAGES.items():
        if before == page:
            return None
        if not draft.read(before):
            return flask.redirect(path, 303)
    return None


def _join(answers: dict[str, Any]) -> Any:
    """Join with the address that was proved.

    As the address, never as the member: a form sent twice must look the same before and
    after the joining, or its key would not be recognised.
    """
    body = {
        "name": answers["name"],
        "organisation": answers["code"],
        "region": answers["region"],
        "skills_offered": lines.read(answers["offers"]),
        "skills_wanted": lines.read(answers["wants"]),
        "invitation": draft.read(FROM).get("by"),
    }
    who = Caller(region=answers["region"], email=flask.g.email)
    return asking.tell("members", "join", as_=who, body=body)


def _joined(member: dict[str, Any], answers: dict[str, Any], e_mails: str) -> wrappers.Response:
    """What follows from joining. None of it is worth failing for: all can be done again."""
    asking.forget_caller()
    with _or_later("preferences"):
        asking.tell("notifications", "set_preferences", body=E_MAILS[e_mails])
    if answers["publish"] and member["status"] == "approved":
        with _or_later("first offer"):
            asking.tell("exchanges", "publish_listing", body=_first_offer(answers["offers"]))
    answer = flask.redirect(_came_for("joined"), 303)
    draft.forget(answer, (FROM, *PAGES))
    return answer


@contextlib.contextmanager
def _or_later(what: str) -> Any:
    try:
        yield
    except RpcError as error:
        log.warning("left for later after joining", what=what, reason=error.code)


def _first_offer(offers: str) -> dict[str, Any]:
    return {
        "kind": "offer",
        "title": lines.read(offers)[0],
        "description": offers.strip(),
        "minutes": FIRST_OFFER_MINUTES,
        "online": True,
        "skills": lines.read(offers)[:20],
    }


def _invited_or_sent_to_sign_in() -> wrappers.Response:
    given = flask.request.args
    query = {"by": given.get("by"), "next": given.get("next")}
    sign_in = links.sign_in(links.local(links.with_query(links.JOIN, **query)))
    inviter = _whose(given.get("by"))
    if inviter is None:
        return flask.redirect(sign_in, 303)
    return render.page("joining/invited.html", "You are invited", inviter=inviter, sign_in=sign_in)


def _inviter() -> dict[str, Any] | None:
    """Whose invitation somebody came by."""
    return _whose(flask.request.args.get("by") or draft.read(FROM).get("by"))


def _whose(token: str | None) -> dict[str, Any] | None:
    """Who invites with a token, and for which network."""
    found: dict[str, Any] | None = (
        asking.ask_ourselves("members", "invitation", token=token) if token else None
    )
    return found


def _remembering_where_from(answer: wrappers.Response) -> wrappers.Response:
    """Keep whose invitation it was and what somebody was looking for, for the last page."""
    given = flask.request.args
    known = {name: given[name] for name in ("by", "next") if given.get(name)}
    kept = {**draft.read(FROM), **known}
    if known and draft.fits(kept):
        draft.write(answer, FROM, kept)
    return answer


def _came_for(said: str | None = None) -> str:
    """Where somebody wanted to go before they had to join; by default the first screen."""
    path = links.local(flask.request.args.get("next") or draft.read(FROM).get("next"))
    if path != links.HOME:
        return path
    return links.after(links.FIRST, said) if said else links.FIRST
