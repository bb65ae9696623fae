"""What happens to a batch: one transaction a kind, halves when it fails, a retry for the last."""

import datetime
import functools
import time
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import psycopg_pool
import structlog

from services.bus import attempts, envelope, failpoint, retries
from services.bus.envelope import Unreadable
from services.bus.errors import TryLater
from services.bus.intake import Batch, DatabaseAway, Delivery
from services.bus.item import Item
from services.bus.subscription import Subscription
from services.bus.transaction import Database, Transaction
from services.telemetry import faults, metrics

log = structlog.get_logger(__name__)

CAUSES_LOGGED = 20
"""Correlation ids on the log line of a batch; a larger batch is a backlog, not a story."""

_AWAY_CLASSES = ("08", "53", "57P")
"""SQLSTATE classes that say the database, not the message, is in trouble: connection,
resources, operator intervention (shutdown, start-up)."""
_CLASHES = ("40001", "40P01")
"""Serialisation failure and deadlock: the same batch succeeds when tried again."""


def handle(service: str, database: Database, batch: Batch, schedule: Sequence[float]) -> None:
    """Bring a batch to an end: every message handled, to be retried, or parked.

    Args:
        service: for metrics.
        schedule: seconds until each further try.

    Raises:
        DatabaseAway: nothing happened, or only part of it; the batch may come again.
    """
    began = time.monotonic()
    failpoint.reach("received")
    try:
        items, refused = sort(batch)
        for delivery, reason in refused:
            with database.transaction() as tx:
                retries.park(tx, delivery, reason)
            metrics.events(service, "unreadable", "parked")
        for kind in by_kind(items, batch.subscriptions):
            if kind[0].delivery.redelivered:
                settle = functools.partial(_settle, service, database, schedule=schedule)
                attempts.carefully(service, database, kind, settle)
            else:
                _settle(service, database, kind, schedule)
            failpoint.reach("mid_batch")
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        if not is_away(error):
            raise
        raise DatabaseAway from error
    except psycopg_pool.PoolTimeout as error:
        raise DatabaseAway from error
    redelivered = sum(delivery.redelivered for delivery in batch.deliveries)
    if redelivered:
        metrics.events(service, "any", "redelivered", redelivered)
    metrics.batch_handled(service, len(batch.deliveries), time.monotonic() - began)


def sort(batch: Batch) -> tuple[list[Item], list[tuple[Delivery, str]]]:
    """Readable events, and the rest with the reason why not."""
    items: list[Item] = []
    refused: list[tuple[Delivery, str]] = []
    for delivery in batch.deliveries:
        try:
            items.append(read(delivery, batch.subscriptions))
        except Unreadable as error:
            refused.append((delivery, str(error)))
    return items, refused


def by_kind(items: Sequence[Item], subscriptions: Mapping[str, Subscription]) -> list[list[Item]]:
    """Events of one kind each, in the order of the table, to be handled in transactions of
    their own.

    A handler locks its rows at once and in order. Two handlers in one transaction would lock
    in two goes, and two such transactions deadlock: measured with four connections on 200
    accounts, twice for every transaction, a second each.
    """
    kinds: dict[str, list[Item]] = {kind: [] for kind in subscriptions}
    for item in items:
        kinds[item.event.type].append(item)
    return [kind for kind in kinds.values() if kind]


def read(delivery: Delivery, subscriptions: Mapping[str, Subscription]) -> Item:
    """
    Raises:
        Unreadable: the broker gave up on it, or it is not an event heard here.
    """
    if delivery.dead:
        raise Unreadable(retries.GIVEN_UP)
    known = envelope.attributes(delivery.headers)
    subscription = subscriptions.get(known.type) if known else None
    if known and subscription:
        found = subscription.take(delivery.body)
        if found is not None:
            return Item(known.carrying(found), delivery, subscription)
    event, data = envelope.read(delivery.headers, delivery.body)
    subscription = subscriptions.get(event.type)
    if subscription is None:
        raise Unreadable(f"nobody here handles {event.type}")
    return Item(subscription.load(event, data), delivery, subscription)


def apply(tx: Transaction, items: Sequence[Item]) -> int:
    """Handle those events of one kind that are new; how many there were.

    Raises:
        whatever a handler raises; the transaction is then to be rolled back.
    """
    todo = list({item.event.id: item for item in items}.values())
    subscription = todo[0].subscription
    if not subscription.natural_key:
        fresh = _claim(tx, todo)
        todo = [item for item in todo if item.event.id in fresh]
    failpoint.reach("inbox_claimed")
    if len(todo) == 1:
        tx.correlation_id = todo[0].event.correlation_id
    if todo:
        subscription.handle(tx, [item.event for item in todo])
    failpoint.reach("before_commit")
    return len(todo)


def _claim(tx: Transaction, items: Sequence[Item]) -> set[str]:
    """Write the events' ids into the inbox; those that were not there yet.

    In the order of their ids: two processes with the same ids would deadlock otherwise.
    """
    rows = tx.conn.execute(
        "insert into inbox (event_id) select unnest(%s::text[])"
        " on conflict do nothing returning event_id",
        [sorted(item.event.id for item in items)],
    ).fetchall()
    return {row[0] for row in rows}


def _settle(
    service: str, database: Database, items: Sequence[Item], schedule: Sequence[float]
) -> None:
    try:
        with database.transaction() as tx:
            fresh = apply(tx, items)
            if items[0].delivery.redelivered:
                attempts.forget(tx, (item.event.id for item in items))
    except Exception as error:
        if is_away(error):
            raise
        if is_clash(error):
            raise DatabaseAway from error  # nobody's fault: the batch comes again in a moment
        if len(items) == 1:
            return _retry(service, database, items[0], error, schedule)
        half = len(items) // 2
        _settle(service, database, items[:half], schedule)
        _settle(service, database, items[half:], schedule)
    else:
        _count(service, items, fresh)


def _retry(
    service: str, database: Database, item: Item, error: Exception, schedule: Sequence[float]
) -> None:
    reason = faults.told(error)[:1000]
    with database.transaction() as tx:
        retries.schedule(tx, item.delivery, item.event.id, reason, schedule[0])
        attempts.forget(tx, [item.event.id])
    metrics.events(service, item.event.type, "retried")
    expected = isinstance(error, TryLater)
    log.log(
        20 if expected else 30,
        "event will be tried again",
        type=item.event.type,
        event_id=item.event.id,
        correlation_id=item.event.correlation_id,
        reason=reason,
    )


def _count(service: str, items: Sequence[Item], fresh: int) -> None:
    now = datetime.datetime.now(datetime.UTC)
    metrics.events(service, items[0].event.type, "handled", len(items))
    if fresh < len(items):
        metrics.events(service, "any", "repeated", len(items) - fresh)
    first = items[0]
    metrics.lagged(service, first.delivery.region, (now - first.event.time).total_seconds())
    log.info(
        "handled", type=first.event.type, region=first.delivery.region, events=len(items),
        repeated=len(items) - fresh,
        correlation_ids=[item.event.correlation_id for item in items[:CAUSES_LOGGED]],
    )  # fmt: skip


def is_away(error: BaseException) -> bool:
    """Whether the database, rather than the message, is in trouble."""
    if isinstance(error, psycopg_pool.PoolTimeout):
        return True
    if isinstance(error, psycopg.InterfaceError):
        return True  # the connection is closed under us
    if not isinstance(error, psycopg.OperationalError):
        return False
    state: Any = error.sqlstate
    return state is None or state.startswith(_AWAY_CLASSES)


def is_clash(error: BaseException) -> bool:
    return isinstance(error, psycopg.Error) and error.sqlstate in _CLASHES
