"""The start page: what this is for somebody new, and what to do next for a member."""

from __future__ import annotations

from typing import Any

import structlog
from werkzeug import wrappers

from gateway import asking
from gateway.pages import links, render, talk, visitor
from gateway.pages.area import Area, anyone
from services.bus.rpc import RpcError

log = structlog.get_logger(__name__)

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
        account=_account(),
        written=talk.unread(),
    )


def _account() -> dict[str, Any] | None:
    """The visitor's account; without it there is still everything to be found and asked for."""
    try:
        found: dict[str, Any] = asking.ask("ledger", "account")
    except RpcError as error:
        log.warning("account left out", reason=error.code)
        return None
    return found
