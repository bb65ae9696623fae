"""An area of pages: who may see them, and that a form sent to them is one of ours."""

from __future__ import annotations

import hashlib
import urllib.parse
from collections.abc import Callable
from typing import Any, TypeVar

import flask
from werkzeug import wrappers
from werkzeug.datastructures import FileStorage
from werkzeug.routing import Rule

from gateway import asking, idempotency
from gateway.pages import links, visitor
from gateway.pages.visitor import Visitor
from gateway.problems import Problem

View = TypeVar("View", bound=Callable[..., Any])

ANYONE, SIGNED_IN, MEMBER = "anyone", "signed in", "member"
"""Who a page is for; ``SIGNED_IN`` includes those who have not joined yet."""

FORM_FIELDS = ("csrf", "key")
"""What every form carries beside its own fields."""


class Area(flask.Blueprint):
    """Pages about one thing: for members, unless a page says otherwise.

    Args:
        name: the thing.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}-pages", __name__)
        self.before_request(_enter)
        self.after_request(visitor.keep_visit)


def anyone(view: View) -> View:
    """A page for everybody."""
    return _for(ANYONE, view)


def signed_in(view: View) -> View:
    """A page for whoever has proved an address, joined or not."""
    return _for(SIGNED_IN, view)


def _for(audience: str, view: View) -> View:
    view.audience = audience  # type: ignore[attr-defined]
    return view


def _enter() -> wrappers.Response | None:
    flask.g.is_page = True
    who = visitor.current()
    asking.count(who.email or f"address {flask.request.remote_addr}")
    if who.email is not None:
        flask.g.email = who.email
        flask.g.session_key = visitor.session_key()
    if who.caller is not None:
        flask.g.caller = who.caller
    if flask.request.method == "POST":
        _take_form()
    return _led_elsewhere(who)


def _take_form() -> None:
    """Refuse a form that is not one of ours; let the same form do its work once.

    Raises:
        Problem: ``form_expired``.
    """
    form = flask.request.form
    if not visitor.proves(form.get("csrf")):
        raise Problem("form_expired", "This page was open too long.")
    fields = {name: form.getlist(name) for name in form if name not in FORM_FIELDS}
    fields |= {name: [_digest(file)] for name, file in flask.request.files.items()}
    idempotency.remember_form(form.get("key"), fields)


def _digest(file: FileStorage) -> str:
    """What a file is known by, so that another under the same key is not taken for it."""
    digest = hashlib.sha256(file.stream.read()).hexdigest()
    file.stream.seek(0)
    return digest


def _led_elsewhere(who: Visitor) -> wrappers.Response | None:
    view = flask.current_app.view_functions[flask.request.endpoint or ""]
    audience = getattr(view, "audience", MEMBER)
    if audience == ANYONE or (who.signed_in and (audience == SIGNED_IN or who.caller)):
        return None
    way = links.join if who.signed_in else links.sign_in
    return flask.redirect(way(here()), 303)


def here() -> str:
    """The page somebody can be led back to.

    Of an address that only takes forms that is the nearest one above it that can be opened.
    """
    request = flask.request
    if request.method != "POST":
        return links.local(request.full_path.rstrip("?"))
    opened = {str(rule) for rule in flask.current_app.url_map.iter_rules() if _opens(rule)}
    rule, path = str(request.url_rule), request.path
    if rule in opened:
        # What was said of something done before is not said of this, which was not.
        given = [each for each in request.args.items(multi=True) if each[0] != "said"]
        return links.local(f"{path}?{urllib.parse.urlencode(given)}".rstrip("?"))
    while path and rule not in opened:
        rule, path = rule.rpartition("/")[0], path.rpartition("/")[0]
    return links.local(path)


def _opens(rule: Rule) -> bool:
    return "GET" in (rule.methods or ())
