"""Routes about the audit: what was done anywhere, by whom, about whom and when, as one list.

Every service keeps its own decisions and answers the same question; here they are put in order.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import flask

from gateway import asking, names, paging, spreadsheet
from gateway.blueprint import Blueprint
from gateway.problems import Problem
from gateway.schemas import audit as shapes
from services.bus.rpc import RpcError
from services.contracts.audit import ACTIONS

routes = Blueprint("audit", "What was decided, by whom and why.")

COLUMNS = (
    "at", "who", "action", "about", "detail", "reason", "who_id", "about_id",
    "region", "service", "by",
)  # fmt: skip
MOST_EXPORTED = 5_000
"""Lines of one export; that they are not more, members decides, who write it down."""
NAMELESS = {"operator": "an operator", "rule": "a rule", "system": "a system"}
OTHERS = tuple(service for service in ACTIONS if service != "members")


@dataclass(frozen=True)
class Found:
    """What all services have kept of what is looked for.

    Attributes:
        lines: the newest first, as many as were asked for, or all.
        silent: services that do not answer, whose lines are missing.
    """

    lines: list[dict[str, Any]]
    silent: list[str]


@routes.get("/v1/audit")
@routes.arguments(shapes.AuditQuery, location="query")
@routes.response(200, shapes.AuditLines)
def search(wanted: dict[str, Any]) -> Any:
    """Search what was done, the newest first; for the national team and the Senate.

    One list over all services: people, roles and systems, disputes, reversals and concerns,
    steps taken for members, limits and minutes given, subscriptions, messages put aside.
    """
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
    limit = wanted["limit"]
    found = _gathered(_as_asked(wanted), limit + 1)
    shown = found.lines[:limit]
    more = shown[-1] if len(found.lines) > limit else None
    following = f"{more['at']}/{more['id']}" if more else None
    page = paging.page({"items": shown, "next": following}, list(_named(shown)))
    return {**page, "silent": found.silent}


def exported(wanted: dict[str, Any]) -> flask.Response:
    """All lines that fit, as a file; written down before it is handed out.

    Raises:
        RpcError: the visitor may not, or they are too many.
        Problem: ``try_later``: a file cannot say what is missing from it.
    """
    found = _gathered(_as_asked(wanted), MOST_EXPORTED + 1)
    if found.silent:
        raise Problem("try_later", f"Not everything can be read now: {', '.join(found.silent)}.")
    asking.tell("members", "export_audit", lines=len(found.lines))
    return spreadsheet.answer("audit", COLUMNS, (_row(line) for line in _named(found.lines)))


def _as_asked(wanted: dict[str, Any]) -> dict[str, Any]:
    """The services say ``from`` where Python cannot."""
    return {"from" if name == "from_" else name: value for name, value in wanted.items()}


def _gathered(wanted: dict[str, Any], limit: int) -> Found:
    """The newest lines of all services, in one order.

    Members are asked first: they say whom a name means, by which the others are asked. Each
    gives as many as are wanted in all, so that those wanted are among them; what is at the same
    moment is ordered by id, everywhere the same way.

    Raises:
        RpcError: the caller may not see it, or members do not answer.
    """
    question = {**wanted, "limit": limit}
    first = asking.ask("members", "audit", **question)
    meant = {name: first.get(name) for name in ("who", "about")}
    parts: dict[str, list[dict[str, Any]]] = {"members": first["items"]}
    silent: list[str] = []
    for service in _to_ask(wanted.get("action"), meant):
        try:
            parts[service] = asking.ask(service, "audit", **{**question, **meant})["items"]
        except RpcError as error:
            if error.family != "try_later":
                raise
            silent.append(service)
    lines = [{**line, "service": service} for service, part in parts.items() for line in part]
    return Found(sorted(lines, key=_order, reverse=True)[:limit], silent)


def _to_ask(action: str | None, meant: dict[str, Any]) -> list[str]:
    """The services that may have kept such a thing; none where nobody was meant."""
    if [] in meant.values():
        return []
    return [service for service in OTHERS if action is None or action in ACTIONS[service]]


def _order(line: dict[str, Any]) -> tuple[datetime.datetime, str]:
    return datetime.datetime.fromisoformat(line["at"]), line["id"]


def _named(lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    known = names.cards(
        {each["actor_id"] for each in lines}.union(*(each["people"] for each in lines))
    )
    for each in lines:
        actor = each["actor_id"]
        yield {
            **each,
            "actor": _person(actor, known) if actor else None,
            "subject": _person(each["subject_id"], known),
            "people": [_person(person, known) for person in each["people"]],
        }


def _person(member_id: str, known: names.Cards) -> dict[str, Any]:
    return {"id": member_id, "name": known.get(member_id, {}).get("name")}


def _row(line: dict[str, Any]) -> list[Any]:
    actor = line["actor"]
    about = [person["name"] for person in line["people"] if person["name"]]
    return [
        line["at"],
        actor["name"] if actor and actor["name"] else NAMELESS.get(line["by"]),
        line["action"],
        " and ".join(about) or None,
        line["detail"],
        line["reason"],
        line["actor_id"],
        line["subject_id"],
        line["region"],
        line["service"],
        line["by"],
    ]
