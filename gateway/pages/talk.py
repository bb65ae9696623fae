"""What the two of an exchange write to each other, and what each says to nobody else."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import flask
import structlog
from werkzeug import wrappers

from gateway import asking, names
from gateway.pages import fields, links, render, steps, turns
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.schemas import talk as shapes
from services.bus.rpc import RpcError

log = structlog.get_logger(__name__)

routes = Area("talk")

ON_THE_EXCHANGE = 4
"""Messages shown on the exchange's page: what was said last, without pushing the rest away."""
ON_A_PAGE = 30
AT_ONCE = 20
"""Exchanges with new messages named at once: more than anybody leaves unread; all are marked in
the list of one's exchanges."""
QUESTIONS = {
    "receiver": ("Did it help?", {"yes": "Yes, it helped", "partly": "A little", "no": "No"}),
    "giver": ("Was it worth your time?", {"yes": "Yes", "partly": "Partly", "no": "No"}),
}
"""What each of the two is asked once it is settled, and what they may say."""


class Message(Form):
    text = fields.Words(
        "Your message",
        fields.required("Write your message"),
        fields.at_most(shapes.LONGEST_MESSAGE, "Your message"),
        hint="Only the two of you can read it, unless one of you shows it with a concern. "
        f"{steps.NO_PATIENTS}",
    )


def panel(found: turns.Found, me: str) -> dict[str, Any] | None:
    """The newest messages for the exchange's page; ``None`` for who is neither of the two."""
    if "message_count" not in found:
        return None
    count = found["message_count"]
    page = _asked(found["id"], ON_THE_EXCHANGE, None) if count else {"items": []}
    return {
        "said": _told(page["items"], found, me),
        "count": count,
        "more": count > ON_THE_EXCHANGE,
        "open": found["messages_open"],
        "form": Message(),
        "other": turns.other(found, me),
    }


def unread(besides: Collection[str] = ()) -> list[dict[str, Any]]:
    """Where the other wrote what the visitor has not looked at, each with who wrote.

    It is an extra: what cannot be told keeps back no page.

    Args:
        besides: ids of exchanges that are shown anyway.
    """
    me = str(asking.caller().id)
    try:
        page = asking.ask("exchanges", "exchanges", unread=True, limit=AT_ONCE)
    except RpcError as error:
        log.warning("new messages left out", reason=error.code)
        return []
    found = [each for each in page["items"] if each["unread_count"] and each["id"] not in besides]
    return [
        {
            **each,
            "heading": turns.heading(each, me),
            "writer": turns.other(each, me),
            "number": place,
        }
        for place, each in enumerate(names.in_exchanges(found), 1)
    ]


def question(found: turns.Found, me: str) -> dict[str, Any] | None:
    """Whether it helped: what is asked and was said; ``None`` when it is not asked."""
    side = turns.side(found, me)
    if side is None or not found.get("feedback_open"):
        return None
    asked, answers = QUESTIONS[side]
    said = found.get("helped")
    return {
        "asked": asked,
        "said": answers.get(said or ""),
        "answers": [(value, text) for value, text in answers.items() if value != said],
        "key": Form().key,
    }


@routes.get(links.messages("<uuid:exchange_id>"))
def messages(exchange_id: UUID) -> wrappers.Response:
    """Everything the two wrote, page by page, the newest at the end."""
    found = _found(exchange_id)
    return _page(found, Message())


@routes.post(links.messages("<uuid:exchange_id>"))
def write(exchange_id: UUID) -> wrappers.Response:
    """Write to the other."""
    form = Message(flask.request.form)
    if form.send(
        lambda: asking.tell(
            "exchanges",
            "write_message",
            exchange_id=str(exchange_id),
            body={"text": form.text.data},
        )
    ):
        path = links.after(links.exchange(str(exchange_id)), "message-sent")
        return flask.redirect(f"{path}#messages", 303)
    return _page(_found(exchange_id), form)


@routes.post(links.feedback("<uuid:exchange_id>"))
def judge(exchange_id: UUID) -> wrappers.Response:
    """Say whether it helped."""
    answer = asking.tell(
        "exchanges",
        "give_feedback",
        exchange_id=str(exchange_id),
        body={"helped": flask.request.form.get("helped", "")},
    )
    path = links.exchange(str(exchange_id))
    return flask.redirect(links.after(path, f"feedback-{answer['helped']}"), 303)


def _page(found: dict[str, Any], form: Message) -> wrappers.Response:
    me, cursor = str(asking.caller().id), flask.request.args.get("cursor")
    page = _asked(found["id"], ON_A_PAGE, cursor)
    here, following = links.messages(found["id"]), page["next"]
    return render.page(
        "exchanges/messages.html",
        f"Messages with {turns.other(found, me)}",
        exchange=found,
        other=turns.other(found, me),
        written=_told(page["items"], found, me),
        open=page["open"],
        form=form,
        first=here if cursor else None,
        next=following and links.with_query(here, cursor=following),
    )


def _found(exchange_id: UUID) -> dict[str, Any]:
    asked = asking.ask("exchanges", "exchange", exchange_id=str(exchange_id))
    return names.in_exchanges([asked])[0]


def _asked(exchange_id: str, limit: int, cursor: str | None) -> dict[str, Any]:
    """Messages somebody is about to look at."""
    found: dict[str, Any] = asking.ask(
        "exchanges", "messages", exchange_id=exchange_id, limit=limit, cursor=cursor, seen=True
    )
    return found


def _told(items: list[dict[str, Any]], found: turns.Found, me: str) -> list[dict[str, Any]]:
    """Messages with who wrote them, in the order they were written."""
    other = turns.opening(turns.other(found, me))
    return [
        {
            **each,
            "who": "You" if each["author_id"] == me else other,
            "mine": each["author_id"] == me,
        }
        for each in reversed(items)
    ]
