"""The representative's console: one ranked list, one button each, several at once."""

from __future__ import annotations

import uuid
from typing import Any

import flask
from werkzeug import wrappers

from gateway import asking, names, queue, queue_actions
from gateway.pages import fields, links, render, words
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.queue_actions import Outcome, Wanted
from gateway.ranking import KINDS, Ranked, within
from services.bus.rpc import RpcError

routes = Area("console")

SHOWN = 30
"""Rows of one page: half an hour's work, and within a page's 60 kB."""
MINUTES = (5, 10, 15, 30, 60)
BUTTONS = {
    "approve": "Let in",
    "nudge": "Encourage",
    "remind": "Remind",
    "resolve": "Decide",
    "reverse": "Undo it",
    "look": "Look at it",
    queue.CONCERN: "Look into it",
}
BULK = {"approve": ("approve",), "remind": ("remind", "nudge")}
"""What the two buttons for several rows do."""
TICK_ALL = {
    "approve": "Tick the {} who can be let in",
    "remind": "Tick the {} who can be reminded",
}


class Time(Form):
    """How long somebody has."""

    minutes = fields.Pick(
        "I have",
        choices={"": "All the time it takes", **{str(n): words.duration(n) for n in MINUTES}},
    )


@routes.get(links.CONSOLE)
def console() -> wrappers.Response:
    """What waits in the reader's regions, the most urgent first."""
    return _page([])


@routes.post(links.CONSOLE)
def act() -> wrappers.Response:
    """Do the next thing about one row, or about all that are ticked."""
    sent = flask.request.form
    one = _wanted(sent.get("one", ""))
    if one is not None:
        chosen = [one]
    else:
        allowed = BULK.get(sent.get("all", ""), ())
        ticked = [_wanted(each) for each in sent.getlist("tick")]
        chosen = [each for each in ticked if each is not None and each.act in allowed]
    return _page(queue_actions.do(chosen), asked=True)


def _wanted(text: str) -> Wanted | None:
    """The row a button or a tick stands for; ``None`` for what is none of ours."""
    act, _, row = text.partition(":")
    try:
        return Wanted(act, str(uuid.UUID(row))) if act in queue_actions.DONE else None
    except ValueError:
        return None


def _page(outcomes: list[Outcome], *, asked: bool = False) -> wrappers.Response:
    found = queue.load()
    given = flask.request.args
    form = Time(given if "minutes" in given else None)
    form.validate()
    minutes = int(form.minutes.data) if form.minutes.data and not form.problems else None
    chosen = within(found.ranked, minutes)
    shown = chosen[:SHOWN]
    ticked = BULK.get(given.get("ticked", ""), ())
    return render.page(
        "console/console.html",
        "What waits in your region" if found.regions else "What waits for the national team",
        status=200 if not form.problems else 422,
        form=form,
        rows=[_row(each, place, ticked) for place, each in enumerate(shown, 1)],
        to_tick=_to_tick(shown, minutes),
        total=len(found.ranked),
        left=len(found.ranked) - len(shown),
        minutes=minutes,
        needed=sum(each.minutes for each in shown),
        regions=[words.REGIONS[each] for each in found.regions],
        own=found.own,
        may_act=bool(found.regions) or asking.caller().is_national,
        here=links.with_query(links.CONSOLE, minutes=minutes),
        outcomes=_told(outcomes),
        nothing_chosen=asked and not outcomes,
        key=str(uuid.uuid4()),
    )


def _to_tick(shown: list[Ranked], minutes: int | None) -> list[dict[str, Any]]:
    """Ways to tick all of one sort, which works without scripts: each with how many."""
    several = {name: sum(each.item.act in acts for each in shown) for name, acts in BULK.items()}
    return [
        {
            "text": TICK_ALL[name].format(number),
            "path": links.with_query(links.CONSOLE, minutes=minutes, ticked=name),
        }
        for name, number in several.items()
        if number > 1
    ]


def _row(found: Ranked, place: int, ticked: tuple[str, ...]) -> dict[str, Any]:
    """One row as its card shows it; ``place`` tells alike ones apart."""
    item = found.item
    exchange = item.about.get("exchange")
    if exchange:
        giver, receiver = (exchange[side]["name"] or "a colleague" for side in _SIDES)
        title = f"{exchange['title']}: {giver} and {receiver}"
    else:
        title = item.about["name"]
    return {
        "kind": KINDS[item.kind].title,
        "title": title,
        "place": place,
        "reason": found.reason,
        "age": found.age,
        "about": item.about,
        "exchange": exchange,
        "region": words.REGIONS.get(item.region, item.region),
        "act": item.act,
        "ticked": item.act in ticked,
        "value": f"{item.act}:{item.id}",
        "button": BUTTONS[item.act],
        "pressed": item.act in queue_actions.DONE,
        "path": _path(item.act, item.id, exchange is not None),
        "look": _look(item.act, item.id, exchange is not None),
    }


_SIDES = ("giver", "receiver")


def _path(act: str, row: str, of_exchange: bool) -> str | None:
    """Where the button leads that does not act at once."""
    if act in queue_actions.DONE:
        return None
    if act in (queue.LOOK, queue.CONCERN):
        return _look(act, row, of_exchange)
    return links.step(row, act)


def _look(act: str, row: str, of_exchange: bool) -> str:
    """Where everything about a row stands."""
    if act == queue.CONCERN:
        return links.handled(row)
    return links.exchange(row) if of_exchange else links.joiner(row)


def _told(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    """Outcomes with what each was about: people by name, exchanges by title."""
    people = [each.wanted.id for each in outcomes if each.wanted.act != "remind"]
    known = names.cards(people) if people else {}
    return [
        {
            "done": each.done,
            "text": each.text,
            "about": known.get(each.wanted.id, {}).get("name") or _title(each.wanted),
        }
        for each in outcomes
    ]


def _title(wanted: Wanted) -> str:
    if wanted.act != "remind":
        return "A joiner"
    try:
        found = asking.ask("exchanges", "exchange", exchange_id=wanted.id)
    except RpcError:
        return "An exchange"  # not theirs to see any more; what became of the others is told
    return str(found["title"])
