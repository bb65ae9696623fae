"""Speaks to the broker for the load generator: fills queues, empties them, counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from struct import unpack_from
from typing import Any

from amqp.exceptions import NotFound
from kombu.connection import Connection

from services.bus.declarer import Declarer
from services.bus.envelope import Outgoing
from services.bus.topology import AGAIN, Topology, again_queue
from services.bus.wire import FRAME_OVERHEAD, Letter, Wire
from services.contracts import readers

IN_FLIGHT = 500
"""Messages published before the confirms are awaited."""
RECEIVE = 1 << 18
"""Bytes asked of the kernel at once."""
BODY = 3
"""The kind of frame that carries (part of) a message's body."""


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    connection = Connection(url)
    connection.connect()
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

    Who measures shares the cores with who is measured, so it writes as the platform does:
    a whole batch at once.

    Args:
        key: the queue's name, unless an exchange is given.
    """

    def __init__(self, connection: Connection, key: str, exchange: str = "") -> None:
        self.connection, self.key, self.exchange = connection, key, exchange
        self.channel = connection.channel()
        self.channel.confirm_select()
        self.channel.events["basic_ack"].add(self._confirmed)
        self.wire = Wire(connection.connection)
        self.sent = self.confirmed = 0

    def fill(self, events: Sequence[Outgoing]) -> None:
        """Publish and wait until every event is confirmed."""
        for start in range(0, len(events), IN_FLIGHT):
            self.put(events[start : start + IN_FLIGHT])
            self.settle()

    def put(self, events: Sequence[Outgoing]) -> None:
        """Publish without waiting."""
        self.wire.publish(self.channel, self.exchange, map(self._letter, events))
        self.sent += len(events)

    def _letter(self, event: Outgoing) -> Letter:
        return Letter(str(event.id), self.key, "application/json", event.headers, event.body)

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


@contextmanager
def listening(
    url: str, queue: str, take: Callable[[float, bytes], None]
) -> Iterator[Callable[[float], bool]]:
    """Consume a queue without acknowledging; ``take`` gets the time and the body of each.

    Reads the socket itself: of each message only its body is looked at.

    Yields:
        A function that waits so many seconds for something; whether something came.
    """
    connection = Connection(url)
    connection.connect()
    connection.channel().basic_consume(queue, no_ack=True)
    socket = connection.connection.transport.sock
    held = bytearray()

    def wait(seconds: float) -> bool:
        socket.settimeout(seconds)
        try:
            received = socket.recv(RECEIVE)
        except TimeoutError:
            return False
        if not received:
            raise ConnectionError("the broker ended the connection")
        now = time.perf_counter()
        held.extend(received)
        for body in _bodies(held):
            take(now, body)
        return True

    try:
        yield wait
    finally:
        connection.collect()  # not closed in turn: a frame may have been read in part


def _bodies(held: bytearray) -> Iterable[bytes]:
    """The bodies among the whole frames held, which are then forgotten.

    A body of several frames does not occur here: events are smaller than a frame.
    """
    at, bodies = 0, []
    while len(held) - at >= FRAME_OVERHEAD:
        kind, _, size = unpack_from(">BHI", held, at)
        end = at + size + FRAME_OVERHEAD
        if end > len(held):
            break
        if kind == BODY:
            bodies.append(bytes(held[at + FRAME_OVERHEAD - 1 : end - 1]))
        at = end
    del held[:at]
    return bodies


def emptied(url: str, queue: str, quiet: float = 1.0) -> list[bytes]:
    """Take everything out of a queue, until nothing has come for ``quiet`` seconds."""
    bodies: list[bytes] = []
    with listening(url, queue, lambda _, body: bodies.append(body)) as wait:
        while wait(quiet):
            pass
    return bodies
