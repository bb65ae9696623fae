"""The page of matches, and the first screen's: people, the reasons, one button to ask."""

from __future__ import annotations

from typing import Any

from werkzeug import wrappers

from gateway import asking, matches
from gateway.pages import links, render, titles
from gateway.pages.area import Area

routes = Area("matches")

SHOWN = 3
"""On the first screen, on each side: a choice, not a list."""
SHOWN_ON_THE_PAGE = 10


def of(me: dict[str, Any], whom: str, limit: int = SHOWN) -> list[dict[str, Any]]:
    """Listings of different people, each with its ``reasons`` as sentences, the best first.

    Args:
        me: one's own profile.
        whom: ``help`` for who could help, ``give`` for whom one could help.
    """
    found = matches.found(me, whom, limit)
    return titles.told_apart(
        [
            {**each["listing"], "reasons": [reason["text"] for reason in each["reasons"]]}
            for each in found
        ]
    )


@routes.get(links.MATCHES)
def page() -> wrappers.Response:
    """Everybody who fits, on both sides."""
    me = asking.ask("members", "me")
    return render.page(
        "first/matches.html",
        "People who fit you",
        me=me,
        givers=of(me, "help", SHOWN_ON_THE_PAGE),
        receivers=of(me, "give", SHOWN_ON_THE_PAGE),
    )
