"""Events as the broker carries them: taken down while they pass, and put in again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import amqp
from kombu.connection import Connection

from deploy import overheard
from services.bus import topology

PERSISTENT = 2


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
    key = message.delivery_info["routing_key"]
    return Copy(key, overheard.headers(message), overheard.body(message), queue)


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


class TakenDown(overheard.TakenDown):
    """Every event that passes while this is open, in ``copies``."""

    def __init__(self, amqp_url: str) -> None:
        self.copies: list[Copy] = []
        super().__init__(amqp_url, lambda message: self.copies.append(copy(message)))
