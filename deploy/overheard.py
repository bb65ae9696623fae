"""Listens to every event of the bus, as a demonstration and the tests may."""

import contextlib
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from kombu.connection import Connection

from services.bus import topology
from services.bus.envelope import Event, Unreadable, read

LOOK = 0.2
"""Seconds a listening thread waits for a message before it looks whether it is to end."""

Hear = Callable[[str, Event, dict[str, Any]], None]


class Listener:
    """A connection, and a thread that hands on what comes by it until this is closed.

    Args:
        amqp_url: of the broker.
    """

    def __init__(self, amqp_url: str) -> None:
        self.connection = Connection(amqp_url)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self) -> Self:
        self.opened(self.connection.channel())
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self.thread.join()
        self.closing()
        self.connection.release()

    def opened(self, channel: Any) -> None:
        """Say what is to be heard, before the thread begins."""

    def closing(self) -> None:
        """Put back what has to be, once the thread has ended."""

    def run(self) -> None:
        """Listen until this is closed; body of the thread."""
        while not self.stopping.is_set():
            self.listen()

    def listen(self) -> None:
        """Hand on what comes next, unless nothing does for a moment."""
        with contextlib.suppress(TimeoutError):
            self.connection.drain_events(timeout=LOOK)


class TakenDown(Listener):
    """Every message of the bus, as it was delivered, by a queue that is gone when this closes.

    Args:
        amqp_url: of the broker.
        take: told each message, in another thread.
    """

    def __init__(self, amqp_url: str, take: Callable[[Any], object]) -> None:
        super().__init__(amqp_url)
        self.take = take

    def opened(self, channel: Any) -> None:
        queue = channel.queue_declare("", exclusive=True).queue
        channel.queue_bind(queue, topology.EXCHANGE, "#")
        channel.basic_consume(queue, callback=self.take, no_ack=True)


class Overheard(TakenDown):
    """Every event, read.

    Args:
        amqp_url: of the broker.
        hear: told the routing key, the event and its body, in another thread.
    """

    def __init__(self, amqp_url: str, hear: Hear) -> None:
        super().__init__(amqp_url, self._told)
        self.hear = hear

    def _told(self, message: Any) -> None:
        try:
            event, data = read(headers(message), body(message))
        except Unreadable:
            return  # not ours to show
        self.hear(message.delivery_info["routing_key"], event, data)


def headers(message: Any) -> dict[str, Any]:
    """The headers of a delivered message."""
    return dict(message.properties.get("application_headers") or {})


def body(message: Any) -> bytes:
    """The body of a delivered message; text has been read from its bytes."""
    return message.body if isinstance(message.body, bytes) else str(message.body).encode()
