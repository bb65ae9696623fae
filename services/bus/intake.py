"""Takes events from a service's regional queues, as many at once as are waiting."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import amqp
import eventlet
import structlog
from eventlet.event import Event
from kombu.connection import Connection

from services.bus import failpoint
from services.bus.link import consume

log = structlog.get_logger(__name__)

PAUSES_WHILE_AWAY = (0.1, 0.2, 0.5, 1.0)
"""Seconds between tries while the database is away. The batch is kept, not returned:
being returned would count against its messages, and the database's absence is not
their failure."""


@dataclass(frozen=True)
class Delivery:
    """A message as the broker handed it over.

    Attributes:
        region: of the queue it came by.
        redelivered: it was handed out before and not acknowledged.
        dead: it comes from the parked queue: the broker gave up on it.
    """

    routing_key: str
    region: str
    headers: Mapping[str, Any]
    body: bytes
    redelivered: bool
    dead: bool = False


@dataclass(frozen=True)
class Batch:
    """What is handled together, and by what subscriptions."""

    deliveries: Sequence[Delivery]
    subscriptions: Mapping[str, Any]


class DatabaseAway(Exception):
    """Nothing was handled, and nobody's message is to blame."""


class QueueReader:
    """Reads one queue on a channel of its own, in one greenlet, one batch at a time.

    A channel of its own lets one acknowledgement cover a batch. What was read
    before the connection broke is forgotten: the broker delivers it again.

    Args:
        queue: name of the queue.
        region: its region.
        size: messages in a batch, at most.
        handle: handles deliveries; raises ``DatabaseAway`` when it could not begin.
        dead: whether this is the parked queue.
        passed_over: tells of a queue (its name) that it must not be read now.

    Attributes:
        unanswered: connections in a row that ended before the queue answered.
        answered: whether the queue has answered on this connection.
    """

    def __init__(
        self,
        queue: str,
        region: str,
        size: int,
        handle: Callable[[Sequence[Delivery]], None],
        *,
        dead: bool = False,
        passed_over: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.queue, self.region, self.size, self.handle, self.dead = (
            queue,
            region,
            size,
            handle,
            dead,
        )
        self.passed_over = passed_over
        self.unanswered, self.answered, self._asked = 0, False, False
        self.stopping = False
        self._channel: Any = None
        self._waiting: deque[Any] = deque()
        self._wake = Event()

    def opened(self, connection: Connection) -> None:
        """Ask for the queue's messages, and wait for none of the answers.

        A queue answers when its leader does; the others are not to wait for it.
        """
        if self.passed_over(self.queue):
            return
        channel = connection.channel()
        channel.basic_qos(0, 2 * self.size, False)  # one batch in hand, the next on its way
        self._waiting.clear()
        self._channel, self._asked = channel, True
        consume(channel, self.queue, self._arrived, self._answered)

    def closed(self) -> None:
        if self._asked and not self.answered:
            self.unanswered += 1
        self.answered = self._asked = False
        self._channel = None
        self._waiting.clear()

    def _answered(self, _: str) -> None:
        self.unanswered, self.answered = 0, True

    def run(self) -> None:
        """Handle what arrives until ``stop``; body of a greenlet."""
        while True:
            batch = self._next()
            if batch is None:
                return
            self._work_off(batch)

    def stop(self) -> None:
        """Take nothing more; the batch in hand is finished and acknowledged."""
        self.stopping = True
        if self._channel is not None:
            with suppress(*LOST_CHANNEL):  # then nothing more arrives either
                self._channel.basic_cancel(self.queue, nowait=True)
        self._signal()

    def _arrived(self, message: Any) -> None:
        self._waiting.append(message)
        self._signal()

    def _signal(self) -> None:
        if not self._wake.ready():
            self._wake.send()

    def _next(self) -> list[Any] | None:
        """The next batch: all that waits, but never redelivered and other messages together.

        One of the redelivered may have killed a process; see ``attempts``.
        """
        while not self.stopping and not self._waiting:
            self._wake.wait()
            self._wake = Event()
        if self.stopping:
            return None
        batch = [self._waiting.popleft()]
        redelivered = batch[0].delivery_info["redelivered"]
        while (
            self._waiting
            and len(batch) < self.size
            and self._waiting[0].delivery_info["redelivered"] == redelivered
        ):
            batch.append(self._waiting.popleft())
        return batch

    def _work_off(self, batch: list[Any]) -> None:
        channel = self._channel
        deliveries = [self._delivery(message) for message in batch]
        attempt = 0
        while self._channel is channel:
            try:
                self.handle(deliveries)
            except DatabaseAway:
                if self.stopping:
                    return
                eventlet.sleep(PAUSES_WHILE_AWAY[min(attempt, len(PAUSES_WHILE_AWAY) - 1)])
                attempt += 1
            else:
                return self._acknowledge(channel, batch)

    def _acknowledge(self, channel: Any, batch: list[Any]) -> None:
        if self._channel is not channel:
            return  # the tags died with their channel; the inbox knows the repeats
        failpoint.reach("committed_before_ack")
        try:
            channel.basic_ack(batch[-1].delivery_info["delivery_tag"], multiple=True)
        except LOST_CHANNEL:
            log.info("acknowledgement lost", queue=self.queue, messages=len(batch))

    def _delivery(self, message: Any) -> Delivery:
        info = message.delivery_info
        body = message.body
        return Delivery(
            routing_key=info["routing_key"],
            region=self.region,
            headers=message.properties.get("application_headers") or {},
            body=body if isinstance(body, bytes) else str(body).encode(),
            redelivered=bool(info["redelivered"]),
            dead=self.dead,
        )


LOST_CHANNEL = (amqp.exceptions.AMQPError, OSError, AttributeError)
"""What sending on a dead channel raises; py-amqp drops its inner parts on closing."""
