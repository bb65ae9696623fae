"""Inviting many people and bringing members over: a table, its report, then one button."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers
from werkzeug.datastructures import CombinedMultiDict

from gateway import asking, body, sheets
from gateway.pages import fields, links, render, words
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.problems import Problem
from gateway.schemas.sheets import KINDS, OUTCOMES

routes = Area("console-sheets")

SHOWN = 100
"""Rows of one page, within its 60 kB."""
OUTCOME_WORDS = {
    "wrong": "To be mended",
    "ready": "Ready",
    "done": "Done",
    "nothing": "Nothing to do",
}
COLOURS = {"wrong": "red", "ready": "blue", "done": "green", "nothing": "grey"}
EXAMPLES = {
    "invitations": "email,name,region\r\nsam.invented@example.org,Sam Invented,North West\r\n",
    "members": "email,name,organisation,region,about,can_help_with,would_like,hours,offers,requests"
    "\r\nsam.invented@example.org,Sam Invented,RJ1,London,Ward manager,Rotas; Budgets,Interviews,"
    "6.5,How to build a fair rota,Practise an interview\r\n",
}
"""Nobody real: a heading, and one row that shows how each column is written."""


class Bringing(Form):
    """What is brought."""

    kind = fields.Choice(
        "What should happen with the people in it?",
        fields.required("Choose what should happen"),
        choices={
            "invitations": "Invite them: each gets an e-mail, and is let in on joining",
            "members": "Let them in: they were members of an earlier timebank",
        },
    )
    table = fields.Table(
        "Your table, as a CSV file",
        fields.required("Choose your table"),
        hint="Up to 1,000 people, with a heading. Spreadsheets save it as “CSV UTF-8”.",
    )


@routes.route(links.CONSOLE_SHEETS, methods=["GET", "POST"])
@body.takes_tables
def bring() -> wrappers.Response:
    """Choose a table; nothing is done before its report was seen."""
    _require_region()
    given: CombinedMultiDict[str, Any] = CombinedMultiDict(
        [flask.request.form, flask.request.files]
    )
    form = Bringing(given)
    if flask.request.method == "POST" and form.send(lambda: _check(form)):
        return flask.redirect(links.sheet(form.answer["id"]), 303)
    return render.page("console/bring.html", "Bring many people", form=form, kinds=KINDS)


def _require_region() -> None:
    """
    Raises:
        Problem: ``not_allowed``; members would say so too, but only once a table is sent.
    """
    who = asking.caller()
    if not (who.is_national or any(who.represents(each) for each in words.REGIONS)):
        raise Problem("not_allowed", "This page is for representatives and the national team.")


def _check(form: Bringing) -> Any:
    wanted = {"kind": form.kind.data, "table": form.table.data}
    return asking.tell("members", "check_sheet", body=wanted)


@routes.get(links.sheet_example("<any(invitations, members):kind>"))
def example(kind: str) -> wrappers.Response:
    """A table to begin with."""
    answer = flask.Response(EXAMPLES[kind], mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
    return answer


@routes.get(links.sheet("<uuid:sheet_id>"))
def report(sheet_id: UUID) -> wrappers.Response:
    """What would be done with each row, or what was."""
    given = flask.request.args
    outcome = given.get("outcome") if given.get("outcome") in OUTCOMES else None
    cursor = given.get("after", "")
    sheet = asking.ask("members", "sheet", sheet_id=str(sheet_id))
    found = asking.ask(
        "members", "sheet_rows", sheet_id=str(sheet_id), outcome=outcome, limit=SHOWN,
        cursor=cursor if cursor.isascii() and cursor.isdigit() else None,
    )  # fmt: skip
    path = links.sheet(sheet["id"])
    following = links.with_query(path, outcome=outcome, after=found["next"])
    return render.page(
        "console/sheet.html",
        "What the table would do" if not sheet["done_at"] else "What the table did",
        sheet=sheet,
        tabs=[_tab(each, path, outcome, sheet["counts"]) for each in (None, *OUTCOMES)],
        rows=found["items"],
        colours=COLOURS,
        outcomes=OUTCOME_WORDS,
        next=following if found["next"] else None,
        first=path if cursor else None,
        width="full",
    )


def _tab(
    outcome: str | None, path: str, chosen: str | None, counts: dict[str, int]
) -> dict[str, Any]:
    """A link to the rows of one outcome; ``None`` is all of them."""
    number = counts[outcome] if outcome else sum(counts.values())
    return {
        "text": f"{OUTCOME_WORDS[outcome] if outcome else 'All'}: {number:,}",
        "path": links.with_query(path, outcome=outcome),
        "here": outcome == chosen,
        "number": number,
    }


@routes.post(f"{links.sheet('<uuid:sheet_id>')}/do")
def do(sheet_id: UUID) -> wrappers.Response:
    """Do what is ready in it."""
    sheets.carried_out(str(sheet_id))
    return flask.redirect(links.after(links.sheet(str(sheet_id)), "sheet-done"), 303)
