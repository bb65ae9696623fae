"""Waiting on you: the single list of what a member must do, the most urgent first."""

from __future__ import annotations

from werkzeug import wrappers

from gateway import asking, names
from gateway.pages import exchanges, links, render, talk, tasks
from gateway.pages.area import Area

routes = Area("waiting")


@routes.get(links.WAITING)
def waiting() -> wrappers.Response:
    """Everything that waits, each with the step that leads on."""
    found = names.in_exchanges(tasks.waiting())
    me = str(asking.caller().id)
    return render.page(
        "exchanges/waiting.html",
        "Waiting on you",
        found=exchanges.numbered(found, me),
        written=talk.unread(besides={each["id"] for each in found}),
    )
