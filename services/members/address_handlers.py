"""A member's addresses: one more by a link sent there, another for notices, one fewer."""

import datetime
from collections.abc import Collection
from typing import Any

from services.bus.caller import Caller
from services.bus.transaction import Transaction
from services.contracts import members as contract
from services.members import (
    address,
    address_store,
    case,
    errors,
    fingerprint,
    invitee_store,
    member,
    session,
    session_store,
    store,
)
from services.members.member import Member

HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


def keep_link(tx: Transaction, caller: Caller, token_hash: Any, email: Any) -> dict[str, bool]:
    """Keep a link that is about to be sent to an address the caller wants to add.

    Whether the address belongs to somebody is not looked at: only who reads its mail learns it.

    Returns:
        Whether it may be sent: not too many went to this address lately.

    Raises:
        errors.NotAMember, errors.Invalid, errors.AddressYours, errors.AddressesEnough.
        errors.LinksEnough: the caller has asked for many.
    """
    found, wanted = _self(tx, caller), _address(email)
    address.require_room(address_store.of_member(tx.conn, found.id), wanted)
    address_store.clear(tx.conn, tx.now - DAY)
    if address_store.links_of(tx.conn, found.id, tx.now - HOUR) >= address.LINKS_AN_HOUR:
        raise errors.LinksEnough
    send = session_store.links_since(tx.conn, wanted, tx.now - HOUR) < session.LINKS_AN_HOUR
    # Also what is not sent counts as asked for.
    address_store.add_link(tx.conn, fingerprint.from_hex(token_hash), found.id, wanted, tx.now)
    return {"send": send}


def add(
    tx: Transaction, caller: Caller, token_hash: Any, known_domains: Collection[str]
) -> dict[str, Any]:
    """Add the address a link was sent to, once; it signs in to the same member from now on.

    Who waits and proves an address at a known domain is let in at once, as on joining.

    Raises:
        errors.NotAMember, errors.AddressesEnough.
        errors.LinkNotValid: it is unknown, used, too old, or somebody else's.
        errors.AlreadyJoined: the address belongs to another member.
    """
    found, key = _self(tx, caller), fingerprint.from_hex(token_hash)
    link = address_store.lock_link(tx.conn, key)
    if link is None or not address.usable(link, caller.id, tx.now):
        raise errors.LinkNotValid
    address_store.use_link(tx.conn, key, tx.now)
    address.require_room(address_store.of_member(tx.conn, found.id), link.email)
    if not address_store.add(tx.conn, found.id, link.email):
        raise errors.AlreadyJoined
    invitee_store.take(tx.conn, link.email)
    case.record(tx, found.id, "add_address", found.id)
    status = member.status_on_joining(link.email, known_domains)
    if found.status == member.WAITING and status == member.APPROVED:
        store.decide(tx.conn, found.id, member.APPROVED)
        case.say(tx, contract.MemberApproved, case.one(tx, found.id), approved_by=None)
    return {"email": link.email}


def remove(tx: Transaction, caller: Caller, email: Any) -> dict[str, Any]:
    """Take an address away; whoever is signed in by it is signed out.

    Raises:
        errors.NotAMember, errors.Invalid, errors.AddressNotFound, errors.LastAddress.
    """
    found, gone = _self(tx, caller), _address(email)
    held = address_store.of_member(tx.conn, found.id)
    main = address.main_without(held, str(found.email), gone)
    if not address.same(main, str(found.email)):
        address_store.make_main(tx.conn, found.id, main)
    address_store.remove(tx.conn, found.id, gone)
    session_store.end_all(tx.conn, gone)
    session_store.forget_links(tx.conn, gone)
    case.record(tx, found.id, "remove_address", found.id)
    return {"email": main}


def make_main(tx: Transaction, caller: Caller, email: Any) -> dict[str, Any]:
    """Have notices go to another address of the caller's.

    Raises:
        errors.NotAMember, errors.Invalid, errors.AddressNotFound.
    """
    found, wanted = _self(tx, caller), _address(email)
    held = address_store.of_member(tx.conn, found.id)
    chosen = next((each for each in held if address.same(each, wanted)), None)
    if chosen is None:
        raise errors.AddressNotFound
    if not address.same(chosen, str(found.email)):
        address_store.make_main(tx.conn, found.id, chosen)
        case.record(tx, found.id, "change_main_address", found.id)
    return {"email": chosen}


def _self(tx: Transaction, caller: Caller) -> Member:
    if caller.id is None:
        raise errors.NotAMember
    try:
        return case.locked(tx, caller.id)
    except errors.MemberNotFound:
        raise errors.NotAMember from None


def _address(email: Any) -> str:
    """
    Raises:
        errors.Invalid: no letter could get there.
    """
    try:
        return member.address(email if isinstance(email, str) else None)
    except errors.NoAddress:
        fault = {"pointer": "/email", "message": "Must be an e-mail address."}
        raise errors.Invalid(errors=[fault]) from None
