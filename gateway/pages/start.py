"""The start page: what this is for somebody new, and what to do next for a member."""

from __future__ import annotations

from werkzeug import wrappers

from gateway import asking
from gateway.pages import links, render, talk, visitor
from gateway.pages.area import Area, anyone

routes = Area("start")


@routes.get(links.HOME)
@anyone
def start() -> wrappers.Response:
    """The start page."""
    if visitor.current().caller is None:
        return render.page("start/welcome.html", "Give an hour, get an hour")
    return render.page(
        "start/member.html",
        "Your timebank",
        account=asking.ask("ledger", "account"),
        written=talk.unread(),
    )
