"""A joiner as their representative sees them before deciding, and saying no with a reason."""

from __future__ import annotations

from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking, queue
from gateway.pages import fields, links, render
from gateway.pages.area import Area
from gateway.pages.forms import Form

routes = Area("console-joiners")

LONGEST_REASON = 1_000


class Refusal(Form):
    """Why somebody is not let in."""

    reason = fields.Words(
        "Why should they not be let in?",
        fields.required("Say why"),
        fields.at_most(LONGEST_REASON, "What you write"),
        hint="Kept with the decision. They are told that they were not let in, not why.",
    )


@routes.get(links.joiner("<uuid:member_id>"))
def joiner(member_id: UUID) -> wrappers.Response:
    """Somebody who waits, or has had no exchange yet."""
    return _page(str(member_id), Refusal())


def _page(person: str, form: Refusal) -> wrappers.Response:
    found = asking.ask("members", "get", member_id=person)
    may_decide = queue.acts(asking.caller(), found["region"])
    return render.page(
        "console/joiner.html", found["name"], person=found, form=form, may_decide=may_decide
    )


@routes.post(links.joiner("<uuid:member_id>"))
def decide(member_id: UUID) -> wrappers.Response:
    """Let them in, or say no."""
    person = str(member_id)
    if flask.request.form.get("decision") == "approve":
        asking.tell("members", "approve", member_id=person)
        return flask.redirect(links.after(links.CONSOLE, "let-in"), 303)
    form = Refusal(flask.request.form)
    if form.send(
        lambda: asking.tell("members", "refuse", member_id=person, reason=form.reason.data)
    ):
        return flask.redirect(links.after(links.CONSOLE, "refused"), 303)
    return _page(person, form)
