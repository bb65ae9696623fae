"""Makes every exchange, queue and binding there is, and tells when something had been lost."""

import json
from collections.abc import Sequence
from typing import Any

import amqp
import structlog
from kombu.connection import Connection

from services.bus import topology as names
from services.bus.link import send

log = structlog.get_logger(__name__)

PERSISTENT = 2


class Declarer:
    """Declares every exchange and queue there is, before anybody publishes or consumes.

    Nothing here waits for a single answer where the next question can already be sent: after
    a restart every process asks the broker for the same three hundred things at once, and
    asking whether a queue exists without waiting for its length does not wait for its leader.

    What has been made completely is marked by an exchange of its own. The mark goes before
    anything is mended, and comes back after the wish for what was lost: whoever dies in
    between leaves it missing, and the next one does it all again.
    """

    def __init__(self, topology: names.Topology) -> None:
        self.topology = topology
        self._bound = False

    def opened(self, connection: Connection) -> None:
        whole = self._is_whole(connection)
        if whole and self._bound:
            return
        regions = () if whole else self._regions_lost(connection)
        channel = connection.channel()
        if not whole:
            channel.exchange_delete(names.COMPLETE)
        self._declare(channel)
        if not whole:
            wish(channel, regions)
        exchange(channel, names.COMPLETE, "fanout", nowait=False)
        channel.close()
        self._bound = True

    def closed(self) -> None:
        """Nothing is kept."""

    def _is_whole(self, connection: Connection) -> bool:
        """Whether everything exists; the mark last, since whoever mends takes it away first."""
        channel = connection.channel()
        try:
            for name in self._queues():
                channel.queue_declare(name, passive=True, nowait=True)
            for exchange in (names.EXCHANGE, names.AGAIN):
                channel.exchange_declare(exchange, "", passive=True, auto_delete=False, nowait=True)
            channel.exchange_declare(names.COMPLETE, "", passive=True, auto_delete=False)
        except amqp.exceptions.NotFound:
            return False
        channel.close()
        return True

    def _queues(self) -> tuple[str, ...]:
        return (*self.topology.parked_queues(), *(q.name for q in self.topology.event_queues()))

    def _regions_lost(self, connection: Connection) -> list[str]:
        """Regions with a queue that is gone; all of them when nobody can know any more."""
        queues = self.topology.event_queues()
        lost = {queue.region for queue in queues if not is_there(connection, queue.name)}
        return sorted(lost or self.topology.regions)

    def _declare(self, channel: Any) -> None:
        exchange(channel, names.EXCHANGE, "topic")
        exchange(channel, names.AGAIN, "fanout")
        for parked in self.topology.parked_queues():
            queue(channel, parked, {"x-queue-type": "quorum"})
        for each in self.topology.event_queues():
            queue(channel, each.name, queue_arguments(each.service))
            for key in each.keys:
                channel.queue_bind(each.name, names.EXCHANGE, key, nowait=True)


def exchange(channel: Any, name: str, kind: str, *, nowait: bool = True) -> None:
    """Declare a durable exchange."""
    channel.exchange_declare(name, kind, durable=True, auto_delete=False, nowait=nowait)


def queue(channel: Any, name: str, arguments: dict[str, Any]) -> None:
    """Declare a durable queue, and wait for no answer."""
    channel.queue_declare(
        name, durable=True, auto_delete=False, arguments=arguments, nowait=True
    )  # fmt: skip


def is_there(connection: Connection, queue: str) -> bool:
    """Whether the broker has a queue; asking for one it lacks costs the channel.

    It is not asked for its length, which a queue without a leader would take long to tell.
    """
    channel = connection.channel()
    try:
        channel.queue_declare(queue, passive=True, nowait=True)
        channel.basic_qos(0, 0, False)  # answered after the question before it
    except amqp.exceptions.NotFound:
        return False
    channel.close()
    return True


def is_marked(connection: Connection, name: str) -> bool:
    """Whether the exchange is there that marks something as complete."""
    channel = connection.channel()
    try:
        channel.exchange_declare(name, "", passive=True, auto_delete=False)
    except amqp.exceptions.NotFound:
        return False
    channel.close()
    return True


def wish(channel: Any, regions: Sequence[str]) -> None:
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
