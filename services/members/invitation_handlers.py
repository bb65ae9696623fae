"""Inviting: a member's own link, whose any link is, and who came by it."""

import secrets
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction
from services.members import case, errors, invitation_store, invitee_store
from services.members.invitation import Invitation
from services.members.invitee import Invitee

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
    """Who invites with a token, and for which network; ``None`` when nobody does (any more).

    Raises:
        NotAllowed: only services may ask.
    """
    caller.require_service()
    found = _found(tx, token)
    if found is None:
        return None
    inviter = case.one(tx, found.inviter_id)
    return {"id": str(inviter.id), "name": inviter.name, "network": found.network}


def accepted(tx: Transaction, joiner_id: UUID, token: Any, invited: Invitee | None) -> None:
    """Keep what brought a joiner; an invitation that has ended keeps nobody from joining.

    Args:
        token: of the link the joiner came by, if they came by one.
        invited: their own invitation by name, which is gone once they join.
    """
    found = _found(tx, token) or (Invitation(invited.invited_by) if invited else None)
    if found is not None:
        invitation_store.note(tx.conn, joiner_id, found)


def _found(tx: Transaction, token: Any) -> Invitation | None:
    """What a token is of: a member, a network, or, as its id, an invitation by name."""
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        return None
    if len(token) > LONGEST:
        return None
    try:
        by_name = invitee_store.inviter(tx.conn, UUID(token))
    except ValueError:
        return invitation_store.find(tx.conn, token)
    return Invitation(by_name) if by_name else None
