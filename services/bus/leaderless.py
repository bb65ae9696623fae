"""Replaces queues that have lost their leader for good.

A broker killed just after declaring a quorum queue may remember the queue and not who leads
it: publishing to it is never confirmed, reading it is not answered for a minute or ends the
connection of everybody who reads beside it. Deleting it works; whatever it held is said again
by those who said it (``again``).
"""

import time
from collections.abc import Collection, Sequence
from typing import Any, Protocol

import amqp
import eventlet
import structlog
from kombu.connection import Connection

from services.bus.link import LOST, Link

log = structlog.get_logger(__name__)

SILENT_SECONDS = 6.0
"""Seconds a queue stays silent, while its neighbours answer, until it counts as lost. It
answers in milliseconds, but for one whose leader is still reading its log after a crash."""
FAILING_SECONDS = 0.5
"""Seconds given to the neighbours of a failing queue to show that they answer."""
DOUBTED = 2
"""Connections in a row that ended before a queue answered: then all are asked on connections
of their own, since the answer of a queue without a leader ends a connection for all its users."""
PROBE_SECONDS = 2.0
"""Seconds such a question may take; a silent queue is waited for on the link."""
REPLACE_SECONDS = 60.0
"""Seconds replacing may take: the broker gives a dead queue five before it deletes it anyway."""
LOOK = 0.1
"""Seconds between two looks at who has answered."""


class Reader(Protocol):
    """Somebody who reads one queue on a link.

    Attributes:
        queue: its name.
        unanswered: connections in a row that ended before the queue answered.
        answered: whether the queue has answered on this connection.
    """

    queue: str
    unanswered: int
    answered: bool


class Leaderless:
    """Watches the queues of a link; to be added to it before those who read them.

    Nothing is judged before the link is read: opening it may take longer than any patience
    here, and until then no answer can have been heard.

    Args:
        link: whose queues they are.
        readers: of the queues; may be filled until the link runs.
    """

    def __init__(self, link: Link, readers: Sequence[Reader]) -> None:
        self.link, self.readers = link, readers
        self._failing: Collection[str] = ()
        self._connection: Connection | None = None

    def opened(self, connection: Connection) -> None:
        """Find the queues that nobody may read, since that would end the connection."""
        self._connection = connection
        doubted = any(each.unanswered >= DOUBTED for each in self.readers)
        self._failing = self._found_failing(connection) if doubted else ()
        eventlet.spawn(self._watch, connection)

    def closed(self) -> None:
        self._connection = None

    def _found_failing(self, connection: Connection) -> Collection[str]:
        queues = [each.queue for each in self.readers]
        asked = eventlet.GreenPool().imap(lambda queue: _fails(connection, queue), queues)
        return {queue for queue, fails in zip(queues, asked, strict=True) if fails}

    def passes_over(self, queue: str) -> bool:
        """Whether a queue is not to be read on this connection."""
        return queue in self._failing

    def _watch(self, connection: Connection) -> None:
        """Replace what is lost, then give the link up, so that it is found missing."""
        while self._connection is connection and not all(each.answered for each in self.readers):
            lost = self._lost()
            if lost:
                log.error("queues without a leader are replaced", queues=lost)
                _replace(connection, lost)
                return self._give_up(connection)
            eventlet.sleep(LOOK)

    def _lost(self) -> list[str]:
        """Queues that answer nobody while others do: a broker without a majority is silent
        in all of them, and nothing of it may be deleted."""
        read_for = time.monotonic() - self.link.up_since if self.link.up else 0.0
        if read_for < FAILING_SECONDS or not any(each.answered for each in self.readers):
            return []
        patient = read_for < SILENT_SECONDS
        return [
            each.queue
            for each in self.readers
            if self.passes_over(each.queue) or not (each.answered or patient)
        ]

    def _give_up(self, connection: Connection) -> None:
        if self._connection is connection:
            self.link.reset("a queue did not answer")


def _fails(connection: Connection, queue: str) -> bool:
    """Whether reading a queue ends in an internal error, as it does without a leader."""
    probe = connection.clone()
    try:
        with eventlet.Timeout(PROBE_SECONDS, False):
            probe.connect()
            channel = probe.channel()
            channel.basic_qos(0, 1, False)  # what a probe is given counts as delivered once more
            channel.basic_consume(queue, consumer_tag=queue)
    except amqp.exceptions.InternalError:
        return True
    except LOST:
        return False
    finally:
        probe.collect()
    return False


def _replace(connection: Connection, queues: Sequence[str]) -> None:
    """Delete queues, on a connection of its own: those that answer are read meanwhile.

    What fails here is found lost again on the next connection.
    """
    own = connection.clone()
    try:
        with eventlet.Timeout(REPLACE_SECONDS, False):
            own.connect()
            for queue in queues:
                _delete(own.channel(), queue)
    except LOST as error:
        log.warning("queues could not be replaced", reason=type(error).__name__)
    finally:
        own.collect()


def _delete(channel: Any, queue: str) -> None:
    """Delete a queue twice: the broker does not forget the files of a dead one, for which it
    would look again at its next start, unless it is made and deleted while it lives."""
    channel.queue_delete(queue)
    try:
        channel.queue_declare(
            queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
        )
        channel.queue_delete(queue)
    except amqp.exceptions.PreconditionFailed:
        log.info("another process was faster", queue=queue)
