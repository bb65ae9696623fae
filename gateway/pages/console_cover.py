"""Naming the colleague who answers for a region while its representative is away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking, names
from gateway.pages import fields, links, moments, render, words
from gateway.pages.area import Area
from gateway.pages.forms import Form

routes = Area("console-cover")

LONGEST_REASON = 1_000


class Cover(Form):
    """Who, for which region, until when."""

    region = fields.Pick(
        "Region",
        fields.required("Choose a region"),
        choices={"": "Choose", **words.REGIONS},
    )
    colleague_email = fields.Text(
        "Your colleague’s e-mail address",
        fields.required("Enter your colleague’s e-mail address"),
        fields.at_most(254, "The e-mail address"),
        hint="A representative of another region, or somebody of the national team",
        look={"type": "email"},
    )
    until = moments.Moment("Until when?", required=True, hint="For example 27 3 2027 at 9am")
    reason = fields.Words(
        "Why?",
        fields.required("Say why"),
        fields.at_most(LONGEST_REASON, "What you write"),
        hint="For example “on leave”",
    )


@routes.route(links.CONSOLE_COVER, methods=["GET", "POST"])
def cover() -> wrappers.Response:
    """Who covers whom now, and a form for another."""
    represented = [each for each in words.REGIONS if asking.caller().represents(each)]
    form = Cover(flask.request.form, region=represented[0] if len(represented) == 1 else None)
    if flask.request.method == "POST" and form.send(lambda: _tell(form)):
        return flask.redirect(links.after(links.CONSOLE_COVER, "cover-named"), 303)
    return render.page(
        "console/cover.html",
        "Cover while you are away",
        form=form,
        covers=_named(asking.ask("members", "covers")["items"]),
        may_name=bool(represented) or asking.caller().is_national,
    )


def _tell(form: Cover) -> Any:
    body = {
        "region": form.region.data,
        "colleague_email": form.colleague_email.data,
        "until": form.until.data,
        "reason": form.reason.data,
    }
    return asking.tell("members", "cover", body=body)


def _named(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = names.cards(each[who] for each in found for who in ("away_id", "covering_id"))
    me, national = str(asking.caller().id), asking.caller().is_national
    return [
        {
            **each,
            "away": known.get(each["away_id"], {}).get("name") or "A representative",
            "covering": known.get(each["covering_id"], {}).get("name") or "A colleague",
            "mine": national or me in (each["away_id"], each["covering_id"]),
        }
        for each in found
    ]


@routes.post(f"{links.CONSOLE_COVER}/<uuid:cover_id>/end")
def end(cover_id: UUID) -> wrappers.Response:
    """Somebody is back."""
    asking.tell("members", "end_cover", cover_id=str(cover_id))
    return flask.redirect(links.after(links.CONSOLE_COVER, "cover-ended"), 303)
