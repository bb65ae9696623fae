"""What a person sees when a page cannot be shown; programs get a problem document instead."""

from __future__ import annotations

import contextlib
from typing import Any

import flask
from werkzeug import exceptions

from gateway import problems
from gateway.pages import area, links, render, visitor, words
from gateway.problems import Problem
from services.bus.rpc import RpcError

_TITLES = {
    400: "Something is wrong with this request",
    403: "You cannot see or do this",
    404: "Page not found",
    405: "Page not found",
    409: "This is not possible any more",
    413: "That was too much to send",
    422: "Something is wrong with this address",
    429: "Too many requests",
    500: "Sorry, there is a problem with the service",
    503: "Sorry, the service is not available just now",
}
_ADVICE = {
    404: "If you typed the address, check it is correct. The page may also be one that only "
    "other people can see.",
    405: "If you typed the address, check it is correct.",
    422: "Go back and try again.",
    429: "Wait a minute, then try again.",
    500: "Try again later. Nothing you did was lost or done twice.",
    503: "Try again in a few minutes. What was agreed and booked is safe.",
}
_EXPIRED = "form_expired"
_PASSING = (429, 503)
"""What is over in a while: the same form may be sent again."""


def show(problem: Problem) -> flask.Response:
    """A page for a person, a problem document for everything else."""
    if not _wants_page():
        return problems.answer(problem)
    if problem.status == 401:
        return flask.redirect(links.sign_in(area.here()), 303)  # type: ignore[return-value]
    _know_visitor()
    title = _TITLES.get(problem.status, _TITLES[500])
    if problem.code == _EXPIRED:
        title = "This page was open too long"
    advice = words.REFUSALS.get(problem.code) or _ADVICE.get(problem.status, problem.detail)
    answer = render.page(
        "failure.html",
        title,
        status=problem.status,
        advice=advice,
        expired=problem.code == _EXPIRED,
        back=area.here(),
        again=_again() if problem.status in _PASSING else None,
        reference=flask.g.get("correlation_id") if problem.status >= 500 else None,
    )
    answer.headers.update(problem.headers)
    return answer


def _again() -> dict[str, Any] | None:
    """The form that was sent, to be sent once more as it is; ``None`` where there was none.

    With its own proof and key: another's form stays another's, and what was done after all is
    not done twice. Files are not kept.
    """
    request = flask.request
    if request.method != "POST":
        return None
    try:
        form, files = request.form, request.files
    except exceptions.HTTPException:  # longer than is taken
        return None
    told = [(name, value) for name, value in form.items(multi=True) if name not in area.FORM_FIELDS]
    return None if files else {"csrf": form.get("csrf"), "key": form.get("key"), "fields": told}


def _know_visitor() -> None:
    """Keep the navigation on a page that does not exist; where it does, that was tried."""
    if flask.request.url_rule is None:
        with contextlib.suppress(RpcError):
            visitor.current()


def _wants_page() -> bool:
    """Whether a person is waiting: at one of our pages, or nowhere and with a browser.

    A page is known by its address: some requests end before anybody looked who sent them.
    """
    blueprint = flask.current_app.blueprints.get(flask.request.blueprint or "")
    if isinstance(blueprint, area.Area) or flask.g.get("is_page"):
        return True
    accepted = flask.request.accept_mimetypes
    nowhere = flask.request.url_rule is None and not flask.request.path.startswith(
        ("/v1/", "/dev/")
    )
    return nowhere and accepted["text/html"] > accepted["application/json"]
