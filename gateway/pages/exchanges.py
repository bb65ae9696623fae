"""Exchanges: one's own in a list, each on its page, and every step of their life."""

from __future__ import annotations

import contextlib
import datetime
import time
import uuid
from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking, funding, names
from gateway import talk as between
from gateway.pages import (
    calendar,
    console_acting,
    fields,
    links,
    render,
    return_help,
    steps,
    story,
    talk,
    tasks,
    turns,
    words,
)
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.steps import STEPS, Step, StepForm
from services.bus.rpc import RpcError

routes = Area("exchanges")

AT_ONCE = 20
"""Exchanges on one page of the list."""
LEDGER = "ledger"
LEDGER_ANSWERS = 1.0
"""Seconds a step waits for the ledger, which answers in a twentieth of that: long enough to
show people what came of it, short enough to go on without."""
LOOK_AGAIN = 0.04
ASK_OTHERS = datetime.timedelta(hours=72)
"""Without an answer for so long, whoever asked is shown others who fit."""
JUDGED = ("resolve", "reverse")
"""Steps of a third person, who is told all there is to know."""
_SAID_OF_A_STEP = ("title", "explain", "button")


class Filter(Form):
    """Which of one's exchanges are wanted."""

    role = fields.Choice(
        "Show", choices={"": "All", "giver": "Help I give", "receiver": "Help I receive"}
    )
    state = fields.Pick("State", choices={"": "All states", **words.EXCHANGE_STATES})


@routes.get(links.EXCHANGES)
def mine() -> wrappers.Response:
    """One's own exchanges, the newest first, under what they need."""
    given = flask.request.args
    form = Filter(given if {"role", "state"} & given.keys() else None)
    if not form.validate():
        return render.page("exchanges/mine.html", "My exchanges", form=form, groups=[])
    cursor, wanted = given.get("cursor"), {"role": form.role.data, "state": form.state.data}
    found = asking.ask(
        "exchanges", "exchanges", mine=form.role.data or True, state=form.state.data or None,
        limit=AT_ONCE, cursor=cursor,
    )  # fmt: skip
    following = found["next"]
    return render.page(
        "exchanges/mine.html",
        "My exchanges",
        form=form,
        groups=_grouped(names.in_exchanges(found["items"])),
        first=links.with_query(links.EXCHANGES, **wanted) if cursor else None,
        next=following and links.with_query(links.EXCHANGES, **wanted, cursor=following),
    )


def _grouped(found: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    me = str(asking.caller().id)
    told = numbered(found, me)
    groups = [
        (title, [each for each in told if each["turn"].group == group])
        for group, title in turns.GROUPS.items()
    ]
    return [(title, some) for title, some in groups if some]


def numbered(found: list[dict[str, Any]], me: str) -> list[dict[str, Any]]:
    """The exchanges of a list, each with its place, which tells alike ones apart."""
    return [{**shown(each, me), "number": place} for place, each in enumerate(found, 1)]


def shown(found: dict[str, Any], me: str) -> dict[str, Any]:
    """An exchange with what a reader is told of it, and the one step that leads on."""
    turn = turns.turn(found, me, tasks.now())
    primary = turn.primary or _kindness(found, me)
    return {
        **found,
        "heading": turns.heading(found, me),
        "turn": turn,
        "key": str(uuid.uuid4()),
        "primary": _offered(primary, STEPS[primary], found, me) if primary else None,
    }


def _kindness(found: dict[str, Any], me: str) -> str | None:
    """Nobody must say thank you; on the page of what took place it is what comes next."""
    if "thanks" not in found or "thank" not in steps.possible(found, me):
        return None
    return "thank"


def _offered(name: str, step: Step, found: dict[str, Any], me: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": step.said(step.label, found, me),
        "path": links.step(found["id"], name),
        "one_press": step.asks_nothing,
    }


@routes.get(f"{links.EXCHANGES}/<uuid:exchange_id>")
def exchange(exchange_id: UUID) -> wrappers.Response:
    """One exchange: what is next, what one may do, what was agreed, and the story so far."""
    found, me = _found(exchange_id), str(asking.caller().id)
    told, side = shown(found, me), turns.side(found, me)
    return render.page(
        "exchanges/exchange.html",
        found["title"],
        exchange=told,
        side=side,
        others=_others(told, me),
        for_members=console_acting.offered(found),
        calendar=calendar.offered(found) and side,
        credits=_credits(found, me),
        story=story.so_far(found, me),
        thanks=[_thanked(each, found, me) for each in found["thanks"]],
        back=return_help.of(found, me) if found.get("reachable", True) else None,
        contact=between.contact(found),
        talk=talk.panel(found, me),
        helped=talk.question(found, me),
        other={"id": found[turns.OTHER[side]]["id"], "name": turns.other(found, me)}
        if side
        else None,
        ask_others=_waits_for_long(found, me),
    )


def _waits_for_long(found: dict[str, Any], me: str) -> bool:
    """Whether the reader asked for help and has had no answer for days."""
    asked = found["state"] == "requested" and found["asker_id"] == me
    since = datetime.datetime.fromisoformat(found["requested_at"])
    return asked and turns.side(found, me) == "receiver" and since + ASK_OTHERS < tasks.now()


def _found(exchange_id: UUID) -> dict[str, Any]:
    asked = asking.ask("exchanges", "exchange", exchange_id=str(exchange_id))
    return names.in_exchanges([asked])[0]


def _others(told: dict[str, Any], me: str) -> list[dict[str, Any]]:
    """The steps beneath the one that leads on; with no such, all of them."""
    leads_on = told["primary"] and told["primary"]["name"]
    wanted = [name for name in steps.possible(told, me) if name != leads_on]
    return [_offered(name, STEPS[name], told, me) for name in wanted]


def _credits(found: dict[str, Any], me: str) -> dict[str, Any] | None:
    """Before it is booked, how it compares with what the one who pays has."""
    if found["state"] != "requested" or turns.side(found, me) != "receiver":
        return None
    return funding.of(found["minutes"], funding.WHEN_ASKED)


def _thanked(each: dict[str, Any], found: dict[str, Any], me: str) -> dict[str, Any]:
    side = turns.side(found, each["author_id"])
    who = "You" if each["author_id"] == me else turns.name(found, side or "receiver")
    return {**each, "who": turns.opening(who)}


@routes.get(f"{links.EXCHANGES}/<uuid:exchange_id>/calendar.ics")
def entry(exchange_id: UUID) -> wrappers.Response:
    """The exchange for one's calendar; once called off, what takes it out again."""
    found, me = _found(exchange_id), str(asking.caller().id)
    if not calendar.offered(found) or turns.side(found, me) is None:
        flask.abort(404)
    link = f"{asking.door().settings.public_url}{links.exchange(found['id'])}"
    method, content = calendar.entry(found, me, link, tasks.now())
    answer = flask.Response(
        content, content_type=f"{calendar.KIND}; method={method}; charset=utf-8"
    )
    answer.headers["Content-Disposition"] = 'attachment; filename="exchange.ics"'
    return answer


@routes.route(f"{links.EXCHANGES}/<uuid:exchange_id>/<name>", methods=["GET", "POST"])
def step(exchange_id: UUID, name: str) -> wrappers.Response:
    """Take a step; a form that came too late is shown again beside what stands now."""
    taken = STEPS.get(name)
    if taken is None:
        flask.abort(404)
    found, me = _found(exchange_id), str(asking.caller().id)
    filled = {each: found[each] for each in taken.filled}
    form = taken.form(flask.request.form, version=found["version"], **filled)
    if flask.request.method == "POST":
        if form.send(lambda: _tell(found, taken, form)):
            _wait_for_ledger(form.answer)
            return flask.redirect(links.after(links.exchange(found["id"]), f"step-{name}"), 303)
        found = _found(exchange_id)
        form.version.data = str(found["version"])  # whoever sends it again has seen this one
    return _step_page(found, me, name, form)


def _tell(found: dict[str, Any], taken: Step, form: StepForm) -> dict[str, Any]:
    answer: dict[str, Any] = asking.tell(
        "exchanges",
        "act",
        exchange_id=found["id"],
        action=taken.action,
        body=form.body(found),
        expected_version=form.expected_version(),
    )
    return answer


def _wait_for_ledger(answer: dict[str, Any]) -> None:
    """Let the next page show what the ledger said, if it says so in a moment.

    The step is taken: that nobody can tell what came of it is no reason to say it failed.
    """
    deadline = time.monotonic() + LEDGER_ANSWERS
    with contextlib.suppress(RpcError):
        while answer["next_actor"] == LEDGER and time.monotonic() < deadline:
            time.sleep(LOOK_AGAIN)
            answer = asking.ask("exchanges", "exchange", exchange_id=answer["id"])


def _step_page(found: dict[str, Any], me: str, name: str, form: StepForm) -> wrappers.Response:
    taken = STEPS[name]
    possible = name in steps.possible(found, me)
    if not possible:
        form.refusals = [steps.GONE_ON]
    texts = {each: taken.said(getattr(taken, each), found, me) for each in _SAID_OF_A_STEP}
    return render.page(
        "exchanges/step.html",
        texts["title"],
        exchange=shown(found, me),
        form=form,
        possible=possible,
        asked=form.asked(),
        answers=form.answers(),
        changed=form.stale or not possible,
        judging=name in JUDGED,
        step=texts,
    )
