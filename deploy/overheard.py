"""Listens to every event of the bus, as a demonstration and the tests may."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.messaging import Consumer

from services.bus import topology
from services.bus.envelope import Event, Unreadable, read

Hear = Callable[[str, Event, dict[str, Any]], None]


class Overheard:
    """A queue of its own, bound to everything, gone when it is closed.

    Args:
        amqp_url: of the broker.
        hear: told the routing key, the event and its body, in another thread.
    """

    def __init__(self, amqp_url: str, hear: Hear) -> None:
        self.hear = hear
        self.connection = Connection(amqp_url)
        self.stopping = threading.Event()
        exchange = Exchange(topology.EXCHANGE, "topic", durable=True)
        queue = Queue("", exchange, routing_key="#", exclusive=True, durable=False)
        self.consumer = Consumer(
            self.connection.channel(), [queue], on_message=self._told, no_ack=True, accept=["json"]
        )
        self.thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> "Overheard":
        self.consumer.consume()
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
        self.connection.release()

    def _listen(self) -> None:
        while not self.stopping.is_set():
            try:
                self.connection.drain_events(timeout=0.2)
            except TimeoutError:
                continue

    def _told(self, message: Any) -> None:
        body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
        try:
            event, data = read(message.headers, body)
        except Unreadable:
            return  # not ours to show
        self.hear(message.delivery_info["routing_key"], event, data)
