"""Inviting: a member's own link, whose it is, and who came by it."""

import secrets
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction
from services.members import case, errors, invitation_store

TOKEN_BYTES = 15
"""120 bits, 20 characters: nobody guesses it, and it fits on a poster."""
LONGEST = 64


def own(tx: Transaction, caller: Caller) -> Any:
    """The token of the caller's invitation, the same every time.

    Raises:
        errors.NotAMember: the caller has not joined.
        NotAllowed: the caller is not let in yet, so cannot vouch for anybody.
    """
    if caller.id is None:
        raise errors.NotAMember
    if not case.locked(tx, caller.id).approved:
        raise NotAllowed("You can invite others once you are let in.")
    made = secrets.token_urlsafe(TOKEN_BYTES)
    return {"token": invitation_store.keep(tx.conn, caller.id, made, tx.now)}


def find(tx: Transaction, caller: Caller, token: Any) -> Any:
    """Who invites with a token; ``None`` when nobody does (any more).

    Raises:
        NotAllowed: only services may ask.
    """
    if not caller.is_service:
        raise NotAllowed
    inviter_id = _inviter(tx, token)
    if inviter_id is None:
        return None
    inviter = case.one(tx, inviter_id)
    return {"id": str(inviter.id), "name": inviter.name}


def accepted(tx: Transaction, joiner_id: UUID, token: Any) -> None:
    """Keep who brought a joiner; an invitation that has ended keeps nobody from joining."""
    inviter_id = _inviter(tx, token)
    if inviter_id is not None:
        invitation_store.note(tx.conn, joiner_id, inviter_id)


def _inviter(tx: Transaction, token: Any) -> UUID | None:
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        return None
    return invitation_store.inviter(tx.conn, token) if len(token) <= LONGEST else None
