"""Reading the audit: the national team and the Senate look, the national team takes it along."""

import datetime
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction, new_id
from services.members import audit, audit_store, case, errors, queue_store, schemas
from services.members.audit import Line, Search

MOST_CALLED = 20
"""People of one name who are looked for together."""


def search(tx: Transaction, caller: Caller, page: Any) -> dict[str, Any]:
    """What was done, the newest first.

    Args:
        page: see ``schemas.Auditing``.

    Raises:
        NotAllowed: for the national team and the Senate only.
        errors.Invalid.
    """
    if not caller.sees_everything:
        raise NotAllowed("Only the national team and the Senate read the audit.")
    wanted = schemas.load(schemas.Auditing, page)
    limit = wanted["limit"]
    found = audit_store.lines(tx.conn, _search(tx, wanted), wanted["cursor"], limit + 1)
    items = [_shown(line) for line in found[:limit]]
    return {"items": items, "next": items[-1]["id"] if len(found) > limit else None}


def export(tx: Transaction, caller: Caller, wanted: Any) -> dict[str, Any]:
    """All that fits, to be kept elsewhere; that it was taken is a line of the audit itself.

    Args:
        wanted: see ``schemas.AuditSearch``.

    Raises:
        NotAllowed: for the national team only.
        errors.TooManyLines: more than ``audit.MOST_EXPORTED``.
        errors.Invalid.
    """
    if not caller.is_national:
        raise NotAllowed("Only the national team exports the audit.")
    asked = schemas.load(schemas.AuditSearch, wanted)
    found = audit_store.lines(tx.conn, _search(tx, asked), None, audit.MOST_EXPORTED + 1)
    if len(found) > audit.MOST_EXPORTED:
        raise errors.TooManyLines(most=audit.MOST_EXPORTED)
    case.record(tx, caller.id, "export_audit", new_id(), detail=f"{len(found)} lines")
    return {"items": [_shown(line) for line in found]}


def _search(tx: Transaction, wanted: dict[str, Any]) -> Search:
    """What is looked for; days are those of UTC, both included."""
    to = wanted["to"]
    return Search(
        actors=_people(tx, wanted["who"]),
        subjects=_people(tx, wanted["about"]),
        action=wanted["action"],
        since=_midnight(wanted["from_"]),
        before=_midnight(to + datetime.timedelta(days=1)) if to else None,
    )


def _people(tx: Transaction, text: str | None) -> list[UUID] | None:
    """Whom a text means: an id, an address or the beginning of a name; nobody is an answer."""
    if not text:
        return None
    try:
        return [UUID(text)]
    except ValueError:
        return [card.id for card in queue_store.named(tx.conn, text, MOST_CALLED)]


def _midnight(day: datetime.date | None) -> datetime.datetime | None:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC) if day else None


def _shown(line: Line) -> dict[str, Any]:
    return {
        "id": str(line.id),
        "at": line.at.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z"),
        "actor_id": str(line.actor) if line.actor else None,
        "action": line.action,
        "about": line.about,
        "subject_id": str(line.subject),
        "detail": line.detail,
        "reason": line.reason,
    }
