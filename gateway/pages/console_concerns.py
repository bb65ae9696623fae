"""Looking into a concern: what was said and shown, the record, and the next step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking, etags, names
from gateway.pages import fields, links, render, words
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.schemas import concerns as shapes

routes = Area("console-concerns")

DO: Mapping[str, str] = {
    "note": "Write something down",
    "refer": "I have told a safeguarding lead",
    "hand_on": "Hand it to the national team",
    "close": "Close it",
}
"""What a handler chooses from; what each needs is asked below it."""
SAID = {"hand_on": "concern-handed-on", "close": "concern-closed"}
DONE: Mapping[str, str] = {
    "raise": "{who} raised it.",
    "acknowledge": "{who} looks into it.",
    "note": "{who} wrote this down:",
    "refer": "{who} told a safeguarding lead:",
    "hand_on": "{who} handed it to the national team:",
    "close": "{who} closed it:",
    "escalate": "Nobody took it up in time, so it went to the national team.",
}


class Act(Form):
    """The next step, with words for the record."""

    action = fields.Choice("What do you do?", fields.required("Choose what you do"), choices=DO)
    text = fields.Words(
        "For the record",
        fields.required("Write a few words for the record"),
        fields.at_most(shapes.LONGEST_TEXT, "What you write"),
        hint="What you did, whom you told, why. Only those who look into concerns read it.",
    )
    answer = fields.Words(
        "For the person who raised it, if you close it",
        fields.at_most(shapes.LONGEST_ANSWER, "What you write"),
        hint="They can read this. You can leave it empty.",
    )
    version = fields.Version()

    def body(self) -> dict[str, Any]:
        closing = {"answer": self.answer.data or None} if self.action.data == "close" else {}
        return {"text": self.text.data, **closing}


@routes.get(links.CONSOLE_CONCERNS)
def concerns() -> wrappers.Response:
    """Every open concern one looks into, the soonest to be taken up first."""
    found = asking.ask("exchanges", "concerns", handled=True)["items"]
    return render.page("console/concerns.html", "Open concerns", found=_named(found))


@routes.get(links.handled("<uuid:concern_id>"))
def concern(concern_id: UUID) -> wrappers.Response:
    """One concern, with all there is to know."""
    found = _found(concern_id)
    return _page(found, Act(version=found["version"]))


@routes.post(links.handled("<uuid:concern_id>"))
def act(concern_id: UUID) -> wrappers.Response:
    """Take the next step; one press says that one looks into it."""
    here = links.handled(str(concern_id))
    if flask.request.form.get("action") == "acknowledge":
        _tell(concern_id, "acknowledge", None, None)
        return flask.redirect(links.after(here, "concern-acted"), 303)
    form = Act(flask.request.form)
    if form.send(lambda: _tell(concern_id, form.action.data, form.body(), _seen(form))):
        gone = form.action.data == "hand_on" and not asking.caller().is_national
        said = SAID.get(form.action.data, "concern-acted")
        return flask.redirect(links.after(links.CONSOLE if gone else here, said), 303)
    return _page(_found(concern_id), form)


def _tell(concern_id: UUID, action: str, body: Any, version: int | None) -> Any:
    return asking.tell(
        "exchanges",
        "act_on_concern",
        concern_id=str(concern_id),
        action=action,
        body=body,
        expected_version=version,
    )


def _seen(form: Act) -> int:
    """The version decided on; one nothing has, when what came is none."""
    seen = form.version.seen()
    return etags.NOBODYS_VERSION if seen is None else seen


def _found(concern_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = asking.ask("exchanges", "concern", concern_id=str(concern_id))
    if "allowed" not in found:  # their own: nobody looks into what they raised themselves
        flask.abort(404)
    return found


def _page(found: dict[str, Any], form: Act) -> wrappers.Response:
    people = {each["actor_id"] for each in found["steps"]} | {found["about_id"], found["raised_by"]}
    known = names.cards(people)

    def called(member_id: str | None) -> str:
        return known.get(member_id or "", {}).get("name") or "A colleague"

    form.action.choices = {name: DO[name] for name in DO if name in found["allowed"]}
    return render.page(
        "console/concern.html",
        f"Concern about {called(found['about_id'])}",
        concern={
            **found,
            "about": called(found["about_id"]),
            "by": called(found["raised_by"]),
            "done": [_done(each, called(each["actor_id"])) for each in found["steps"]],
            "said": [{**each, "who": called(each["author_id"])} for each in found["messages"]],
        },
        severity=words.SEVERITIES[found["severity"]],
        form=form,
    )


def _done(step: dict[str, Any], who: str) -> dict[str, Any]:
    return {"text": DONE[step["action"]].format(who=who), "words": step["text"], "at": step["at"]}


def _named(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = names.cards(each["about_id"] for each in found)
    return [
        {
            **each,
            "about": known.get(each["about_id"], {}).get("name") or "a colleague",
            "place": place,
        }
        for place, each in enumerate(found, 1)
    ]
