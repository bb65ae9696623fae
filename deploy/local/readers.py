"""Asks the broker how many processes read what arrives for each service in each region."""

from __future__ import annotations

from dataclasses import dataclass

import amqp
from kombu.connection import Connection

from deploy import nodes
from deploy.local.plan import DATABASE_SERVICES
from services.bus import topology
from services.contracts import words
from services.contracts.readers import READERS


@dataclass(frozen=True)
class Readers:
    """Of a service in a region.

    Attributes:
        readers: processes that take its calls and, where it hears any, its events.
        waiting: calls and events in the queues and in nobody's hands.
    """

    readers: int
    waiting: int

    def __str__(self) -> str:
        waiting = f" ({self.waiting} wait)" if self.waiting else ""
        return f"{self.readers or 'NOBODY'}{waiting}"


def find(amqp_url: str) -> dict[tuple[str, str], Readers]:
    """What the broker knows, by service and region.

    Raises:
        Problem: it does not answer.
    """
    return nodes.ask(amqp_url, _everything)


def _everything(connection: Connection) -> dict[tuple[str, str], Readers]:
    asked = _Asked(connection)
    return {
        (service, region): asked.of(service, region)
        for service in DATABASE_SERVICES
        for region in words.ROUTES
    }


class _Asked:
    """One channel for all questions; one about a queue that is missing ends it."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.channel = connection, connection.channel()

    def of(self, service: str, region: str) -> Readers:
        queues = [topology.rpc_queue(service, region)]
        if service in READERS:
            queues.append(topology.event_queue(service, region))
        found = [self._queue(name) for name in queues]
        return Readers(min(each.readers for each in found), sum(each.waiting for each in found))

    def _queue(self, name: str) -> Readers:
        try:
            told = self.channel.queue_declare(name, passive=True)
        except amqp.exceptions.NotFound:
            self.channel = self.connection.channel()
            return Readers(0, 0)
        return Readers(int(told.consumer_count), int(told.message_count))
