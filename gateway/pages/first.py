"""The first screen after joining: three who could help, three whom one could help."""

from __future__ import annotations

from werkzeug import wrappers

from gateway import asking
from gateway.pages import links, matches, render
from gateway.pages.area import Area

routes = Area("first")


@routes.get(links.FIRST)
def first() -> wrappers.Response:
    """People to begin with, each with the reason and a button to ask."""
    me = asking.ask("members", "me")
    return render.page(
        "first/first.html",
        "People to begin with",
        me=me,
        givers=matches.of(me, "help"),
        receivers=matches.of(me, "give"),
    )
