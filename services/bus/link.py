"""One connection to the broker, kept or found again for ever.

One greenlet reads, whoever likes writes: py-amqp serialises writes by a lock, but
two readers of one socket are an error under eventlet. So everything that waits for
an answer (opening a channel, declaring, consuming) happens in ``opened``, called
by the reading greenlet before it begins to read; afterwards users only send.
"""

import itertools
import math
import random
import time
from collections.abc import Callable
from typing import Any, Protocol

import amqp
import eventlet
import structlog
from amqp import spec
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from services.bus import settings, tls
from services.bus.wire import Wire
from services.telemetry import metrics

log = structlog.get_logger(__name__)

CONNECT_TIMEOUT = 5.0
"""Seconds; a broker on the same network answers in milliseconds."""
PAUSES = (0.1, 0.2, 0.4)
"""Seconds between attempts to connect; the last again and again. Being refused costs next
to nothing, and recovery is not to be our waiting."""


class User(Protocol):
    """Somebody who lives on a link."""

    def opened(self, connection: Connection) -> None:
        """The connection stands; open channels here. Old channels are dead."""

    def closed(self) -> None:
        """The connection is gone, and everything in flight with it."""


class LinkLost(Exception):
    """The connection was given up: heartbeats missed, or a confirm that never came."""


LOST = (amqp.exceptions.AMQPError, OSError, OperationalError, LinkLost)
"""What losing the connection looks like, from connecting to reading."""


class _Once(Connection):
    """A connection that is made once.

    Whenever kombu's own finds that it is lost (a write failed before the reader noticed), it
    makes another one unasked: without channels, so that nothing is ever read or said by it,
    and with heartbeats, so that nobody notices.
    """

    @property
    def connection(self) -> Any:
        if not self.connected:
            raise LinkLost("the connection is gone")
        return self._connection


class Link:
    """A connection and the greenlets that keep it.

    Args:
        url: of the broker, or of each of its nodes; the next one is tried whenever a connection
            is lost or not made, beginning anywhere, so that processes spread over the nodes.
        service: and ``name`` (``in`` or ``out``) label metrics and the connection.
        heartbeat: seconds agreed with the broker.

    Attributes:
        up: whether it is read; ``reset`` does nothing before that.
        up_since: the moment when it was last begun to be read (``time.monotonic``).
    """

    def __init__(self, url: str, service: str, name: str, heartbeat: int = 20) -> None:
        self.url, self.service, self.name, self.heartbeat = url, service, name, heartbeat
        nodes = [(address, tls.options(address)) for address in settings.nodes(url)]
        self._nodes = itertools.cycle(random.sample(nodes, len(nodes)))
        self.users: list[User] = []
        self.when_blocked: list[Callable[[], None]] = []
        self.up = False
        self.up_since = -math.inf
        self.blocked = False
        self.stopping = False
        self.wire: Wire = None  # type: ignore[assignment] # there is one while the link is up
        self._reader: Any = None

    def use(self, user: User) -> None:
        """Add a user before the link runs."""
        self.users.append(user)

    def run(self) -> None:
        """Keep the connection until ``stop``; body of a greenlet."""
        attempt, told = 0, ""
        while not self.stopping:
            connection = self._connection()
            try:
                self._serve(connection)
            except LOST as error:
                reason = type(error).__name__
                if not self.stopping and (self.up or reason != told):
                    log.warning("link lost", link=self.name, reason=reason)
                told = reason
            finally:
                attempt = 0 if self.up else attempt
                self._went_down()
                _let_go(connection)
            if not self.stopping:
                eventlet.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
                attempt += 1

    def stop(self) -> None:
        self.stopping = True
        self.reset("stopping")

    def reset(self, reason: str) -> None:
        """Give the connection up and find another (or none, when stopping)."""
        reader, self._reader = self._reader, None
        if reader is not None:
            eventlet.kill(reader, LinkLost(reason))

    @property
    def takes(self) -> bool:
        """Whether what is sent now reaches the broker."""
        return self.up and not self.blocked

    def wait_until_it_takes(self, seconds: float) -> bool:
        """Wait at most ``seconds`` for a broker that takes messages; whether it does."""
        deadline = time.monotonic() + seconds
        while not self.takes and time.monotonic() < deadline:
            eventlet.sleep(0.02)
        return self.takes

    def _connection(self) -> Connection:
        address, encryption = next(self._nodes)
        return _Once(
            address,
            heartbeat=self.heartbeat,
            connect_timeout=CONNECT_TIMEOUT,
            **encryption,
            transport_options={
                "on_blocked": self._on_blocked,
                "on_unblocked": self._on_unblocked,
                "client_properties": {"connection_name": f"{self.service} {self.name}"},
            },
        )

    def _serve(self, connection: Connection) -> None:
        with eventlet.Timeout(CONNECT_TIMEOUT, LinkLost("no answer while connecting")):
            connection.ensure_connection(max_retries=0)  # its own pause would be two seconds
            # With TLS, py-amqp keeps the time-out of connecting for all reading after it: the
            # link would be lost whenever nothing came for five seconds.
            connection.connection.transport.sock.settimeout(None)
            self.wire = Wire(connection.connection)
        with eventlet.Timeout(60, LinkLost("no answer while declaring")):
            for user in self.users:
                user.opened(connection)
        self._reader = eventlet.getcurrent()
        beat = eventlet.spawn(self._beat, connection)
        self.up, self.up_since = True, time.monotonic()
        metrics.link(self.service, self.name, True)
        log.info("link up", link=self.name)
        try:
            while not self.stopping:
                connection.drain_events()
        finally:
            self._reader = None
            beat.kill()

    def _beat(self, connection: Connection) -> None:
        """Send heartbeats, and notice when none come; a blocked write counts as none."""
        while True:
            eventlet.sleep(min(1.0, self.heartbeat / 4))
            try:
                with eventlet.Timeout(self.heartbeat * 2, LinkLost("a write is stuck")):
                    connection.heartbeat_check()
            except Exception as error:  # whatever it is, this connection is of no use
                eventlet.spawn(self.reset, str(error))
                return

    def _went_down(self) -> None:
        self.up = self.blocked = False
        metrics.link(self.service, self.name, False)
        for user in self.users:
            user.closed()

    def _on_blocked(self, reason: str) -> None:
        self.blocked = True
        log.warning("broker blocks publishing", link=self.name)
        for tell in self.when_blocked:
            tell()

    def _on_unblocked(self) -> None:
        self.blocked = False
        log.info("broker takes publishing again", link=self.name)


def _let_go(connection: Connection) -> None:
    """Close politely, but never wait long for a broker that may be gone."""
    try:
        with eventlet.Timeout(2, False):
            connection.release()
    except LOST:
        pass
    connection.collect()


def send(
    channel: Any,
    body: bytes,
    *,
    exchange: str,
    routing_key: str,
    mandatory: bool,
    properties: dict[str, Any],
) -> None:
    """Publish without reading.

    ``Channel.basic_publish`` first drains the socket to look for a block notice,
    which would be a second reader beside the link's own.
    """
    message = amqp.basic_message.Message(body, **properties)
    channel.send_method(
        spec.Basic.Publish, "Bssbb", (0, exchange, routing_key, mandatory, False), message
    )


def consume(
    channel: Any, queue: str, arrived: Callable[[Any], None], answered: Callable[[str], None]
) -> None:
    """Begin to consume without waiting for the answer, which the link's reader meets.

    ``Channel.basic_consume`` either reads until the answer comes or never hears of it.

    Args:
        arrived: told every message.
        answered: told the consumer's tag, which is the queue's name, when the queue gives.
    """
    channel.callbacks[queue] = arrived
    channel._callbacks[spec.Basic.ConsumeOk] = answered
    channel.send_method(
        spec.Basic.Consume, "BssbbbbF", (0, queue, queue, False, False, False, False, {})
    )
