"""How another system gets in, asked by our own services only: its keys, its token, for whom."""

import datetime
import hashlib
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.transaction import Transaction
from services.members import (
    client,
    client_handlers,
    client_store,
    errors,
    fingerprint,
    member,
    schemas,
    store,
)


def keys(tx: Transaction, caller: Caller, client_id: Any) -> dict[str, Any]:
    """The public keys a system signs with.

    Raises:
        NotAllowed: only services may ask.
        errors.ClientNotFound: unknown, or withdrawn.
    """
    caller.require_service()
    return {"keys": client_handlers.active(tx, client_id).keys}


def admit(tx: Transaction, caller: Caller, body: Any) -> dict[str, Any]:
    """Keep a new token for a system that has just proved itself.

    Args:
        body: see ``schemas.Admitting``; its assertion counts once.

    Returns:
        The scopes and the seconds the token is good for.

    Raises:
        NotAllowed, errors.Invalid, errors.ClientNotFound, errors.ScopeNotGranted.
        errors.AssertionRefused: it expired, was used before, or its key was replaced.
    """
    caller.require_service()
    wanted = schemas.load(schemas.Admitting, body)
    token_hash = fingerprint.from_hex(wanted["token_hash"])
    found = client_handlers.active(tx, wanted["client_id"], lock=True)
    client.still_known_by(wanted["key_id"], found)
    client_store.clear(tx.conn, found.id, tx.now)
    until = client.good_until(_moment(wanted["expires_at"]), tx.now)
    used = hashlib.sha256(wanted["jti"].encode()).digest()
    if not client_store.use_assertion(tx.conn, found.id, used, until):
        raise errors.AssertionRefused("This assertion was used before.")
    scopes = client.granted(wanted["scopes"], found)
    client_store.add_token(tx.conn, token_hash, found.id, scopes, tx.now + client.TOKEN)
    return {"scopes": scopes, "seconds": int(client.TOKEN.total_seconds())}


def access(tx: Transaction, caller: Caller, token_hash: Any, member_id: Any) -> Any:
    """What a token opens: the system, and the member it acts for if one is named.

    Returns:
        ``None`` when the token is no good (any more).

    Raises:
        NotAllowed, errors.Invalid, errors.ConsentMissing, errors.ClientOtherRegion.
    """
    caller.require_service()
    found = client_store.access(tx.conn, fingerprint.from_hex(token_hash), tx.now)
    if found is None:
        return None
    acting = {"client_id": str(found.client_id), "scopes": sorted(found.scopes), "member": None}
    return acting if member_id is None else {**acting, **_acting_for(tx, found, member_id)}


def _acting_for(tx: Transaction, found: client.Access, member_id: Any) -> dict[str, Any]:
    """The member as a caller is described, with no more than plain membership."""
    try:
        who = store.find(tx.conn, UUID(member_id))
    except (ValueError, AttributeError, TypeError):
        who = None
    if who is None or who.status not in (member.WAITING, member.APPROVED):
        raise errors.ConsentMissing
    agreed = client_store.agreed(tx.conn, who.id, found.client_id)
    return {
        "scopes": client.effective(found, agreed, who.region),
        "member": {
            "id": str(who.id),
            "region": who.region,
            "organisation": who.organisation_code,
            "roles": ["member"] if who.approved else [],
            "approved": who.approved,
        },
    }


def _moment(seconds: int) -> datetime.datetime:
    """
    Raises:
        errors.AssertionRefused: no clock will ever say that.
    """
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        raise errors.AssertionRefused from None
