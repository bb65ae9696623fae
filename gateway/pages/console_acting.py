"""A representative takes a step for one of the two, with their own name beside it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking, names
from gateway.pages import links, render, steps, turns
from gateway.pages.area import Area
from gateway.pages.steps import STEPS, StepForm

routes = Area("console-acting")

MENTIONED = "Your name is shown to both people. {name} is told."


def offered(found: turns.Found) -> list[dict[str, Any]]:
    """What a representative may do for each of the two: who, and the steps."""
    possible = found.get("allowed_for") or {}
    return [
        {
            "name": turns.name(found, side),
            "steps": [
                {
                    "label": STEPS[action].said(STEPS[action].label, found, found[side]["id"]),
                    "path": links.step_for(found["id"], found[side]["id"], action),
                }
                for action in possible[found[side]["id"]]
            ],
        }
        for side in turns.OTHER
        if found[side]["id"] in possible
    ]


@routes.route(
    links.step_for("<uuid:exchange_id>", "<uuid:member_id>", "<name>"), methods=["GET", "POST"]
)
def step_for(exchange_id: UUID, member_id: UUID, name: str) -> wrappers.Response:
    """The step's page, as its member would meet it."""
    found, member = _found(exchange_id), str(member_id)
    taken = STEPS.get(name)
    if taken is None or turns.side(found, member) is None:
        flask.abort(404)
    filled = {each: found[each] for each in taken.filled}
    form = taken.form(flask.request.form, version=found["version"], **filled)
    if flask.request.method == "POST":
        if form.send(lambda: _tell(found, member, taken.action, form)):
            return flask.redirect(links.after(links.exchange(found["id"]), "acted-for"), 303)
        found = _found(exchange_id)
        form.version.data = str(found["version"])
    return _page(found, member, name, form)


def _found(exchange_id: UUID) -> dict[str, Any]:
    asked = asking.ask("exchanges", "exchange", exchange_id=str(exchange_id))
    return names.in_exchanges([asked])[0]


def _tell(found: dict[str, Any], member: str, action: str, form: StepForm) -> dict[str, Any]:
    answer: dict[str, Any] = asking.tell(
        "exchanges",
        "act_for",
        exchange_id=found["id"],
        member_id=member,
        action=action,
        body=form.body(found),
        expected_version=form.expected_version(),
    )
    return answer


def _page(found: dict[str, Any], member: str, name: str, form: StepForm) -> wrappers.Response:
    possible = name in (found.get("allowed_for") or {}).get(member, ())
    if not possible:
        form.refusals = [steps.GONE_ON]
    taken, side = STEPS[name], turns.side(found, member) or "giver"
    who = turns.opening(turns.name(found, side))
    return render.page(
        "console/acting.html",
        f"{taken.said(taken.title, found, member)} for {who}",
        exchange=found,
        who=who,
        step={each: taken.said(getattr(taken, each), found, member) for each in _TEXTS},
        mentioned=MENTIONED.format(name=who),
        form=form,
        possible=possible,
        asked=form.asked(),
    )


_TEXTS = ("title", "explain", "button")
