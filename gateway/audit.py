"""Routes about the audit: what was done, by whom, about whom and when."""

from collections.abc import Iterator
from typing import Any

import flask

from gateway import asking, names, paging, spreadsheet
from gateway.blueprint import Blueprint
from gateway.schemas import audit as shapes

routes = Blueprint("audit", "What was decided, by whom and why.")

COLUMNS = ("at", "who", "action", "about", "detail", "reason", "who_id", "about_id")


@routes.get("/v1/audit")
@routes.arguments(shapes.AuditQuery, location="query")
@routes.response(200, shapes.AuditLines)
def search(wanted: dict[str, Any]) -> Any:
    """Search what was done, the newest first; for the national team and the Senate."""
    return found_page(wanted)


@routes.post("/v1/audit/exports")
@routes.arguments(shapes.AuditExport)
@routes.raises(409)
@routes.response(200, {"type": "string"}, content_type="text/csv")
def export(wanted: dict[str, Any]) -> flask.Response:
    """Take it along as CSV, up to 5,000 lines; that it was taken is written down as well."""
    return exported(wanted)


def found_page(wanted: dict[str, Any]) -> dict[str, Any]:
    """A page of lines, with the names of those in them."""
    found = asking.ask("members", "audit", **_as_asked(wanted))
    return paging.page(found, list(_named(found["items"])))


def exported(wanted: dict[str, Any]) -> flask.Response:
    """All lines that fit, as a file.

    Raises:
        RpcError: the visitor may not, or they are too many.
    """
    found = asking.tell("members", "export_audit", **_as_asked(wanted))
    return spreadsheet.answer("audit", COLUMNS, (_row(line) for line in _named(found["items"])))


def _as_asked(wanted: dict[str, Any]) -> dict[str, Any]:
    """The members service says ``from`` where Python cannot."""
    return {"from" if name == "from_" else name: value for name, value in wanted.items()}


def _named(lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    people = {each["actor_id"] for each in lines} | {
        each["subject_id"] for each in lines if each["about"] == "member"
    }
    known = names.cards(people)
    for each in lines:
        actor = each["actor_id"]
        yield {
            **each,
            "actor": _person(actor, known) if actor else None,
            "subject": _person(each["subject_id"], known),
        }


def _person(member_id: str, known: names.Cards) -> dict[str, Any]:
    return {"id": member_id, "name": known.get(member_id, {}).get("name")}


def _row(line: dict[str, Any]) -> list[Any]:
    actor, subject = line["actor"], line["subject"]
    return [
        line["at"],
        actor["name"] if actor else "an operator",
        line["action"],
        subject["name"],
        line["detail"],
        line["reason"],
        line["actor_id"],
        line["subject_id"],
    ]
