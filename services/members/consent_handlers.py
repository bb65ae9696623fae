"""What a member lets other systems do: agree, look, end it."""

from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.transaction import Transaction, new_id
from services.members import case, client, client_handlers, client_store, errors, schemas
from services.members.client import Consent
from services.members.member import Member


def give(tx: Transaction, caller: Caller, body: Any) -> dict[str, Any]:
    """Let a system do more; what it may do already stays.

    Args:
        body: see ``schemas.Agreeing``.

    Raises:
        errors.NotAMember, errors.Invalid, errors.ClientNotFound, errors.ClientOtherRegion,
        errors.ScopeNotGranted: the system was never given that scope itself.
    """
    wanted = schemas.load(schemas.Agreeing, body)
    who = _self(tx, caller)
    found = client_handlers.active(tx, wanted["client_id"], lock=True)
    client.may_be_agreed(found, wanted["scopes"], who.region)
    new = [
        scope
        for scope in sorted(set(wanted["scopes"]))
        if client_store.agree(tx.conn, new_id(), who.id, found.id, scope, tx.now)
    ]
    if new:
        client_handlers.record(tx, found.id, who.id, "consent", " ".join(new))
    held = client_store.consents(tx.conn, who.id)
    return next(_shown(each) for each in held if each.client_id == found.id)


def listed(tx: Transaction, caller: Caller) -> dict[str, Any]:
    """Which systems may do what for the caller.

    Raises:
        errors.NotAMember.
    """
    found = client_store.consents(tx.conn, _self(tx, caller).id)
    return {"items": [_shown(each) for each in found], "next": None}


def end(tx: Transaction, caller: Caller, client_id: Any, scope: Any = None) -> dict[str, Any]:
    """Take back one scope of a system, or all; the system's next call already feels it.

    Returns:
        The scopes that ended; none when there was nothing to end.

    Raises:
        errors.NotAMember, errors.ClientNotFound: no such id.
    """
    try:
        key = UUID(client_id)
    except (ValueError, AttributeError, TypeError):
        raise errors.ClientNotFound from None
    who = _self(tx, caller)
    return {"ended": _end(tx, who.id, client_id=key, scope=scope)}


def end_all(tx: Transaction, member_id: UUID) -> None:
    """End everything somebody who leaves has agreed to."""
    _end(tx, member_id)


def _end(tx: Transaction, member_id: UUID, **which: Any) -> list[str]:
    ended = client_store.end(tx.conn, tx.now, member_id=member_id, **which)
    by_client: dict[UUID, list[str]] = {}
    for _, client_id, scope in ended:
        by_client.setdefault(client_id, []).append(scope)
    for client_id, scopes in by_client.items():
        client_handlers.record(tx, client_id, member_id, "end_consent", " ".join(sorted(scopes)))
    return sorted(scope for scopes in by_client.values() for scope in scopes)


def _shown(found: Consent) -> dict[str, Any]:
    return {
        "client_id": str(found.client_id),
        "client_name": found.client_name,
        "organisation": found.organisation,
        "scopes": found.scopes,
        "since": client_handlers.moment(found.since),
    }


def _self(tx: Transaction, caller: Caller) -> Member:
    if caller.id is None:
        raise errors.NotAMember
    try:
        return case.locked(tx, caller.id)
    except errors.MemberNotFound:
        raise errors.NotAMember from None
