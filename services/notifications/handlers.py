"""What notifications does about each event, and about each question of a member."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.envelope import Event
from services.bus.subscription import Subscription, subscriptions
from services.bus.transaction import Transaction, new_id
from services.contracts import exchanges, ledger, members
from services.notifications import (
    errors,
    notice,
    recipient_store,
    render,
    role_store,
    store,
    subscription,
    subscription_handlers,
    told,
    webhook_handlers,
)

LIMIT = 100
"""Items of one page at most."""


def tell(tx: Transaction, events: Sequence[Event]) -> None:
    """Write down who is to be told of these events; what is there already stays."""
    webhook_handlers.signal(tx, events)
    wanted = [
        found
        for event in events
        for found in notice.notices(
            event.type, event.id, event.region, event.correlation_id, event.data
        )
    ]
    to_roles = [found for found in wanted if isinstance(found.to, notice.Role)]
    to_members = [found for found in wanted if not isinstance(found.to, notice.Role)]
    if to_members:
        store.add(tx.conn, to_members, [new_id() for _ in to_members], tx.now)
    if to_roles:
        role_store.add(tx.conn, to_roles, tx.now)


def leave(tx: Transaction, events: Sequence[Event]) -> None:
    """Tell those who were refused; write nothing more to those who left."""
    tell(tx, events)
    gone = [event.data.member_id for event in events if event.data.status == "left"]
    if gone:
        recipient_store.forget(tx.conn, gone, tx.now)
        store.suppress(tx.conn, gone, "left")
        subscription_handlers.owners_left(tx, gone)


def _heard(schema: Any, reads: type, handle: Any = tell) -> Subscription:
    # The notice's own key recognises a repeated event, and so does a signal's: no inbox row.
    return Subscription(schema, reads, handle, natural_key=True)


SUBSCRIPTIONS = subscriptions(
    _heard(exchanges.ListingPublished, subscription.Placed, webhook_handlers.signal),
    _heard(exchanges.ListingClosed, subscription.Placed, webhook_handlers.signal),
    _heard(exchanges.ListingExpired, subscription.Placed, webhook_handlers.signal),
    _heard(exchanges.ListingsFound, told.Found),
    _heard(exchanges.ExchangeRequested, told.Step),
    _heard(exchanges.ExchangeRecorded, told.Step),
    _heard(exchanges.ExchangeReminded, told.Step),
    _heard(exchanges.ExchangeAmended, told.Step),
    _heard(exchanges.ExchangeDeclined, told.Step),
    _heard(exchanges.ExchangeWithdrawn, told.Step),
    _heard(exchanges.ExchangeSuperseded, told.Step),
    _heard(exchanges.ExchangeExpired, told.Step),
    _heard(exchanges.ExchangeUnfunded, told.Unfunded),
    _heard(exchanges.ExchangeBooked, told.Scheduled),
    _heard(exchanges.ExchangeRescheduled, told.Scheduled),
    _heard(exchanges.ExchangeCancelled, told.Scheduled),
    _heard(exchanges.ExchangeLapsed, told.Step),
    _heard(exchanges.ExchangeNoShow, told.Step),
    _heard(exchanges.ExchangeDone, told.Stated),
    _heard(exchanges.ExchangeCompleted, told.Completed),
    _heard(exchanges.ExchangeDisputed, told.Stated),
    _heard(exchanges.ExchangeResolved, told.Resolved),
    _heard(exchanges.ExchangeSettled, told.Step),
    _heard(exchanges.ExchangeReversed, told.Step),
    _heard(exchanges.ExchangeThanked, told.Step),
    _heard(exchanges.MessageSent, told.Written),
    _heard(exchanges.ConcernRaised, told.Concern),
    _heard(exchanges.ConcernAcknowledged, told.Concern),
    _heard(exchanges.ConcernHandedOn, told.Concern),
    _heard(exchanges.ConcernClosed, told.Concern),
    _heard(exchanges.HeartbeatSaid, subscription.Placed, webhook_handlers.signal),
    _heard(members.MemberJoined, told.Membership),
    _heard(members.MemberApproved, told.Membership),
    _heard(members.MemberNudged, told.Membership),
    _heard(members.PersonInvited, told.Invited),
    _heard(members.MemberLeft, told.Membership, leave),
    _heard(ledger.LimitNeared, told.Limit),
)


def notices(
    tx: Transaction, caller: Caller, unread: bool, limit: int, cursor: str | None
) -> dict[str, Any]:
    """A page of the caller's notices, newest first.

    Raises:
        NotAMember, BadLimit, BadCursor.
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= LIMIT:
        raise errors.BadLimit(f"The limit must be a whole number from 1 to {LIMIT}.")
    before = None if cursor is None else _id(cursor, errors.BadCursor())
    found = store.shown(tx.conn, _member(caller), unread is True, before, limit + 1)
    page = found[:limit]
    more = len(found) > limit
    return {"items": [_item(row) for row in page], "next": str(page[-1].id) if more else None}


def read_notice(tx: Transaction, caller: Caller, notice_id: Any) -> dict[str, Any]:
    """Mark one of the caller's own notices as read.

    Raises:
        NotAMember, NoSuchNotice.
    """
    known = _id(notice_id, errors.NoSuchNotice())
    found = store.read(tx.conn, _member(caller), known, tx.now)
    if found is None:
        raise errors.NoSuchNotice
    return _item(found)


def preferences(tx: Transaction, caller: Caller) -> dict[str, Any]:
    """What the caller wants by e-mail."""
    member_id = _member(caller)
    found = recipient_store.find(tx.conn, [member_id])
    return _choices(found.get(member_id) or recipient_store.Recipient(member_id))


def set_preferences(
    tx: Transaction, caller: Caller, body: Any, expected_version: int | None
) -> dict[str, Any]:
    """Change what the caller wants by e-mail; what the body does not name stays.

    Args:
        body: ``email`` (whether any e-mail is wanted) and ``kinds`` (which of the
            kinds that are not essential), all booleans.

    Raises:
        NotAMember, UnknownPreference, VersionConflict.
    """
    member_id = _member(caller)
    wanted = _wanted(body)
    row = recipient_store.lock(tx.conn, member_id)
    if expected_version is not None and expected_version != row.version:
        raise errors.VersionConflict(version=row.version)
    email = wanted.get("email", row.email)
    kinds = {kind: kind not in row.muted for kind in notice.KINDS} | wanted.get("kinds", {})
    muted = [kind for kind, on in kinds.items() if not on]
    if (email, muted) != (row.email, list(row.muted)):
        recipient_store.change(tx.conn, member_id, email, muted)
    return preferences(tx, caller)


def unsubscribe(tx: Transaction, notice_id: Any) -> dict[str, Any]:
    """Stop e-mails of the kind the recipient holds in hand; the notice's id is the proof.

    An essential notice offers no such link; its id changes nothing.

    Raises:
        NoSuchNotice.
    """
    found = store.whose_mail(tx.conn, _id(notice_id, errors.NoSuchNotice()))
    if found is None:
        raise errors.NoSuchNotice
    member_id, template = found
    kind = notice.KIND_OF.get(template)
    row = recipient_store.lock(tx.conn, member_id)
    if kind and kind not in row.muted:
        recipient_store.change(tx.conn, member_id, row.email, [*row.muted, kind])
    return {"kind": kind}


def _member(caller: Caller) -> UUID:
    if caller.id is None:
        raise errors.NotAMember
    return caller.id


def _id(text: Any, refusal: Exception) -> UUID:
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        raise refusal from None


def _wanted(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise errors.UnknownPreference("The choices must be an object.", pointer="")
    kinds = body.get("kinds", {})
    if not isinstance(kinds, dict):
        raise errors.UnknownPreference("The kinds must be an object.", pointer="/kinds")
    _only_switches(body, ("email", "kinds"), "", skip="kinds")
    _only_switches(kinds, tuple(notice.KINDS), "/kinds")
    return body


def _only_switches(
    given: dict[str, Any], known: Sequence[str], pointer: str, skip: str = ""
) -> None:
    for name, value in given.items():
        if name not in known:
            raise errors.UnknownPreference(pointer=f"{pointer}/{name}")
        if name != skip and not isinstance(value, bool):
            raise errors.UnknownPreference(
                f"{name} must be true or false.", pointer=f"{pointer}/{name}"
            )


def _choices(row: recipient_store.Recipient) -> dict[str, Any]:
    return {
        "email": row.email,
        "kinds": {kind: kind not in row.muted for kind in notice.KINDS},
        "version": row.version,
    }


def _item(row: store.Shown) -> dict[str, Any]:
    people = notice.people(row.facts, row.member_id)
    pattern = render.sentence(row.template, row.facts, row.member_id)
    return {
        "id": str(row.id),
        "template": row.template,
        "text": render.anonymous(pattern),
        "pattern": pattern,
        "people": [str(person) for person in people],
        "exchange_id": str(row.exchange_id) if row.exchange_id else None,
        "created_at": _time(row.created_at),
        "read_at": _time(row.read_at) if row.read_at else None,
    }


def _time(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
