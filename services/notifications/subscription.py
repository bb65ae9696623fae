"""Another system's wish to hear of events: what it may ask for, and what follows from it."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.notifications import address, errors

KINDS = ("amqp", "webhook")
STATES = ("waiting", "active", "ended")
DELIVERY_STATES = ("pending", "delivered", "failed")

MOST = 20
"""Subscriptions one integrator may have that have not ended."""
KEPT = datetime.timedelta(days=30)
"""For how long a signal can be sent again, as streams keep theirs."""
OVERLAP = datetime.timedelta(hours=24)
"""For how long a replaced secret still signs beside the new one."""

RETRIES = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds until each further try of a webhook after the one that failed; the first is at once.
The table Standard Webhooks 1.0.0 recommends under "Deliverability and reliability"."""
JITTER = 0.1
"""Part of a wait by which it is longer or shorter, so that what failed together spreads."""
RESTS = (5, 15, 60, 300)
"""Seconds a receiver is left alone after so many failures in a row, whatever is due for it:
one time-out then holds up a process once in five minutes and not once a signal."""
LONGEST_REST = 86_400
"""Seconds a receiver may ask us to wait; the table's longest."""
UNREACHABLE = datetime.timedelta(days=3)
"""Once a signal has been given up, a receiver that failed for so long has lost its
subscription: the whole table lasts a little longer."""


HEARTBEAT = "heartbeat."
"""What the keys of heartbeats begin with: each takes the place of its region's last one."""


@dataclass(frozen=True)
class Placed:
    """What is read of an event that is told to other systems only."""

    region: str


@dataclass(frozen=True)
class Wish:
    """What is asked for, checked."""

    kind: str
    name: str
    regions: tuple[str, ...]
    types: tuple[str, ...]
    url: str | None


@dataclass(frozen=True)
class Signal:
    """What other systems are told: that something happened, and where to ask about it.

    Attributes:
        key: what it is kept under for each receiver: the event's id, or, where only the newest
            is of any use, what all of them have in common.
        type: such as ``timebank-exchange-completed-1``.
        regions: slugs of those it concerns, the queue's own first.
        time: when it was said.
        attributes: of the CloudEvent, as they are sent; its ``id`` is the one on the feed.
    """

    key: str
    type: str
    regions: tuple[str, ...]
    time: datetime.datetime
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Hearer:
    """A webhook that is active: which regions and types it hears; no types stand for all."""

    id: UUID
    regions: Sequence[str]
    types: Sequence[str]

    def hears(self, signal: Signal) -> bool:
        wanted = not self.types or signal.type in self.types
        return wanted and not set(self.regions).isdisjoint(signal.regions)


@dataclass(frozen=True)
class Attempt:
    """What came of one try.

    Attributes:
        status: the receiver's, if there was one.
        reason: a code of what was wrong, ``None`` for a success.
        retry_after: seconds the receiver asks for.
        gone: the receiver wants nothing more, ever.
    """

    status: int | None = None
    reason: str | None = None
    retry_after: float | None = None
    gone: bool = False


def wished(
    body: Mapping[str, Any],
    regions: Collection[str],
    types: Collection[str],
    loopback: bool,
) -> Wish:
    """Check a wish.

    Args:
        body: ``kind``, ``name``, ``regions``, and perhaps ``types`` and ``url``.
        regions: all there are.
        types: all there are.
        loopback: whether webhooks may go to this machine itself.

    Raises:
        errors.BadSubscription, errors.BadReceiver.
    """
    kind, name = body.get("kind"), body.get("name")
    if kind not in KINDS:
        raise errors.BadSubscription("The kind is amqp or webhook.", pointer="/kind")
    if not isinstance(name, str) or not name.strip() or len(name) > 100:
        raise errors.BadSubscription("A name has 1 to 100 characters.", pointer="/name")
    where = _some_of(body.get("regions"), regions, "/regions")
    if not where:
        raise errors.BadSubscription("At least one region is needed.", pointer="/regions")
    what = _some_of(body.get("types") or [], types, "/types")
    url = body.get("url")
    if (kind == "webhook") != (url is not None):
        raise errors.BadSubscription(
            "A webhook needs a url, and nothing else has one.", pointer="/url"
        )
    checked = address.receiver(str(url), loopback) if url is not None else None
    return Wish(kind, name.strip(), where, what, checked)


def _some_of(given: Any, known: Collection[str], pointer: str) -> tuple[str, ...]:
    if not isinstance(given, list):
        raise errors.BadSubscription("A list is needed.", pointer=pointer)
    for place, each in enumerate(given):
        if each not in known:
            raise errors.BadSubscription(
                f"{str(each)[:100]!r} is not offered here.", pointer=f"{pointer}/{place}"
            )
    return tuple(dict.fromkeys(given))


def next_try(attempts: int, attempt: Attempt, chance: float) -> float | None:
    """Seconds until the next try of a signal, or ``None`` when it is given up.

    Args:
        attempts: failed ones, this one included.
        chance: from 0 to 1; where within its range the wait is to be.
    """
    if attempts > len(RETRIES):
        return None
    wait = RETRIES[attempts - 1] * (1 + JITTER * (2 * chance - 1))
    return max(wait, min(attempt.retry_after or 0, LONGEST_REST))


def rest(failures: int, attempt: Attempt) -> float:
    """Seconds a receiver is left alone after its ``failures``th failure in a row."""
    usual = RESTS[min(failures, len(RESTS)) - 1]
    return max(usual, min(attempt.retry_after or 0, LONGEST_REST))


def is_heartbeat(key: str) -> bool:
    """Whether this is replaced within a minute, and so never reaches the end of the table."""
    return key.startswith(HEARTBEAT)


def is_lost(failing_since: datetime.datetime | None, now: datetime.datetime) -> bool:
    """Whether a receiver that has just cost us a signal is to be given up itself."""
    return failing_since is not None and now - failing_since >= UNREACHABLE
