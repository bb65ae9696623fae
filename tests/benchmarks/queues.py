"""Speaks to the broker for the load generator: fills queues, empties them, counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from amqp.exceptions import NotFound
from kombu.connection import Connection

from services.bus.declarer import Declarer
from services.bus.envelope import Outgoing
from services.bus.link import send
from services.bus.topology import AGAIN, Topology, again_queue
from services.bus.wire import Wire
from services.contracts import readers

IN_FLIGHT = 500
"""Messages published before the confirms are awaited."""


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    connection = Connection(url)
    connection.connect()
    Wire(connection.connection)  # who measures takes as little of the cores as it can
    try:
        yield connection
    finally:
        connection.release()


def declare_platform(connection: Connection) -> None:
    """Every queue of the platform, as its processes declare them, with the marks of a broker
    that has lost nothing: else everything is said again at the first start."""
    Declarer(Topology(*readers.TOPOLOGY)).opened(connection)
    channel = connection.channel()
    for service in readers.READERS:
        queue = again_queue(service)
        channel.queue_declare(queue, durable=True, auto_delete=False)
        channel.queue_bind(queue, AGAIN)
        channel.exchange_declare(queue, "fanout", durable=True, auto_delete=False)
    channel.close()


def declare_listeners(connection: Connection, exchange: str, key: str) -> tuple[str, ...]:
    """Two replicated queues that hear what a peer says, as many as hear the ledger."""
    channel = connection.channel()
    channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)
    names = ("listener.one", "listener.two")
    for name in names:
        arguments = {"x-queue-type": "quorum"}
        channel.queue_declare(name, durable=True, auto_delete=False, arguments=arguments)
        channel.queue_bind(name, exchange, key)
    channel.close()
    return names


class Filler:
    """Publishes under one routing key and waits for the confirms.

    Args:
        key: the queue's name, unless an exchange is given.
    """

    def __init__(self, connection: Connection, key: str, exchange: str = "") -> None:
        self.connection, self.key, self.exchange = connection, key, exchange
        self.channel = connection.channel()
        self.channel.confirm_select()
        self.channel.events["basic_ack"].add(self._confirmed)
        self.sent = self.confirmed = 0

    def fill(self, events: Sequence[Outgoing]) -> None:
        """Publish and wait until every event is confirmed."""
        for event in events:
            self.put(event)
            if self.sent - self.confirmed >= IN_FLIGHT:
                self.settle()
        self.settle()

    def put(self, event: Outgoing) -> None:
        """Publish without waiting."""
        properties = {
            "content_type": "application/json", "content_encoding": "utf-8", "delivery_mode": 2,
            "message_id": str(event.id), "application_headers": dict(event.headers),
        }  # fmt: skip
        send(
            self.channel, event.body, exchange=self.exchange, routing_key=self.key, mandatory=True,
            properties=properties,
        )  # fmt: skip
        self.sent += 1

    def settle(self) -> None:
        while self.confirmed < self.sent:
            self.connection.drain_events(timeout=30)

    def look(self) -> None:
        """Take the confirms that are there; without this they pile up."""
        try:
            while True:
                self.connection.drain_events(timeout=0.0001)
        except TimeoutError:
            return

    def _confirmed(self, tag: int, multiple: bool) -> None:
        self.confirmed = tag if multiple else self.confirmed + 1


def ready(channel: Any, queue: str) -> int:
    """Messages waiting in a queue; those handed out and not acknowledged are not among them."""
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except NotFound:
        return 0


def consumers(connection: Connection, queue: str) -> int:
    """How many read a queue; none while it does not exist."""
    channel = connection.channel()
    try:
        return int(channel.queue_declare(queue, passive=True).consumer_count)
    except NotFound:
        return 0
    finally:
        channel.close()


def listen(
    connection: Connection, queue: str, take: Callable[[float, bytes], None]
) -> Callable[[float], bool]:
    """Consume a queue without acknowledging; ``take`` gets the time and the body of each.

    Returns:
        A function that waits so many seconds for something; whether something came.
    """
    channel = connection.channel()

    def arrived(message: Any) -> None:
        body = message.body
        take(time.perf_counter(), body if isinstance(body, bytes) else body.encode())

    channel.basic_consume(queue, callback=arrived, no_ack=True)

    def wait(seconds: float) -> bool:
        try:
            connection.drain_events(timeout=seconds)
        except TimeoutError:
            return False
        return True

    return wait


def emptied(url: str, queue: str, quiet: float = 1.0) -> list[bytes]:
    """Take everything out of a queue, until nothing has come for ``quiet`` seconds."""
    bodies: list[bytes] = []
    with connected(url) as connection:
        wait = listen(connection, queue, lambda _, body: bodies.append(body))
        while wait(quiet):
            pass
    return bodies
