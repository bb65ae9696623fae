"""Events as the broker carries them: taken down while they pass, and put in again."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import amqp
from kombu.connection import Connection

from services.bus import topology

PERSISTENT = 2
LOOK = 0.2
"""Seconds a listening thread waits for a message before it looks whether it is to end."""


@dataclass(frozen=True)
class Copy:
    """A message: where it is addressed to, and what it carries.

    Attributes:
        queue: to put it into directly, passing every binding by; empty: by the exchange.
    """

    routing_key: str
    headers: Mapping[str, Any]
    body: bytes
    queue: str = ""

    @property
    def event_id(self) -> str:
        return str(self.headers["ce-id"])


def copy(message: Any, queue: str = "") -> Copy:
    """A delivered message, to be put in again."""
    body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
    headers = message.properties.get("application_headers") or {}
    return Copy(message.delivery_info["routing_key"], headers, body, queue)


def put(channel: Any, copies: Iterable[Copy]) -> None:
    """Publish; all have arrived when the channel has closed."""
    for each in copies:
        message = amqp.basic_message.Message(
            each.body,
            message_id=str(each.headers.get("ce-id", "")),
            content_type="application/json",
            delivery_mode=PERSISTENT,
            application_headers=dict(each.headers),
        )
        exchange, key = ("", each.queue) if each.queue else (topology.EXCHANGE, each.routing_key)
        channel.basic_publish(message, exchange=exchange, routing_key=key)


def publish(amqp_url: str, copies: Iterable[Copy]) -> None:
    """Put messages in, on a connection of their own."""
    with Connection(amqp_url) as connection:
        channel = connection.channel()
        put(channel, copies)
        channel.close()


class TakenDown:
    """Every event that passes while this is open, in ``copies``."""

    def __init__(self, amqp_url: str) -> None:
        self.copies: list[Copy] = []
        self.connection = Connection(amqp_url)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> TakenDown:
        channel = self.connection.channel()
        queue = channel.queue_declare("", exclusive=True).queue
        channel.queue_bind(queue, topology.EXCHANGE, "#")
        channel.basic_consume(
            queue, callback=lambda message: self.copies.append(copy(message)), no_ack=True
        )
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
                self.connection.drain_events(timeout=LOOK)
            except TimeoutError:
                continue
