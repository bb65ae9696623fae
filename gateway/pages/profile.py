"""One's own profile: see it, change it, say what to be told, take it along, and leave."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any

import flask
from werkzeug import wrappers

from gateway import asking
from gateway.pages import fields, lines, links, render, visitor, workplace
from gateway.pages.area import Area
from gateway.pages.forms import Form

routes = Area("profile")

A_PAGE = 100
"""Rows of a list asked for at once when everything is wanted."""


class About(Form):
    """What somebody says of themselves."""

    name = fields.Text(
        "Your name",
        fields.required("Enter your name"),
        fields.at_most(200, "Your name"),
        look={"autocomplete": "name"},
    )
    about = fields.Words(
        "About you (optional)",
        fields.at_most(2_000, "About you"),
        hint="What colleagues should know before they ask you",
    )
    skills_offered = fields.Words(
        "What you can help others with",
        fields.at_most(3_000, "What you can help with"),
        lines.OneOnEachLine("What you can help with"),
        hint="One thing on each line",
    )
    skills_wanted = fields.Words(
        "What you would like help with",
        fields.at_most(3_000, "What you would like"),
        lines.OneOnEachLine("What you would like"),
        hint="One thing on each line",
    )
    version = fields.Version()


class Work(workplace.Workplace):
    """Where somebody works, when that changes."""

    version = fields.Version()


class EMails(Form):
    """What is told by e-mail. What is not named here cannot be switched off alone."""

    email = fields.Tick("Write to me by e-mail", hint="Without it, you only see here what is new.")
    progress = fields.Tick("About the progress of my exchanges")
    thanks = fields.Tick("When somebody thanks me")
    messages = fields.Tick("When somebody I share an exchange with writes to me")
    membership = fields.Tick("About my membership")
    searches = fields.Tick("When something new fits what I look for")
    version = fields.Version()


class Privacy(Form):
    """What others see, beyond what helping each other needs."""

    shows_employer = fields.Tick(
        "Show other members where I work",
        hint="Your region is always shown: it says how far apart you are.",
    )
    shows_email = fields.Tick(
        "Show my e-mail address to whoever I agree on help with",
        hint="Nobody sees it before both have said yes. Without it you write to each other here.",
    )
    version = fields.Version()


class Leave(Form):
    """Leaving, on purpose."""

    choice = fields.Choice(
        "Where should your hours go?",
        fields.required("Choose where your hours should go"),
        choices={"fund": "To the community fund, which helps members who have none left"},
    )
    sure = fields.Tick(
        "Yes, erase my profile and end my membership",
        fields.required("Tick the box if you are sure"),
    )


E_MAILS = ("progress", "thanks", "messages", "membership", "searches")
"""The e-mails one can do without, by kind; each a field of ``EMails``."""


@routes.get(links.PROFILE)
def profile() -> wrappers.Response:
    """One's own profile."""
    return render.page("profile/profile.html", "Profile", member=_me())


@routes.route(links.PROFILE_ABOUT, methods=["GET", "POST"])
def about() -> wrappers.Response:
    """Change what one says of oneself."""
    me = _me()
    skills = {name: lines.written(me[name]) for name in ("skills_offered", "skills_wanted")}
    form = About(flask.request.form, **{**me, **skills})
    if flask.request.method == "POST" and form.send(lambda: _change(_said_in(form), form)):
        return flask.redirect(links.after(links.PROFILE, "changed"), 303)
    return render.page("profile/about.html", "About you", form=form)


@routes.route(links.PROFILE_WORK, methods=["GET", "POST"])
def work() -> wrappers.Response:
    """Change where one works. What was given and received stays one's own."""
    me = _me()
    form = Work(workplace.given(), organisation=me["organisation_name"], version=me["version"])
    if flask.request.method == "POST" and form.settled() and form.place:
        place = form.place
        body = {"organisation": place["code"], "region": place["region"]}
        if form.send(lambda: _change(body, form)):
            return flask.redirect(links.after(links.PROFILE, "changed"), 303)
    return render.page("profile/work.html", "Where you work", form=form)


@routes.route(links.PROFILE_E_MAILS, methods=["GET", "POST"])
def e_mails() -> wrappers.Response:
    """Change what one is told by e-mail."""
    known = asking.ask("notifications", "preferences")
    form = EMails(
        flask.request.form, email=known["email"], version=known["version"], **known["kinds"]
    )
    if flask.request.method == "POST" and form.send(lambda: _set_preferences(form)):
        return flask.redirect(links.after(links.PROFILE, "e-mails-changed"), 303)
    return render.page("profile/e-mails.html", "E-mails", form=form)


@routes.route(links.PROFILE_PRIVACY, methods=["GET", "POST"])
def privacy() -> wrappers.Response:
    """Change what others see."""
    me = _me()
    known = {name: me[name] for name in (*_SEEN, "version")}
    form = Privacy(flask.request.form, **known)
    if flask.request.method == "POST" and form.send(
        lambda: _change({name: bool(form.data[name]) for name in _SEEN}, form)
    ):
        return flask.redirect(links.after(links.PROFILE, "privacy-changed"), 303)
    return render.page("profile/privacy.html", "Who sees what", form=form)


_SEEN = ("shows_employer", "shows_email")


@routes.get(links.PROFILE_DOWNLOAD)
def download() -> wrappers.Response:
    """Everything the services hold of the visitor, as one file."""
    held = {
        "downloaded_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "profile": _me(),
        "e_mails": asking.ask("notifications", "preferences"),
        "account": asking.ask("ledger", "account"),
        "statement": list(_all("ledger", "statement")),
        "offers_and_requests": list(_all("exchanges", "listings", mine=True)),
        "saved_searches": asking.ask("exchanges", "saved_searches")["items"],
        "exchanges": list(_all("exchanges", "exchanges", mine="all")),
        "messages_written": list(_all("exchanges", "written_messages")),
        "concerns_raised": list(_all("exchanges", "concerns")),
        "people_blocked": asking.ask("exchanges", "blocks")["items"],
        "notices": list(_all("notifications", "notices")),
        "other_systems": asking.ask("members", "consents")["items"],
        "networks_hosted": asking.ask("members", "networks", ended=True)["items"],
    }
    text = json.dumps(held, indent=2, ensure_ascii=False)
    answer = flask.Response(text, mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="talent-timebank.json"'
    return answer


@routes.route(links.PROFILE_LEAVE, methods=["GET", "POST"])
def leave() -> wrappers.Response:
    """Leave: open exchanges are cancelled, the person is erased, the hours stay."""
    form = Leave(flask.request.form, choice="fund")
    if flask.request.method == "POST" and form.send(
        lambda: asking.tell("members", "leave", choice=form.choice.data)
    ):
        asking.forget_caller()
        return visitor.sign_out(flask.redirect(links.after(links.HOME, "left"), 303))
    account = asking.ask("ledger", "account")
    return render.page("profile/leave.html", "Leave the timebank", form=form, account=account)


def _me() -> dict[str, Any]:
    found: dict[str, Any] = asking.ask("members", "me")
    return found


def _said_in(form: About) -> dict[str, Any]:
    return {
        "name": form.name.data,
        "about": form.about.data or None,
        "skills_offered": lines.read(form.skills_offered.data),
        "skills_wanted": lines.read(form.skills_wanted.data),
    }


def _change(body: dict[str, Any], form: About | Work | Privacy) -> Any:
    changed = asking.tell("members", "update", body=body, expected_version=form.version.seen())
    asking.forget_caller()
    return changed


def _set_preferences(form: EMails) -> Any:
    kinds = {name: bool(form.data[name]) for name in E_MAILS}
    body = {"email": bool(form.email.data), "kinds": kinds}
    return asking.tell(
        "notifications", "set_preferences", body=body, expected_version=form.version.seen()
    )


def _all(service: str, method: str, **wanted: Any) -> Iterator[dict[str, Any]]:
    """Every row of a list, page by page."""
    cursor = None
    while True:
        page = asking.ask(service, method, limit=A_PAGE, cursor=cursor, **wanted)
        yield from page["items"]
        cursor = page["next"]
        if not cursor:
            return
