"""Hosting networks that invite in their own name: see them, add one, end one."""

import secrets
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction, new_id
from services.members import case, errors, invitation_handlers, network, network_store, schemas
from services.members.network import Network


def hosted(tx: Transaction, caller: Caller, ended: Any = False) -> Any:
    """The networks the caller hosts, and how many they may.

    Args:
        ended: whether those are wanted, too, that have ended and are still kept.

    Raises:
        errors.NotAMember: the caller has not joined.
    """
    found = network_store.of_host(tx.conn, _self(caller), ended is True)
    return {"items": [_answer(each) for each in found], "most": network.MOST}


def host(tx: Transaction, caller: Caller, body: Any) -> Any:
    """Have one more network invite, with the caller as its host.

    Args:
        body: see ``schemas.Hosting``.

    Raises:
        errors.NotAMember, errors.Invalid, errors.NetworkYours, errors.NetworksEnough.
        NotAllowed: the caller is not let in yet, so cannot invite anybody.
    """
    name = schemas.load(schemas.Hosting, body)["name"]
    if not case.locked(tx, _self(caller)).approved:
        raise NotAllowed("You can host a network once you are let in.")
    network.require_room(network_store.of_host(tx.conn, _self(caller)), name)
    token = secrets.token_urlsafe(invitation_handlers.TOKEN_BYTES)
    new = Network(new_id(), name, token)
    network_store.add(tx.conn, new, _self(caller), tx.now)
    return _answer(new)


def end(tx: Transaction, caller: Caller, network_id: Any) -> Any:
    """End a network's invitation: its link names nobody from now on, whom it brought stay.

    Raises:
        errors.NotAMember.
        errors.NetworkNotFound: it has ended, or somebody else hosts it.
    """
    try:
        wanted = UUID(network_id)
    except (ValueError, AttributeError, TypeError):
        raise errors.NetworkNotFound from None
    if not network_store.end(tx.conn, wanted, _self(caller), tx.now):
        raise errors.NetworkNotFound
    return {"id": str(wanted)}


def _self(caller: Caller) -> UUID:
    if caller.id is None:
        raise errors.NotAMember
    return caller.id


def _answer(found: Network) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "name": found.name,
        "token": found.token,
        "brought": found.told,
    }
