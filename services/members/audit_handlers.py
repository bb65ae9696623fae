"""Reading the audit: the national team and the Senate look, the national team takes it along."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.bus import audit as asked
from services.bus.audit import OF_REGIONS, OF_THE_NATION, Source
from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction, new_id
from services.members import audit, audit_store, case, errors, queue_store, schemas

MOST_CALLED = 20
"""People of one name who are looked for together."""

DECIDED = (
    Source(audit_store.ABOUT_PEOPLE, audit.ABOUT_PEOPLE, OF_REGIONS),
    Source(audit_store.ABOUT_NOBODY, audit.ABOUT_NOBODY, OF_THE_NATION),
    Source(audit_store.ABOUT_SYSTEMS, audit.ABOUT_SYSTEMS, OF_THE_NATION),
)


def search(tx: Transaction, caller: Caller, question: Mapping[str, Any]) -> dict[str, Any]:
    """What was done, the newest first, and whom the question meant.

    Args:
        question: as every service is asked; ``who`` and ``about`` are words here: an id, an
            address, or the beginning of a name.

    Returns:
        The page, with ``who`` and ``about`` as ids to ask other services by, ``None`` where
        anybody will do.

    Raises:
        NotAllowed: for the national team and the Senate only.
        errors.Invalid, QuestionInvalid.
    """
    asked.require_reader(caller)
    words = {name: question[name] for name in ("who", "about") if name in question}
    people = schemas.load(schemas.AuditPeople, words)
    meant = {name: _people(tx, text) for name, text in people.items()}
    found = asked.search(tx, caller, "members", DECIDED, {**question, **meant})
    return {**found, **meant}


def export(tx: Transaction, caller: Caller, lines: Any) -> dict[str, Any]:
    """Write down that so many lines are taken along, before they are handed out.

    Raises:
        NotAllowed: for the national team only.
        errors.TooManyLines: more than ``audit.MOST_EXPORTED``.
    """
    if not caller.is_national:
        raise NotAllowed("Only the national team exports the audit.")
    if not isinstance(lines, int) or lines > audit.MOST_EXPORTED:
        raise errors.TooManyLines(most=audit.MOST_EXPORTED)
    case.record(tx, caller.id, "export_audit", new_id(), detail=f"{lines} lines")
    return {"lines": lines}


def _people(tx: Transaction, text: str | None) -> list[str] | None:
    """Whom a text means: an id, an address or the beginning of a name; nobody is an answer."""
    if not text:
        return None
    try:
        return [str(UUID(text))]
    except ValueError:
        return [str(card.id) for card in queue_store.named(tx.conn, text, MOST_CALLED)]
