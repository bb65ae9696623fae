"""What waits on the member who visits: the one list behind every count."""

from __future__ import annotations

import datetime
from typing import Any

import flask
import structlog

from gateway import asking
from gateway.pages import turns
from services.bus.rpc import RpcError

log = structlog.get_logger(__name__)

AT_ONCE = 100
"""Exchanges asked for in one call: more than anybody has open."""
MOST_CALLS = 5


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def waiting() -> list[dict[str, Any]]:
    """The exchanges the visitor must do something in, the oldest deadline first.

    What is booked for a time still to come waits on nobody.
    """
    if "waiting" not in flask.g:
        me, moment = str(asking.caller().id), now()
        mine = [each for each in _asked() if turns.turn(each, me, moment).group == turns.YOU]
        flask.g.waiting = sorted(mine, key=lambda each: each["deadline"] or "")
    found: list[dict[str, Any]] = flask.g.waiting
    return found


def _asked() -> list[dict[str, Any]]:
    """One call for nearly everybody."""
    found: list[dict[str, Any]] = []
    cursor = None
    for _ in range(MOST_CALLS):
        page = asking.ask(
            "exchanges", "exchanges", waiting_on_me=True, limit=AT_ONCE, cursor=cursor
        )
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    return found


def count() -> int | None:
    """How many there are; ``None`` when it cannot be told, which must not keep back a page."""
    try:
        return len(waiting())
    except RpcError as error:
        log.warning("count left out", reason=error.code)
        return None
