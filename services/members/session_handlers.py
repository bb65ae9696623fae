"""Signing in, staying signed in and signing out; only our own services may ask for it."""

import datetime
from collections.abc import Sequence
from typing import Any

from services.bus.caller import Caller
from services.bus.transaction import Transaction
from services.members import (
    address_store,
    cover_handlers,
    errors,
    fingerprint,
    member,
    session,
    session_store,
    store,
)

HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


def open_session(
    tx: Transaction, caller: Caller, token_hash: Any, email: Any, trusted: Any
) -> None:
    """Keep that a browser is signed in.

    Args:
        token_hash: SHA-256 of what its cookie holds, in hex.
        email: the address proved.
        trusted: whether the device is somebody's own.

    Raises:
        NotAllowed, errors.NoAddress, errors.Invalid.
    """
    caller.require_service()
    session_store.clear(tx.conn, tx.now - session.TRUSTED, tx.now - DAY)
    session_store.add(
        tx.conn, fingerprint.from_hex(token_hash), member.address(email), trusted is True, tx.now
    )


def current(tx: Transaction, caller: Caller, token_hash: Any) -> Any:
    """Who is signed in with a cookie: the address, and the member if they have joined.

    Returns:
        ``None`` when nobody is, or when it has ended.
    """
    caller.require_service()
    key = fingerprint.from_hex(token_hash)
    found = session_store.find(tx.conn, key)
    if found is None:
        return None
    who = store.find_by_email(tx.conn, found.email)
    if not session.alive(found, who.roles if who else (), tx.now):
        session_store.end(tx.conn, key)
        return None
    if tx.now - found.seen_at > session.NOTED:
        session_store.note_use(tx.conn, key, tx.now)
    return {
        "email": found.email,
        "trusted": found.trusted,
        "member": who
        and {
            "id": str(who.id),
            "name": who.name,
            "region": who.region,
            "organisation": who.organisation_code,
            "roles": cover_handlers.roles_of(tx, who),
            "approved": who.approved,
            "status": who.status,
        },
    }


def close_session(tx: Transaction, caller: Caller, token_hash: Any, everywhere: Any) -> Any:
    """Sign a browser out, and with ``everywhere`` all others of the same member.

    Returns:
        How many sessions ended.
    """
    caller.require_service()
    key = fingerprint.from_hex(token_hash)
    found = session_store.find(tx.conn, key)
    if found is None:
        return {"ended": 0}
    if everywhere is True:
        return {"ended": session_store.end_all_of(tx.conn, found.email)}
    session_store.end(tx.conn, key)
    return {"ended": 1}


def keep_link(tx: Transaction, caller: Caller, token_hash: Any, email: Any) -> Any:
    """Keep a link that is about to be sent.

    Whether anybody has joined with the address is not looked at: who asks learns nothing,
    and whoever has not joined yet can sign in to do so.

    Returns:
        Whether it may be sent: not too many went to this address lately.
    """
    caller.require_service()
    address = member.address(email)
    if session_store.links_since(tx.conn, address, tx.now - HOUR) >= session.LINKS_AN_HOUR:
        return {"send": False}
    session_store.add_link(tx.conn, fingerprint.from_hex(token_hash), address, tx.now)
    return {"send": True}


def forget_link(tx: Transaction, caller: Caller, token_hash: Any) -> None:
    """Forget a link whose mail nobody took: to sign in, or to add an address.

    It counts for nothing, or who tries while mails cannot be sent could not when they can.
    """
    caller.require_service()
    key = fingerprint.from_hex(token_hash)
    session_store.forget_link(tx.conn, key)
    address_store.forget_link(tx.conn, key)


def use_link(tx: Transaction, caller: Caller, token_hash: Any) -> Any:
    """Take a link's word for an address, once.

    Raises:
        errors.LinkNotValid: it is unknown, used or too old.
    """
    caller.require_service()
    key = fingerprint.from_hex(token_hash)
    found = session_store.lock_link(tx.conn, key)
    if found is None or not session.usable(found, tx.now):
        raise errors.LinkNotValid
    session_store.use_link(tx.conn, key, tx.now)
    return {"email": found.email}


def forget(tx: Transaction, emails: Sequence[str]) -> None:
    """Sign somebody who leaves out everywhere, and forget the links they were sent."""
    for email in emails:
        session_store.end_all(tx.conn, email)
        session_store.forget_links(tx.conn, email)
