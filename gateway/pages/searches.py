"""Saved searches: what somebody wants to hear of, what was found, and how to stop it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking, names
from gateway.pages import links, render, titles, words
from gateway.pages.area import Area
from gateway.pages.forms import Form

routes = Area("searches")

CRITERIA = ("q", "kind", "category", "region")
"""Of Find's filters those that can be saved."""
OFFERED, ASKED_FOR = "What others offer", "What others ask for"


@routes.get(links.SEARCHES)
def searches() -> wrappers.Response:
    """One's own saved searches."""
    return _shown(Form())


@routes.post(links.SEARCHES)
def save() -> wrappers.Response:
    """Save what Find was asked for; the form carries it along."""
    form = Form(flask.request.form)
    body = {name: flask.request.form.get(name) or None for name in CRITERIA}
    if form.send(lambda: asking.tell("exchanges", "save_search", body=body)):
        return flask.redirect(links.after(links.SEARCHES, "search-saved"), 303)
    return _shown(form)


@routes.post(f"{links.SEARCHES}/<uuid:search_id>/remove")
def remove(search_id: UUID) -> wrappers.Response:
    """Forget one of one's own."""
    asking.tell("exchanges", "remove_search", search_id=str(search_id))
    return flask.redirect(links.after(links.SEARCHES, "search-removed"), 303)


def _shown(form: Form) -> wrappers.Response:
    saved = asking.ask("exchanges", "saved_searches")
    return render.page(
        "listings/searches.html",
        "Saved searches",
        form=form,
        searches=[_told(each) for each in saved["items"]],
        found=titles.told_apart(names.in_listings(saved["found"])),
    )


def _told(search: dict[str, Any]) -> dict[str, Any]:
    """A search in words, and where it is made again."""
    kind = {"offer": OFFERED, "request": ASKED_FOR}.get(search["kind"], "Everything new")
    parts = [
        f"“{search['q']}”" if search["q"] else None,
        words.CATEGORIES.get(search["category"]),
        words.REGIONS.get(search["region"]),
    ]
    query = {name: search[name] for name in CRITERIA}
    return {
        "id": search["id"],
        "text": ": ".join([kind, *filter(None, [", ".join(filter(None, parts))])]),
        "path": links.with_query(links.FIND, **query),
    }
