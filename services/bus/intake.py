"""Takes events from a service's regional queues, as many at once as are waiting."""

import json
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
from services.bus import topology as names
from services.bus.link import QueueSilent, send

log = structlog.get_logger(__name__)

PERSISTENT = 2
CONSUME_PATIENCE = 10.0
"""Seconds a queue may take to let itself be consumed: it takes milliseconds, but for one
whose leader is still reading its log after a crash."""
SILENT_SECONDS = 5.0
"""Seconds a queue stays silent, while its neighbours answer, until it counts as lost."""
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
    ) -> None:
        self.neighbours = neighbours
        self.reading = False
        self._silent_since = math.inf
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
        self._consume(connection, channel)

    def _consume(self, connection: Connection, channel: Any) -> None:
        """Begin to read, or replace a queue that has lost its leader for good.

        A broker killed just after declaring a quorum queue may remember the queue and not
        who leads it: publishing to it is never confirmed, reading it ends in an internal
        error, at once or after a minute; deleting it works. Whatever it held is said again
        by those who said it, since the queue is then found missing.
        """
        silent = time.monotonic() - self._silent_since
        if silent >= SILENT_SECONDS and any(each.reading for each in self.neighbours):
            self._silent_since = math.inf
            log.error("a queue without a leader is replaced", queue=self.queue)
            connection.channel().queue_delete(self.queue)
            raise QueueSilent(self)
        try:
            with eventlet.Timeout(CONSUME_PATIENCE, QueueSilent(self)):
                channel.basic_consume(self.queue, callback=self._arrived, consumer_tag=self.queue)
        except (QueueSilent, amqp.exceptions.InternalError) as error:
            self._silent_since = min(self._silent_since, time.monotonic())
            raise QueueSilent(self) from error
        self.reading, self._silent_since = True, math.inf

    def closed(self) -> None:
        self._channel, self.reading = None, False
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
        missing = [q for q in self.topology.event_queues() if not is_there(connection, q.name)]
        self._declare(connection)
        if missing:
            _wish(connection.channel(), sorted({queue.region for queue in missing}))

    def _declare(self, connection: Connection) -> None:
        channel = connection.channel()
        channel.exchange_declare(names.EXCHANGE, "topic", durable=True, auto_delete=False)
        channel.exchange_declare(names.AGAIN, "fanout", durable=True, auto_delete=False)
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


def is_there(connection: Connection, queue: str) -> bool:
    """Whether the broker has a queue; asking for one it lacks costs the channel."""
    channel = connection.channel()
    try:
        channel.queue_declare(queue, passive=True)
    except amqp.exceptions.NotFound:
        return False
    channel.close()
    return True


def _wish(channel: Any, regions: Sequence[str]) -> None:
    """Ask every producer to say again what it said in these regions: queues of theirs were lost.

    On a new broker nobody hears it, and nobody has said anything.
    """
    log.warning("queues were missing", regions=regions)
    send(
        channel, json.dumps({"regions": regions}).encode(), exchange=names.AGAIN, routing_key="",
        mandatory=False, properties={"delivery_mode": PERSISTENT},
    )  # fmt: skip


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
