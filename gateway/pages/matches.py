"""The page of matches, and the first screen's: people, the reasons, one button to ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from werkzeug import wrappers

from gateway import asking, matches
from gateway.pages import fields, links, render, titles
from gateway.pages.area import Area
from gateway.pages.forms import Form

routes = Area("matches")

SHOWN = 3
"""On the first screen, on each side: a choice, not a list."""
SHOWN_ON_THE_PAGE = 10


class Chosen(Form):
    """Whom somebody asks at once; drawn by the page, a box to each person."""

    listing = fields.Several("Whom do you want to ask?", choices={})


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
    return shown([])


def shown(chosen: Sequence[str], problem: str | None = None) -> wrappers.Response:
    """The page of matches.

    Args:
        chosen: ids of offers that are ticked.
        problem: what is wrong with the choice.
    """
    me = asking.ask("members", "me")
    form = Chosen()
    if problem:
        form.listing.errors = [problem]
    return render.page(
        "first/matches.html",
        "People who fit you",
        me=me,
        form=form,
        chosen=chosen,
        givers=of(me, "help", SHOWN_ON_THE_PAGE),
        receivers=of(me, "give", SHOWN_ON_THE_PAGE),
    )
