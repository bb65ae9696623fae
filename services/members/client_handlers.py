"""What the national team does about other systems: register, list, give new keys, withdraw."""

import datetime
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction, new_id
from services.members import case, client_store, errors, schemas
from services.members.client import Client


def register(tx: Transaction, caller: Caller, body: Any) -> dict[str, Any]:
    """Let a system act for those members of its regions who agree.

    Args:
        body: see ``schemas.Registering``.

    Raises:
        NotAllowed: the caller is not of the national team.
        errors.Invalid.
    """
    _national_only(caller)
    wanted = schemas.load(schemas.Registering, body)
    new = Client(id=new_id(), registered_at=tx.now, **wanted)
    add(tx, caller.id, new)
    return shown(new)


def add(tx: Transaction, actor: UUID | None, new: Client) -> bool:
    """Keep a system, by the national team or an operator's command; false when it is there."""
    added = client_store.add(tx.conn, new)
    if added:
        record(tx, new.id, actor, "register", " ".join(new.scopes))
    return added


def listed(tx: Transaction, caller: Caller, page: Any) -> dict[str, Any]:
    """The systems there are, oldest first; the withdrawn ones for the national team and Senate.

    Args:
        page: see ``schemas.Listing``.

    Raises:
        errors.NotAMember: the caller has not joined.
    """
    if caller.id is None:
        raise errors.NotAMember
    wanted = schemas.load(schemas.Listing, page)
    limit = wanted["limit"]
    found = client_store.listed(tx.conn, caller.sees_everything, wanted["cursor"], limit + 1)
    items = [shown(each) for each in found[:limit]]
    return {"items": items, "next": items[-1]["id"] if len(found) > limit else None}


def replace_keys(tx: Transaction, caller: Caller, client_id: Any, keys: Any) -> dict[str, Any]:
    """Know a system by other keys from now on; its tokens end, since the old key may be lost.

    Raises:
        NotAllowed, errors.ClientNotFound, errors.Invalid.
    """
    _national_only(caller)
    wanted = schemas.load(schemas.Keying, {"keys": keys})["keys"]
    found = active(tx, client_id, lock=True)
    client_store.replace_keys(tx.conn, found.id, wanted)
    client_store.forget_tokens(tx.conn, found.id)
    record(tx, found.id, caller.id, "replace_keys", " ".join(key["kid"] for key in wanted))
    return shown(active(tx, client_id))


def withdraw(tx: Transaction, caller: Caller, client_id: Any, reason: Any) -> dict[str, Any]:
    """Shut a system out for good: its tokens and all that members agreed to end at once.

    Raises:
        NotAllowed, errors.ClientNotFound, errors.ReasonMissing, errors.Invalid.
    """
    _national_only(caller)
    why = case.why(reason)
    found = active(tx, client_id, lock=True)
    client_store.withdraw(tx.conn, found.id, tx.now)
    client_store.forget_tokens(tx.conn, found.id)
    client_store.end(tx.conn, tx.now, client_id=found.id)
    record(tx, found.id, caller.id, "withdraw", reason=why)
    gone = client_store.find(tx.conn, found.id)
    assert gone is not None, "a withdrawn system stays known"
    return shown(gone)


def active(tx: Transaction, client_id: Any, lock: bool = False) -> Client:
    """A system that is not withdrawn.

    Raises:
        errors.ClientNotFound.
    """
    try:
        key = UUID(client_id)
    except (ValueError, AttributeError, TypeError):
        raise errors.ClientNotFound from None
    found = client_store.lock(tx.conn, key) if lock else client_store.find(tx.conn, key)
    if found is None or not found.active:
        raise errors.ClientNotFound
    return found


def record(
    tx: Transaction,
    client_id: UUID,
    actor: UUID | None,
    action: str,
    detail: str | None = None,
    reason: str | None = None,
) -> None:
    """Write a line of the audit about something done by ``actor`` about a system."""
    client_store.record(tx.conn, new_id(), client_id, actor, action, detail, reason, tx.now)


def shown(found: Client) -> dict[str, Any]:
    """A system as JSON; of its keys only what names them."""
    return {
        "id": str(found.id),
        "name": found.name,
        "organisation": found.organisation,
        "scopes": sorted(found.scopes),
        "regions": sorted(found.regions),
        "key_ids": [key["kid"] for key in found.keys],
        "registered_at": moment(found.registered_at),
        "withdrawn_at": moment(found.withdrawn_at) if found.withdrawn_at else None,
    }


def moment(at: datetime.datetime) -> str:
    return at.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")


def _national_only(caller: Caller) -> None:
    if not caller.is_national:
        raise NotAllowed("Only the national team decides about other systems.")
