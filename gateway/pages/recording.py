"""Writing down help that took place before: for oneself, or for a member of one's region."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking
from gateway.pages import called, fields, links, moments, render
from gateway.pages.area import Area
from gateway.pages.forms import Form
from services.bus.rpc import RpcError
from services.contracts import words as contract

routes = Area("recording")

LONGEST_TITLE = 200


class TookPlace(Form):
    """What took place."""

    title = fields.Text(
        "What was it about?",
        fields.required("Enter what it was about"),
        fields.at_most(LONGEST_TITLE, "What it was about"),
        hint="A few words. Do not write anything about patients.",
    )
    minutes = fields.Minutes(
        "How long did it take?",
        fields.required("Choose how long it took"),
        hint="The giver’s time, to the nearest 15 minutes",
        most=contract.MINUTES_MAX,
    )
    took_place_at = moments.Moment(
        "When was it?", hint="You can leave this empty. For example 27 3 2027 at 2:30pm"
    )

    def body(self) -> dict[str, Any]:
        """What is said to the service, without what was left empty."""
        said = {
            "title": self.title.data,
            "minutes": self.minutes.data,
            "took_place_at": self.took_place_at.data,
        }
        return {name: value for name, value in said.items() if value not in (None, "")}

    def take(self, refused: RpcError) -> None:
        field = self._fields.get(str(refused.detail.get("field", "")))
        if field is None:
            super().take(refused)
        else:
            field.errors = [*field.errors, refused.message]


class Own(TookPlace):
    """As one of the two."""

    role = fields.Choice(
        "Who helped?",
        fields.required("Choose who helped"),
        choices={"giver": "I helped", "receiver": "I was helped"},
    )


class ForSomebody(TookPlace):
    """As a representative."""

    giver = fields.Text("Who helped?", fields.required("Enter who helped"), hint="E-mail or name")
    receiver = fields.Text(
        "Who was helped?", fields.required("Enter who was helped"), hint="E-mail or name"
    )
    role = fields.Choice(
        "Who told you?",
        fields.required("Choose who told you"),
        hint="The other one is asked to confirm it",
        choices={"giver": "The one who helped", "receiver": "The one who was helped"},
    )


@routes.route(links.record_with("<uuid:member_id>"), methods=["GET", "POST"])
def own(member_id: UUID) -> wrappers.Response:
    """Write down what one did with somebody; they are asked to say so, too."""
    other = asking.ask("members", "get", member_id=str(member_id))
    form = Own(flask.request.form)
    if flask.request.method == "POST" and form.send(lambda: _tell_own(form, other["id"])):
        return _recorded(form)
    return render.page(
        "console/record.html",
        "Write down help that took place",
        form=form,
        other=other["name"],
        asked=[form.role, form.title, form.minutes, form.took_place_at],
        back=links.member(other["id"]),
    )


def _tell_own(form: Own, other: str) -> Any:
    body = {**form.body(), "with_member_id": other, "role": form.role.data}
    return asking.tell("exchanges", "record", body=body)


@routes.route(links.CONSOLE_RECORD, methods=["GET", "POST"])
def for_somebody() -> wrappers.Response:
    """Write down what two others did, one of them of the reader's region."""
    form = ForSomebody(flask.request.form)
    if flask.request.method == "POST" and form.send(lambda: _tell_for(form)):
        return _recorded(form)
    return render.page(
        "console/record.html",
        "Write down help for somebody",
        form=form,
        other=None,
        asked=[
            form.giver, form.receiver, form.role, form.title, form.minutes, form.took_place_at,
        ],
        back=links.CONSOLE,
    )  # fmt: skip


def _tell_for(form: ForSomebody) -> Any:
    found = {
        side: called.one(str(getattr(form, side).data), field=side)
        for side in ("giver", "receiver")
    }
    told, other = ("giver", "receiver") if form.role.data == "giver" else ("receiver", "giver")
    body = {
        **form.body(),
        "role": told,
        "for_member_id": found[told],
        "with_member_id": found[other],
    }
    return asking.tell("exchanges", "record", body=body)


def _recorded(form: Form) -> wrappers.Response:
    return flask.redirect(links.after(links.exchange(form.answer["id"]), "recorded"), 303)
