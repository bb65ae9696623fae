"""One member in hand: found or locked, written down in the audit, spoken of in events."""

from typing import Any
from uuid import UUID

from services.bus.transaction import Transaction, new_id
from services.members import errors, member, schemas, store
from services.members.member import Member


def one(tx: Transaction, member_id: UUID) -> Member:
    """A member who has not left.

    Raises:
        errors.MemberNotFound.
    """
    found = store.find(tx.conn, member_id)
    if found is None or found.status == member.LEFT:
        raise errors.MemberNotFound
    return found


def locked(tx: Transaction, member_id: UUID) -> Member:
    """The same, with every other change to this member waiting for the end of ours."""
    store.lock(tx.conn, member_id)
    return one(tx, member_id)


def parsed(text: str) -> UUID:
    """A member's id as it came.

    Raises:
        errors.MemberNotFound: it is no id, so nobody has it.
    """
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError):
        raise errors.MemberNotFound from None


def why(text: Any) -> str:
    """The reason given for a decision, as it is kept.

    Raises:
        errors.ReasonMissing, errors.Invalid.
    """
    if text is None or (isinstance(text, str) and not text.strip()):
        raise errors.ReasonMissing
    given: str = schemas.load(schemas.Deciding, {"reason": text})["reason"]
    return given


def record(
    tx: Transaction,
    actor: UUID | None,
    action: str,
    subject: UUID,
    detail: str | None = None,
    reason: str | None = None,
) -> None:
    """Write a line of the audit about something done by ``actor`` to ``subject``."""
    store.record(tx.conn, new_id(), actor, action, subject, detail, reason, tx.now)


def say(tx: Transaction, schema: Any, about: Member, **more: Any) -> None:
    """Say an event about a member.

    Nothing personal: not even an organisation's name, which may be the member's own words.
    """
    data = {
        "member_id": about.id,
        "version": about.version,
        "status": about.status,
        "region": about.region,
        "organisation": about.organisation_code,
        "joined_at": about.joined_at,
    }
    tx.emit(schema, region=about.region, subject=about.id, data={**data, **more})
