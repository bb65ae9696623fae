"""Brings due signals to the receivers of webhooks: several receivers at once, each on its own."""

import datetime
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID

import structlog

from services.bus.transaction import Transaction
from services.notifications import (
    settings,
    subscription,
    subscription_store,
    webhook,
    webhook_store,
)
from services.notifications.subscription import Attempt
from services.notifications.webhook_store import Due, Outcome

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Receivers served at the same time: one that is slow holds up an eighth of a process."""
BATCH = 50
"""Signals taken in hand at once for one receiver."""
GROUP = 10
"""Signals recorded together: as many may be sent twice when a sender is killed."""
TURN = 5.0
"""Seconds a receiver is served in one go; the others are waiting."""
SPARE = 30.0
"""Seconds the lease is longer than a turn and the last receiver's time, for a slow database."""
FORGET_EVERY = 300.0
"""Seconds between looks for what is older than thirty days."""

Counts = Counter[str]
"""Signals by what came of them: delivered, postponed, failed."""


@dataclass(frozen=True)
class Hand:
    """What is in hand for one receiver, and until when."""

    receiver: UUID
    url: str
    secrets: Sequence[str]
    due: Sequence[Due]
    until: datetime.datetime


class Courier:
    """One per process, one run at a time.

    Args:
        transaction: opens a transaction of this service.
        regions: slugs of those this process works for.
        wanted: how this installation sends webhooks.
    """

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[Transaction]],
        regions: Sequence[str],
        wanted: settings.Subscribing,
    ) -> None:
        self.transaction, self.regions, self.settings = transaction, regions, wanted
        self.lease = datetime.timedelta(seconds=TURN + wanted.timeout + SPARE)
        self._next_forgetting = 0.0

    def run(self) -> Counts:
        """Serve every receiver for which something is due, once.

        Returns:
            What became of how many signals.
        """
        with self.transaction() as tx:
            receivers = webhook_store.receivers_due(tx.conn, self.regions, tx.now, 8 * AT_ONCE)
            if time.monotonic() >= self._next_forgetting:
                self._next_forgetting = time.monotonic() + FORGET_EVERY
                webhook_store.forget(tx.conn, tx.now - subscription.KEPT, tx.now)
        counts: Counts = Counter()
        if receivers:
            with ThreadPoolExecutor(min(AT_ONCE, len(receivers))) as pool:
                for found in pool.map(self._serve, receivers):
                    counts += found
        return counts

    def _serve(self, receiver: UUID) -> Counts:
        """Send to one receiver what is due, until its turn is over or it fails."""
        counts: Counts = Counter()
        end, full = time.monotonic() + TURN, True
        while full and time.monotonic() < end:
            hand = self._take(receiver)
            found = self._deliver(hand, end)
            counts += found
            full = found["delivered"] == BATCH
        return counts

    def _deliver(self, hand: Hand, end: float) -> Counts:
        """Send what is in hand; what is left when it is time, or after a failure, is let go."""
        counts: Counts = Counter()
        done, left = list[Outcome](), list(hand.due)
        while left and time.monotonic() < end:
            due = left.pop(0)
            attempt = self._send(hand, due)
            if attempt.reason is not None:
                self._record(hand, done)
                counts[self._went_wrong(hand, due, attempt)] += 1
                done = []
                break
            done.append(Outcome(due.event_id, "delivered", None, attempt.status, None))
            counts["delivered"] += 1
            if len(done) == GROUP:
                self._record(hand, done)
                done = []
        self._record(hand, done)
        self._let_go(hand, left)
        return counts

    def _take(self, receiver: UUID) -> Hand:
        with self.transaction() as tx:
            until = tx.now + self.lease
            row = subscription_store.find(tx.conn, receiver)
            if row is None or row.url is None or row.state != "active":
                return Hand(receiver, "", (), (), until)
            due = webhook_store.claim(tx.conn, receiver, self.regions, tx.now, until, BATCH)
            secrets = subscription_store.secrets(tx.conn, receiver, tx.now)
        return Hand(receiver, row.url, secrets, due, until)

    def _send(self, hand: Hand, due: Due) -> Attempt:
        return webhook.send(
            hand.url, due.signal["id"], due.signal, hand.secrets,
            datetime.datetime.now(datetime.UTC),
            loopback=self.settings.loopback, seconds=self.settings.timeout,
        )  # fmt: skip

    def _record(self, hand: Hand, done: Sequence[Outcome]) -> None:
        if done:
            with self.transaction() as tx:
                webhook_store.record(tx.conn, hand.receiver, done, hand.until, tx.now)
                webhook_store.went_well(tx.conn, hand.receiver)

    def _went_wrong(self, hand: Hand, due: Due, attempt: Attempt) -> str:
        """Write down a failure, and leave the receiver alone for a while, or for good."""
        with self.transaction() as tx:
            failures, since = webhook_store.went_wrong(tx.conn, hand.receiver, tx.now)
            wait = subscription.next_try(due.attempts + 1, attempt, random.random())
            lost = subscription.is_lost(since, tx.now)
            given_up = (
                attempt.gone or wait is None or (lost and subscription.is_heartbeat(due.event_id))
            )
            next_at = None if given_up else tx.now + datetime.timedelta(seconds=wait or 0)
            state = "failed" if given_up else "pending"
            outcome = Outcome(due.event_id, state, next_at, attempt.status, attempt.reason)
            webhook_store.record(tx.conn, hand.receiver, [outcome], hand.until, tx.now)
            pause = datetime.timedelta(seconds=subscription.rest(failures, attempt))
            webhook_store.rest(tx.conn, hand.receiver, tx.now + pause)
            if attempt.gone:
                subscription_store.end(tx.conn, [hand.receiver], "gone", tx.now)
            elif given_up and lost:
                subscription_store.end(tx.conn, [hand.receiver], "unreachable", tx.now)
        log.info(
            "a webhook failed", subscription_id=str(hand.receiver), status=attempt.status,
            reason=attempt.reason, failures=failures,
        )  # fmt: skip
        return "failed" if given_up else "postponed"

    def _let_go(self, hand: Hand, left: Sequence[Due]) -> None:
        if left:
            events = [due.event_id for due in left]
            with self.transaction() as tx:
                webhook_store.let_go(tx.conn, hand.receiver, events, hand.until, tx.now)
