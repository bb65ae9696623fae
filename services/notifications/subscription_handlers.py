"""What other systems may ask for: to subscribe, to be let in, for their credentials, to end it."""

import base64
import datetime
import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from services.bus import topology
from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction, new_id
from services.contracts import feed, words
from services.notifications import (
    errors,
    feed_rights,
    management,
    settings,
    subscription,
    subscription_store,
)
from services.notifications.subscription_store import Row

LIMIT = 100
"""Items of one page at most."""
LONGEST_REASON = 1_000
SECRET_BYTES = 32
"""Of a webhook's secret and of a password; Standard Webhooks wants 24 to 64."""

FEED = feed_rights.Feed(
    topology.PUBLIC, {region: topology.public_stream(region) for region in words.ROUTES}
)
TYPES = tuple(signal.type for signal in feed.SIGNALS)


def subscribe(
    tx: Transaction, caller: Caller, body: Any, wanted: settings.Subscribing
) -> dict[str, Any]:
    """Ask to hear of events; the national team lets in.

    Args:
        body: ``kind``, ``name``, ``regions``, perhaps ``types``, and a webhook's ``url``.

    Raises:
        NotAnIntegrator, BadSubscription, BadReceiver, FeedNotOffered, TooManySubscriptions.
    """
    if caller.id is None or "integrator" not in caller.roles or not caller.approved:
        raise errors.NotAnIntegrator
    given = body if isinstance(body, dict) else {}
    wish = subscription.wished(given, words.ROUTES, TYPES, wanted.loopback)
    if wish.kind == "amqp" and wanted.management_url is None:
        raise errors.FeedNotOffered
    if subscription_store.unended(tx.conn, caller.id) >= subscription.MOST:
        raise errors.TooManySubscriptions
    new = new_id()
    subscription_store.add(tx.conn, new, caller.id, wish, tx.now)
    if wish.kind == "webhook":
        # Signed from the first signal on, whether or not the owner has asked for the secret.
        subscription_store.replace_secret(tx.conn, new, new_secret(), tx.now, tx.now)
    return _told(_found(tx, new))


def page(tx: Transaction, caller: Caller, limit: int, cursor: str | None) -> dict[str, Any]:
    """The caller's subscriptions, newest first; everybody's for the national team and Senate.

    Raises:
        NotAMember, BadLimit, BadCursor.
    """
    if caller.id is None:
        raise errors.NotAMember
    size = checked_limit(limit)
    owner = None if caller.sees_everything else caller.id
    before = None if cursor is None else _id(cursor, errors.BadCursor())
    found = subscription_store.page(tx.conn, owner, before, size + 1)
    more = str(found[size - 1].id) if len(found) > size else None
    return {"items": [_told(row) for row in found[:size]], "next": more}


def one(tx: Transaction, caller: Caller, wanted: Any) -> dict[str, Any]:
    """
    Raises:
        NoSuchSubscription: or it is somebody else's.
    """
    return _told(seen(tx, caller, wanted))


def approve(tx: Transaction, caller: Caller, wanted: Any, why: Any = None) -> dict[str, Any]:
    """Let a subscription in.

    Args:
        why: kept for the audit, if given.

    Raises:
        NotAllowed, OwnMatter, NoSuchSubscription, NotWaiting, BadReason.
    """
    if not caller.is_national or caller.id is None:
        raise NotAllowed
    row = _found(tx, _id(wanted, errors.NoSuchSubscription()), lock=True)
    if row.owner_id == caller.id:
        raise errors.OwnMatter
    if row.state != "waiting":
        raise errors.NotWaiting(state=row.state)
    subscription_store.approve(tx.conn, row.id, caller.id, tx.now, _reason(why))
    return _told(_found(tx, row.id))


def end(tx: Transaction, caller: Caller, wanted: Any, why: Any = None) -> dict[str, Any]:
    """End a subscription: its owner's, or any by the national team. Safe to repeat.

    Args:
        why: kept for the audit, if given.

    Raises:
        NoSuchSubscription, NotAllowed, BadReason.
    """
    row = seen(tx, caller, wanted, lock=True)
    if row.owner_id != caller.id and not caller.is_national:
        raise NotAllowed
    subscription_store.end(tx.conn, [row.id], "withdrawn", tx.now, caller.id, _reason(why))
    return _told(_found(tx, row.id))


def owners_left(tx: Transaction, owners: Sequence[UUID]) -> None:
    """End what people had who are gone."""
    subscription_store.end(
        tx.conn, subscription_store.of_owners(tx.conn, owners), "owner_left", tx.now
    )


def credentials(
    transaction: Callable[[], AbstractContextManager[Transaction]],
    broker: management.Broker | None,
    wanted: settings.Subscribing,
    caller: Caller,
    subscription_id: Any,
) -> dict[str, Any]:
    """Make credentials, shown in this answer and never again; those before it end.

    A password ends at once, with the connections it opened; a webhook's secret signs beside
    the new one for a day. The answer is not kept under an idempotency key: it would be a
    second place to read secrets from, and a request that is repeated works as well.

    Raises:
        NoSuchSubscription, NotActive, FeedNotOffered, BrokerAway.
    """
    with transaction() as tx:
        row = owned(tx, caller, subscription_id, lock=True)
        if row.kind == "webhook":
            return _new_secret(tx, row)
        if row.state != "active":
            raise errors.NotActive(state=row.state)
    if broker is None:
        raise errors.FeedNotOffered
    rights = feed_rights.rights(row.id, row.regions, row.types, FEED)
    password = secrets.token_urlsafe(SECRET_BYTES)
    broker.admit(rights, password)
    with transaction() as tx:  # it may have ended while we spoke to the broker
        subscription_store.dismiss_again(tx.conn, row.id, tx.now)
    parts = urlsplit(wanted.feed_url)
    url = parts._replace(netloc=f"{rights.user}:{password}@{parts.netloc}").geturl()
    return {"url": url, "user": rights.user, "password": password, **_places(row)}


def _new_secret(tx: Transaction, row: Row) -> dict[str, Any]:
    if row.state == "ended":
        raise errors.NotActive(state=row.state)
    made, until = new_secret(), tx.now + subscription.OVERLAP
    subscription_store.replace_secret(tx.conn, row.id, made, tx.now, until)
    return {"secret": made, "previous_secret_until": _time(until)}


def dismiss(
    transaction: Callable[[], AbstractContextManager[Transaction]],
    broker: management.Broker,
    limit: int = 10,
) -> None:
    """Remove the users of ended subscriptions from the broker; what fails is tried again.

    Raises:
        BrokerAway
    """
    with transaction() as tx:
        until = tx.now + datetime.timedelta(seconds=30)
        ended = subscription_store.to_dismiss(tx.conn, tx.now, until, limit)
    for each in ended:
        broker.dismiss(feed_rights.user_of(each), feed_rights.queue_of(each))
        with transaction() as tx:
            subscription_store.dismissed(tx.conn, each, until)


def seen(tx: Transaction, caller: Caller, wanted: Any, *, lock: bool = False) -> Row:
    """A subscription the caller may know of: their own, or any for who sees everything.

    Raises:
        NoSuchSubscription
    """
    row = _found(tx, _id(wanted, errors.NoSuchSubscription()), lock=lock)
    if row.owner_id != caller.id and not caller.sees_everything:
        raise errors.NoSuchSubscription
    return row


def owned(tx: Transaction, caller: Caller, wanted: Any, *, lock: bool = False) -> Row:
    """One of the caller's own.

    Raises:
        NoSuchSubscription
    """
    row = _found(tx, _id(wanted, errors.NoSuchSubscription()), lock=lock)
    if caller.id is None or row.owner_id != caller.id:
        raise errors.NoSuchSubscription
    return row


def checked_limit(limit: Any) -> int:
    """
    Raises:
        BadLimit
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= LIMIT:
        raise errors.BadLimit(f"The limit must be a whole number from 1 to {LIMIT}.")
    return limit


def _reason(given: Any) -> str | None:
    """
    Raises:
        BadReason
    """
    if given is None:
        return None
    why = given.strip() if isinstance(given, str) else ""
    if not 0 < len(why) <= LONGEST_REASON:
        raise errors.BadReason
    return why


def _found(tx: Transaction, wanted: UUID, *, lock: bool = False) -> Row:
    row = subscription_store.find(tx.conn, wanted, lock=lock)
    if row is None:
        raise errors.NoSuchSubscription
    return row


def new_secret() -> str:
    """What a webhook is signed with, as Standard Webhooks writes it."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def _id(text: Any, refusal: Exception) -> UUID:
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        raise refusal from None


def _told(row: Row) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "owner_id": str(row.owner_id),
        "kind": row.kind,
        "name": row.name,
        "regions": row.regions,
        "types": row.types,
        "url": row.url,
        "state": row.state,
        "end_reason": row.end_reason,
        "created_at": _time(row.created_at),
        "approved_at": _time(row.approved_at),
        "ended_at": _time(row.ended_at),
        "failing_since": _time(row.failing_since),
        "version": row.version,
        **(_places(row) if row.kind == "amqp" else {}),
    }


def _places(row: Row) -> dict[str, Any]:
    """Where an AMQP subscriber reads, and what its queue is bound to."""
    return {
        "queue": feed_rights.queue_of(row.id),
        "exchange": FEED.exchange,
        "binding_keys": list(feed_rights.bindings(row.regions, row.types)),
        "streams": [FEED.streams[region] for region in row.regions],
    }


def _time(moment: datetime.datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
