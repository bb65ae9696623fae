"""Finds the message that kills its process, among others that were only there when it died.

What the broker delivers again was in hand when a process or a connection ended: nearly
always all of it is innocent, so it is handled together. Each life that ends in the middle
splits those it was handling, until the killer is begun alone, and parked when that was often
enough. What had company at a death is handled by one greenlet of the process at a time, so
that nobody is suspected for what another queue's messages do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import structlog
from eventlet.semaphore import Semaphore

from services.bus import retries
from services.bus.item import Item
from services.bus.transaction import Database, Transaction
from services.telemetry import metrics

log = structlog.get_logger(__name__)

KILLS_TOLERATED = 3
"""A redelivered message begun this often alone without an end is taken for the killer of its
process, and parked."""
SPLIT = 16
"""Parts a group is split into by every death. Each costs a restart, some seconds for everybody:
from five hundred to one it takes three."""

_alone = Semaphore()
_begun_in_this_life: set[str] = set()
"""Events counted by this process: what ends its connection to a server does not count twice,
since the process lives."""


def carefully(
    service: str, database: Database, items: Sequence[Item], settle: Callable[[list[Item]], None]
) -> None:
    """Settle redelivered events of one kind, in groups counted before they are begun.

    Args:
        service: for metrics.
        settle: brings a group to an end, and forgets its attempts in the same transaction.

    Raises:
        whatever ``settle`` and the database raise.
    """
    before = _together(database, items)
    for group in groups(items, before):
        if before.keys().isdisjoint(item.event.id for item in group):
            _begin(service, database, group, settle)
        else:
            with _alone:
                _begin(service, database, group, settle)


def groups(items: Sequence[Item], before: dict[str, int]) -> list[list[Item]]:
    """Neighbours that may be begun together.

    Args:
        before: for events at which a process died, how many it had begun together.
    """
    made: list[list[Item]] = []
    last = 0
    for item in items:
        event_id = item.event.id
        most = max(1, before[event_id] // SPLIT) if event_id in before else len(items)
        if made and most == last and len(made[-1]) < most:
            made[-1].append(item)
        else:
            made.append([item])
        last = most
    return made


def forget(tx: Transaction, event_ids: Iterable[str]) -> None:
    """Their end is part of this transaction; a redelivery begins anew."""
    tx.conn.execute("delete from attempt where event_id = any(%s)", [sorted(set(event_ids))])


def _together(database: Database, items: Sequence[Item]) -> dict[str, int]:
    """How many were begun together at each event's last attempt, where an earlier life made it."""
    ids = [item.event.id for item in items if item.event.id not in _begun_in_this_life]
    with database.transaction() as tx:
        rows = tx.conn.execute(
            "select event_id, together from attempt where event_id = any(%s)", [ids]
        ).fetchall()
    return dict(rows)


def _begin(
    service: str, database: Database, group: list[Item], settle: Callable[[list[Item]], None]
) -> None:
    """Count the attempt and make it; park a message that never lived through one."""
    ids = {item.event.id for item in group}
    if not ids <= _begun_in_this_life:
        with database.transaction() as tx:
            begun = _count(tx, ids)
            if begun > KILLS_TOLERATED:
                _park(service, tx, group[0], begun - 1)
                return
        _begun_in_this_life.update(ids)
    settle(group)
    _begun_in_this_life.difference_update(ids)


def _count(tx: Transaction, ids: set[str]) -> int:
    """How often the event was begun alone, this time included; 0 for several."""
    rows = tx.conn.execute(
        "insert into attempt (event_id, attempts, together)"
        " select unnest(%s::text[]), %s, %s"
        " on conflict (event_id) do update set attempts = attempt.attempts + excluded.attempts,"
        " together = excluded.together, last_at = now()"
        " returning attempts",
        [sorted(ids), int(len(ids) == 1), len(ids)],
    ).fetchall()
    return int(rows[0][0]) if len(ids) == 1 else 0


def _park(service: str, tx: Transaction, item: Item, lives: int) -> None:
    log.error("a message kills its process", type=item.event.type, event_id=item.event.id)
    retries.park(tx, item.delivery, retries.NEVER_ENDED.format(lives))
    forget(tx, [item.event.id])
    metrics.events(service, item.event.type, "parked")
