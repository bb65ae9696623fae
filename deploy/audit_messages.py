"""Counts messages that wait where nothing explains it: in an outbox, a retry, or the broker."""

from collections.abc import Sequence

import amqp
from kombu.connection import Connection

from deploy import nodes
from deploy.audit_sources import Connections, aged, number
from services.bus import topology
from services.contracts import readers


def in_databases(at: Connections, leave_out: int) -> int:
    """Rows in an outbox, waiting for another try, or parked."""
    return sum(
        number(
            conn,
            "select (select count(*) from outbox where %(s)s = 0"
            " or written_at < clock_timestamp() - %(s)s * interval '1 second')"
            " + (select count(*) from retry, clock where parked_at is not null"
            f" or {aged('first_failed_at')})",
            {"s": leave_out},
        )
        for conn in at.values()
    )


def in_broker(amqp_url: str, leave_out: int) -> int:
    """Messages the broker gave up on; when nothing may be in flight, all that wait.

    A queue that does not exist counts as one: what it should have held is not there.

    Raises:
        Problem: the broker does not answer.
    """
    names = topology.Topology(*readers.TOPOLOGY)
    queues = list(names.parked_queues())
    if not leave_out:
        queues += [queue.name for queue in names.event_queues()]
    return nodes.ask(amqp_url, lambda connection: _waiting(connection, queues))


def _waiting(connection: Connection, queues: Sequence[str]) -> int:
    """On one channel, because a new one for each queue costs the broker more than the question;
    asking for a queue that is missing ends the channel."""
    channel, found = connection.channel(), 0
    for queue in queues:
        try:
            found += int(channel.queue_declare(queue, passive=True).message_count)
        except amqp.exceptions.NotFound:
            found += 1
            channel = connection.channel()
    return found
