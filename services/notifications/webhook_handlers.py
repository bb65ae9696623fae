"""What is decided about webhooks: which event goes to whom, a ping, the list, sending again."""

import datetime
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from services.bus import envelope
from services.bus.caller import Caller
from services.bus.transaction import Transaction, new_id
from services.contracts import feed
from services.notifications import (
    errors,
    settings,
    subscription,
    subscription_handlers,
    subscription_store,
    told,
    webhook,
    webhook_store,
)
from services.notifications.subscription import Signal
from services.notifications.subscription_store import Row

PING = "timebank-ping-1"
PING_SECONDS = 5.0
"""Seconds a receiver has for a ping: somebody waits for the answer, ten seconds at most."""


def signal(tx: Transaction, events: Sequence[envelope.Event]) -> None:
    """Write public events for every webhook that hears them; what is there already stays."""
    hearers = subscription_store.hearers(tx.conn)
    if not hearers:
        return
    signals = [found for event in events if (found := told_of(event)) is not None]
    # Of what has one key the newest stands, in one statement as over several.
    newest = {found.key: found for found in sorted(signals, key=lambda each: each.time)}
    wanted = [(each.id, found) for found in newest.values() for each in hearers
              if each.hears(found)]  # fmt: skip
    if wanted:
        webhook_store.add(tx.conn, wanted, tx.now)


def told_of(event: envelope.Event) -> Signal | None:
    """The signal other systems get for an event; nothing for what stays inside."""
    kind = feed.BY_EVENT.get(event.type.rpartition(".")[2])
    if kind is None or _said_again(event.data):
        return None
    other = getattr(event.data, "giver_region", event.region)
    regions = tuple(dict.fromkeys((event.region, other)))
    said = envelope.signal(
        event_id=envelope.public_id(UUID(event.id)), kind=kind, regions=regions,
        subject=event.subject, time=event.time,
    )  # fmt: skip
    key = f"{subscription.HEARTBEAT}{event.region}" if kind is feed.HEARTBEAT else event.id
    return Signal(key, kind.type, regions, event.time, json.loads(said.body))


def _said_again(data: Any) -> bool:
    """Whether the ledger is only asked once more about what was completed before."""
    return isinstance(data, told.Completed) and data.happened_at != data.completed_at


def ping(
    transaction: Callable[[], AbstractContextManager[Transaction]],
    wanted: settings.Subscribing,
    caller: Caller,
    subscription_id: Any,
) -> dict[str, Any]:
    """Send a signal that means nothing, now and once, and tell what came of it.

    Raises:
        NoSuchSubscription, OnlyForWebhooks, NotActive.
    """
    with transaction() as tx:
        row = _active(tx, caller, subscription_id)
        signs = subscription_store.secrets(tx.conn, row.id, tx.now)
    now, new = datetime.datetime.now(datetime.UTC), str(new_id())
    attributes = {
        "specversion": "1.0", "id": new, "source": feed.SOURCE, "type": PING,
        "time": _time(now), "subject": str(row.id), "dataref": f"/v1/subscriptions/{row.id}",
    }  # fmt: skip
    seconds = min(PING_SECONDS, wanted.timeout)
    attempt = webhook.send(
        row.url or "", new, attributes, signs, now, loopback=wanted.loopback, seconds=seconds
    )
    return {"id": new, "delivered": attempt.reason is None, "status": attempt.status,
            "reason": attempt.reason}  # fmt: skip


def replay(tx: Transaction, caller: Caller, subscription_id: Any, since: Any) -> dict[str, Any]:
    """Send everything again that was said since a moment, to one receiver.

    Args:
        since: ISO 8601 with its zone, at most thirty days ago.

    Raises:
        NoSuchSubscription, OnlyForWebhooks, NotActive, BadMoment.
    """
    row = _active(tx, caller, subscription_id)
    moment = _moment(since)
    if moment < tx.now - subscription.KEPT:
        raise errors.BadMoment
    return {"signals": webhook_store.send_again(tx.conn, row.id, moment, tx.now)}


def deliveries(
    tx: Transaction,
    caller: Caller,
    subscription_id: Any,
    state: Any = None,
    limit: Any = 20,
    cursor: str | None = None,
) -> dict[str, Any]:
    """A page of what became of a receiver's signals, newest first.

    Raises:
        NoSuchSubscription, OnlyForWebhooks, BadLimit, BadSubscription.
    """
    row = subscription_handlers.seen(tx, caller, subscription_id)
    _only_webhooks(row)
    size = subscription_handlers.checked_limit(limit)
    if state is not None and state not in subscription.DELIVERY_STATES:
        raise errors.BadSubscription("There is no such state.", pointer="/state")
    found = webhook_store.listed(tx.conn, row.id, state, cursor, size + 1)
    more = found[size - 1].event_id if len(found) > size else None
    return {"items": [_item(each) for each in found[:size]], "next": more}


def _active(tx: Transaction, caller: Caller, wanted: Any) -> Row:
    row = subscription_handlers.owned(tx, caller, wanted)
    _only_webhooks(row)
    if row.state != "active":
        raise errors.NotActive(state=row.state)
    return row


def _only_webhooks(row: Row) -> None:
    if row.kind != "webhook":
        raise errors.OnlyForWebhooks


def _moment(text: Any) -> datetime.datetime:
    try:
        found = datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise errors.BadMoment from None
    if found.tzinfo is None:
        raise errors.BadMoment
    return found


def _item(row: webhook_store.Listed) -> dict[str, Any]:
    return {
        "id": row.signal["id"],
        "type": row.signal.get("type"),
        "subject": row.signal.get("subject"),
        "time": _time(row.said_at),
        "state": row.state,
        "attempts": row.attempts,
        "status": row.status,
        "reason": row.reason,
        "tried_at": _time(row.tried_at) if row.tried_at else None,
        "next_at": _time(row.next_at) if row.next_at else None,
    }


def _time(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
