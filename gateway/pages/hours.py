"""My hours: the balance, what is held and why, and how it all came about."""

from __future__ import annotations

from typing import Any

import flask
from werkzeug import wrappers

from gateway import asking, names
from gateway.pages import links, render
from gateway.pages.area import Area

routes = Area("hours")

LINES = 20
"""Of a statement on one page."""
HELD_IN = ("accepted", "booked", "awaiting_confirmation", "completed", "disputed")
"""States of an exchange in which the receiver's minutes are held."""
MOST_HELD = 100
"""Exchanges shown of each state."""


@routes.get(links.HOURS)
def hours() -> wrappers.Response:
    """The balance, the holds on the first page, and the statement page by page."""
    cursor = flask.request.args.get("cursor")
    account = asking.ask("ledger", "account")
    found = asking.ask("ledger", "statement", limit=LINES, cursor=cursor)
    return render.page(
        "hours/hours.html",
        "My hours",
        account=account,
        held=_held() if account["held_minutes"] and not cursor else [],
        entries=names.in_entries(found["items"]),
        first=links.HOURS if cursor else None,
        next=found["next"] and links.with_query(links.HOURS, cursor=found["next"]),
    )


def _held() -> list[dict[str, Any]]:
    """The exchanges somebody's minutes are held for."""
    found: list[dict[str, Any]] = []
    for state in HELD_IN:
        wanted = {"mine": "receiver", "state": state, "limit": MOST_HELD}
        found += asking.ask("exchanges", "exchanges", **wanted)["items"]
    return names.in_exchanges([each for each in found if each["held_minutes"]])
