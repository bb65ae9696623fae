"""Takes events from a service's regional queues, as many at once as are waiting."""

import math
import time
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
from services.bus.link import QueueSilent, consume

log = structlog.get_logger(__name__)

SILENT_SECONDS = 6.0
"""Seconds a queue stays silent, while its neighbours answer, until it counts as lost. It
answers in milliseconds, but for one whose leader is still reading its log after a crash."""
FAILING_SECONDS = 0.5
"""Seconds given to the neighbours of a failing queue to show that they answer."""
DOUBTED = 2
"""Connections in a row that ended before a queue answered: then all are asked on connections
of their own, since the answer of a queue without a leader ends a connection for all its users."""
PROBE_SECONDS = 2.0
"""Seconds such a question may take; a silent queue is waited for on the link."""
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
        neighbours: other readers on the same link.
        reset: gives the link up (a reason in words) and finds another.
    """

    def __init__(
        self,
        queue: str,
        region: str,
        size: int,
        handle: Callable[[Sequence[Delivery]], None],
        *,
        dead: bool = False,
        neighbours: Sequence["QueueReader"] = (),
        reset: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.neighbours, self.reset = neighbours, reset
        self.answered_at = -math.inf
        self._asked_at = math.inf
        self._unanswered = 0
        self._lost_at = math.inf
        self._connection: Any = None
        self.queue, self.region, self.size, self.handle, self.dead = (
            queue,
            region,
            size,
            handle,
            dead,
        )
        self.stopping = False
        self._channel: Any = None
        self._waiting: deque[Any] = deque()
        self._wake = Event()

    def opened(self, connection: Connection) -> None:
        """Ask for the queue's messages, and wait for none of the answers.

        A queue answers when its leader does; the others are not to wait for it.

        Raises:
            QueueSilent: the queue was lost, and is deleted, to be found missing.
        """
        self._connection = connection
        if self._others_answered_since(self._lost_at):
            self._replace(connection)
        doubted = any(each._unanswered >= DOUBTED for each in self.neighbours)
        if doubted and self._fails(connection):
            self._lost_at = time.monotonic()
            eventlet.spawn_after(FAILING_SECONDS, self._give_up, connection)
            return
        self._lost_at = math.inf
        channel = connection.channel()
        channel.basic_qos(0, 2 * self.size, False)  # one batch in hand, the next on its way
        self._waiting.clear()
        self._channel, self._asked_at = channel, time.monotonic()
        consume(channel, self.queue, self._arrived, self._answered)
        eventlet.spawn_after(SILENT_SECONDS, self._look, connection)

    def closed(self) -> None:
        if self._asked_at < math.inf:
            self._unanswered += 1
        self._asked_at = math.inf
        self._channel = self._connection = None
        self._waiting.clear()

    def _answered(self, _: str) -> None:
        self.answered_at, self._asked_at, self._unanswered = time.monotonic(), math.inf, 0

    def _look(self, connection: Connection) -> None:
        """Give the link up for a silent queue; look again later when no other answered."""
        if self._connection is not connection or self._asked_at == math.inf:
            return
        if self._others_answered_since(self._asked_at):
            self._lost_at = self._asked_at
            self._give_up(connection)
        else:
            eventlet.spawn_after(SILENT_SECONDS, self._look, connection)

    def _others_answered_since(self, moment: float) -> bool:
        return any(each.answered_at >= moment for each in self.neighbours)

    def _give_up(self, connection: Connection) -> None:
        if self._connection is connection:
            self.reset("a queue does not answer")

    def _fails(self, connection: Connection) -> bool:
        """Whether reading the queue ends in an internal error, as it does without a leader."""
        probe = connection.clone()
        try:
            with eventlet.Timeout(PROBE_SECONDS, False):
                probe.connect()
                probe.channel().basic_consume(self.queue, consumer_tag=self.queue)
                self.answered_at = time.monotonic()
        except amqp.exceptions.InternalError:
            return True
        except LOST_CHANNEL:
            return False
        finally:
            probe.collect()
        return False

    def _replace(self, connection: Connection) -> None:
        """Delete a queue that has lost its leader for good; it is then found missing.

        A broker killed just after declaring a quorum queue may remember the queue and not
        who leads it: publishing to it is never confirmed, reading it ends in an internal
        error, at once or after a minute; deleting it works. Whatever it held is said again
        by those who said it. Made and deleted once more while it lives, since the broker does
        not forget the files of the dead one: at its next start it would look for them again.
        """
        self._lost_at, self._unanswered = math.inf, 0
        log.error("a queue without a leader is replaced", queue=self.queue)
        channel = connection.channel()
        channel.queue_delete(self.queue)
        channel.queue_declare(
            self.queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
        )
        channel.queue_delete(self.queue)
        raise QueueSilent

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
