"""Other systems that may act for the visitor: which, for what, and how that ends."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking
from gateway.pages import fields, links, render
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.problems import Problem
from services.contracts import scopes

routes = Area("systems")

MOST = 100
"""Systems shown; there are a handful."""


class Agreement(Form):
    """What one system may do. Only those the system has been given are shown."""

    listings_read = fields.Tick("See what members offer and ask for")
    exchanges_read = fields.Tick("See my exchanges")
    exchanges_book = fields.Tick(
        "Book for me",
        hint="Ask for help in my name, agree a time, change or cancel. It can never say "
        "that help took place.",
    )
    account_read = fields.Tick("See my hours and my statement")


NAMES = {
    "listings_read": scopes.READ_LISTINGS,
    "exchanges_read": scopes.READ_EXCHANGES,
    "exchanges_book": scopes.BOOK,
    "account_read": scopes.READ_ACCOUNT,
}
"""The scope each field of the form stands for."""


@routes.get(links.PROFILE_SYSTEMS)
def systems() -> wrappers.Response:
    """All systems of the visitor's region: those that may act for them, and the others."""
    agreed = asking.ask("members", "consents")["items"]
    known = {each["client_id"] for each in agreed}
    others = [each for each in _serving() if each["id"] not in known]
    return render.page("systems/systems.html", "Other systems", agreed=agreed, others=others)


@routes.route(f"{links.PROFILE_SYSTEMS}/<uuid:client_id>", methods=["GET", "POST"])
def system(client_id: UUID) -> wrappers.Response:
    """What one system may do for the visitor."""
    found = next((each for each in _serving() if each["id"] == str(client_id)), None)
    if found is None:
        raise Problem("not_found", "There is no such system.")
    held = _held(client_id)
    shown = [name for name, scope in NAMES.items() if scope in found["scopes"]]
    form = Agreement(flask.request.form, **{name: NAMES[name] in held for name in shown})
    if flask.request.method == "POST":
        wanted = {NAMES[name] for name in shown if form.data[name]}
        if form.send(lambda: _agree(client_id, wanted, held)):
            return flask.redirect(links.after(links.PROFILE_SYSTEMS, "systems-changed"), 303)
    return render.page("systems/system.html", found["name"], form=form, system=found, shown=shown)


def _serving() -> list[dict[str, Any]]:
    """Systems that serve the visitor's region."""
    found = asking.ask("members", "clients", limit=MOST)["items"]
    region = asking.caller().region
    return [each for each in found if region in each["regions"] and not each["withdrawn_at"]]


def _held(client_id: UUID) -> set[str]:
    agreed = asking.ask("members", "consents")["items"]
    return {s for each in agreed if each["client_id"] == str(client_id) for s in each["scopes"]}


def _agree(client_id: UUID, wanted: set[str], held: set[str]) -> None:
    """Give what is new, take back what is no longer ticked."""
    for scope in sorted(held - wanted):
        asking.tell("members", "end_consent", client_id=str(client_id), scope=scope)
    if wanted - held:
        body = {"client_id": str(client_id), "scopes": sorted(wanted)}
        asking.tell("members", "give_consent", body=body)
