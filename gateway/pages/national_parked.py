"""Messages that no service could handle, in plain words; the national team decides about them."""

from __future__ import annotations

from typing import Any

import flask
from werkzeug import wrappers

from gateway import asking, parked
from gateway.pages import fields, links, national, render, words
from gateway.pages.area import Area
from gateway.pages.forms import Form

routes = Area("national-parked")

PARTS = {
    "exchanges": "Exchanges",
    "ledger": "Hours",
    "notifications": "Notices",
    "reporting": "Figures",
}
"""What the services are called here."""
MEANING = {
    "exchanges": "An exchange may not have moved on.",
    "ledger": "Hours may not have been held, moved or released.",
    "notifications": "Somebody may not have been told.",
    "reporting": "The figures may lack something. Nobody’s hours are affected.",
}
DECISIONS = {
    "put_back": "Put it back, to be tried again",
    "discard": "Discard it: what it said will not happen",
}
_WHOLE = "The same for {} that failed for the same reason"
SHOWN = 30
"""Kinds of failure on one page; within its 60 kB."""
HISTORY = 20


class Decision(Form):
    """What is to become of a message, and why."""

    decision = fields.Choice(
        "What should happen?", fields.required("Choose what should happen"), choices=DECISIONS
    )
    whole = fields.Tick(_WHOLE)
    reason = fields.Words(
        "Why?",
        fields.required("Say why"),
        fields.at_most(national.LONGEST_REASON, "What you write"),
        hint="Kept with the decision for everybody who reads the audit",
    )


@routes.get(links.NATIONAL_PARKED)
def listed() -> wrappers.Response:
    """What is parked, alike ones together, and what was decided lately."""
    national.require_sight()
    found = parked.load()
    alike = _together(found.items)
    return render.page(
        "national/parked.html",
        "Messages put aside",
        kinds=[_kind(each) for each in alike[:SHOWN]],
        left=sum(found.totals.values()) - sum(len(each) for each in alike[:SHOWN]),
        silent=[PARTS[each] for each in found.silent],
        decided=[_decided(each) for each in _history(found)],
        may_decide=asking.caller().is_national,
    )


def _together(items: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Messages of one kind that failed in one service for one reason, in their order."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for each in items:
        key = (each["service"], each["event"], each["failure"])
        alike.setdefault(key, []).append(each)
    return list(alike.values())


def _kind(alike: list[dict[str, Any]]) -> dict[str, Any]:
    first = alike[0]
    regions = sorted({words.REGIONS.get(each["region"], "National") for each in alike})
    return {
        **first,
        "title": _title(first),
        "part": PARTS[first["service"]],
        "meaning": MEANING[first["service"]],
        "regions": ", ".join(regions),
        "number": len(alike),
        "path": links.parked(first["service"], first["event_id"]),
        "exchange": links.exchange(first["subject"]) if _of_an_exchange(first) else None,
    }


def _title(message: dict[str, Any]) -> str:
    """``exchange_completed`` as people say it; what has no name of ours is unknown."""
    event = str(message["event"]).replace("_", " ").strip()
    return event[:1].upper() + event[1:] if event else "Unknown"


def _of_an_exchange(message: dict[str, Any]) -> bool:
    return message["event"].startswith("exchange_") and links.is_id(message["subject"])


def _history(found: parked.Parked) -> list[dict[str, Any]]:
    """Lately decided; not told while a part is silent, since it would look complete."""
    return [] if found.silent else parked.decisions()[:HISTORY]


def _decided(found: dict[str, Any]) -> dict[str, Any]:
    put_back = found["decision"] == "put_back"
    return {
        **found,
        "title": _title(found),
        "part": PARTS[found["service"]],
        "said": "put back" if put_back else "discarded",
        "by": found["actor_name"] or ("A colleague" if found["actor"] else "An operator"),
    }


@routes.route(links.parked("<service>"), methods=["GET", "POST"])
def one(service: str) -> wrappers.Response:
    """One message, and for the national team what is to become of it."""
    national.require_sight()
    if service not in PARTS:
        flask.abort(404)
    items = parked.load().items
    event_id = flask.request.args.get("message", "")
    alike = next((each for each in _together(items) if _holds(each, service, event_id)), None)
    if alike is None:  # somebody was quicker, or the same form came twice
        return flask.redirect(links.after(links.NATIONAL_PARKED, "parked-gone"), 303)
    message = next(each for each in alike if each["event_id"] == event_id)
    form = Decision(flask.request.form)
    if message["kills"]:
        form.decision.choices = {"discard": DECISIONS["discard"]}
    if flask.request.method == "POST" and form.send(lambda: _decide(form, message, alike)):
        return flask.redirect(
            links.after(links.NATIONAL_PARKED, f"parked-{form.decision.data}"), 303
        )
    form.whole.label.text = _WHOLE.format(words.count(len(alike) - 1, "other"))
    return render.page(
        "national/parked-one.html",
        f"{_title(message)}: a message put aside",
        form=form,
        message=_kind([message]),
        others=len(alike) - 1,
        may_decide=asking.caller().is_national,
    )


def _holds(alike: list[dict[str, Any]], service: str, event_id: str) -> bool:
    return any((each["service"], each["event_id"]) == (service, event_id) for each in alike)


def _decide(form: Decision, message: dict[str, Any], alike: list[dict[str, Any]]) -> Any:
    chosen = alike if form.whole.data else [message]
    return asking.tell(
        message["service"],
        "decide_parked",
        event_ids=[each["event_id"] for each in chosen],
        decision=form.decision.data,
        reason=form.reason.data,
    )
