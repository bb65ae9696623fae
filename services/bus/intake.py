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
from services.bus import topology as names

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
    """

    def __init__(
        self,
        queue: str,
        region: str,
        size: int,
        handle: Callable[[Sequence[Delivery]], None],
        *,
        dead: bool = False,
    ) -> None:
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
        channel = connection.channel()
        channel.basic_qos(0, 2 * self.size, False)  # one batch in hand, the next on its way
        self._waiting.clear()
        self._channel = channel
        channel.basic_consume(self.queue, callback=self._arrived, consumer_tag=self.queue)

    def closed(self) -> None:
        self._channel = None
        self._waiting.clear()

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
        """The next batch: all that waits, but a redelivered message always alone.

        It may be one that kills the process: alone, it takes nobody with it.
        """
        while not self.stopping and not self._waiting:
            self._wake.wait()
            self._wake = Event()
        if self.stopping:
            return None
        batch = [self._waiting.popleft()]
        if not batch[0].delivery_info["redelivered"]:
            while (
                self._waiting
                and len(batch) < self.size
                and not self._waiting[0].delivery_info["redelivered"]
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


class Declarer:
    """Declares every exchange and queue there is, before anybody publishes or consumes."""

    def __init__(self, topology: names.Topology) -> None:
        self.topology = topology

    def opened(self, connection: Connection) -> None:
        channel = connection.channel()
        channel.exchange_declare(names.EXCHANGE, "topic", durable=True, auto_delete=False)
        for parked in self.topology.parked_queues():
            channel.queue_declare(
                parked, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
            )
        for queue in self.topology.event_queues():
            channel.queue_declare(
                queue.name,
                durable=True,
                auto_delete=False,
                arguments=queue_arguments(queue.service),
            )
            for key in queue.keys:
                channel.queue_bind(queue.name, names.EXCHANGE, key)
        channel.close()

    def closed(self) -> None:
        """Nothing is kept."""


def queue_arguments(service: str) -> dict[str, Any]:
    """A replicated queue that parks what it cannot get handled, without losing it on the way."""
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": names.DELIVERY_LIMIT,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": names.parked_queue(service),
        # at-least-once dead-lettering asks for reject-publish; without a length limit it
        # never rejects
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
