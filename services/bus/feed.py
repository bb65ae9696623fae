"""Says public signals: on a connection of its own, so that the feed's trouble is nobody else's.

A stream without a leader does not confirm, and a subscriber's queue may refuse; on the
connection of the events, which waits for all its confirms together, that would hold up
everybody's exchanges.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from kombu.connection import Connection

from services.bus import declarer, envelope, settings
from services.bus import topology as names
from services.bus.envelope import Outgoing
from services.bus.link import Link
from services.bus.relay import Publisher, Relay
from services.bus.transaction import Database
from services.bus.wire import Letter

log = structlog.get_logger(__name__)

TRIES = 3
"""Times a signal is published that a queue refuses. A subscriber's queue may be full and made to
refuse; all the others have the signal by then, and would get it again for ever."""


class Feed:
    """What a service that says public signals has more than others: a link and a relay.

    Args:
        service: for metrics.
        database: whose outbox keeps the signals, each under its lane.
        regions: every region there is.
    """

    def __init__(self, service: str, database: Database, regions: Sequence[str]) -> None:
        self.link = Link(settings.AMQP_URL.read(), service, "feed", settings.HEARTBEAT.read())
        publisher = FeedPublisher(self.link, settings.CONFIRM_TIMEOUT.read())
        self.link.use(Streams(regions))
        self.link.use(publisher)
        self.relay = Relay(
            service, database, publisher, [names.lane(region) for region in regions],
            settings.RELAY_BATCH.read(), settings.RELAY_POLL.read(),
        )  # fmt: skip

    def announce(self, said: Sequence[Outgoing]) -> list[Outgoing]:
        """Publish the signals among what has just been committed; what is left of it."""
        signals = [each for each in said if names.is_public(each.region)]
        if not signals:
            return list(said)
        self.relay.announce(signals)
        return [each for each in said if not names.is_public(each.region)]


class FeedPublisher(Publisher):
    """Publishes signals, and gives those up that are refused again and again."""

    def __init__(self, link: Link, timeout: float) -> None:
        super().__init__(link, timeout, names.PUBLIC, letter)
        self._refused: Counter[UUID] = Counter()

    def publish(self, rows: Sequence[Outgoing]) -> set[UUID]:
        """As every publisher; what was refused ``TRIES`` times counts as taken."""
        taken = super().publish(rows)
        if not self.wrote:
            return taken  # nobody has refused these rows yet
        self._refused.update(row.id for row in rows if row.id not in taken)
        given_up = {id_ for id_, times in self._refused.items() if times >= TRIES}
        if given_up:
            log.warning("a queue refuses signals", signals=len(given_up))
        for id_ in taken | given_up:
            self._refused.pop(id_, None)
        return taken | given_up


def letter(row: Outgoing) -> Letter:
    """A signal as it is published: not mandatory, since a feed nobody hears is no fault."""
    return Letter(
        str(row.id),
        row.routing_key,
        envelope.SIGNAL_CONTENT_TYPE,
        {},
        row.body,
        copies=tuple(row.headers.get(envelope.COPIES, ())),
        mandatory=False,
    )


class Streams:
    """Declares the feed's exchange and its streams; what a lost stream kept is said again.

    As with the queues of events, a mark goes before anything is mended and comes back after the
    wish for what was lost: whoever dies in between leaves it missing.
    """

    def __init__(self, regions: Sequence[str]) -> None:
        self.regions = regions

    def opened(self, connection: Connection) -> None:
        lost = [
            region
            for region in self.regions
            if not declarer.is_there(connection, names.public_stream(region))
        ]
        whole = not lost and declarer.is_marked(connection, names.PUBLIC_COMPLETE)
        channel = connection.channel()
        if not whole:
            channel.exchange_delete(names.PUBLIC_COMPLETE)
        self._declare(channel, lost)
        if not whole:
            declarer.exchange(channel, names.AGAIN, "fanout")
            declarer.wish(channel, [names.lane(region) for region in lost or self.regions])
        declarer.exchange(channel, names.PUBLIC_COMPLETE, "fanout", nowait=False)
        channel.close()

    def closed(self) -> None:
        """Nothing is kept."""

    def _declare(self, channel: Any, lost: Sequence[str]) -> None:
        """Streams that are there keep the age they were made with; an operator may change it."""
        declarer.exchange(channel, names.PUBLIC, "topic")
        for region in lost:
            declarer.queue(channel, names.public_stream(region), stream_arguments())
        for region in self.regions:
            key = names.public_key(region, "#")
            channel.queue_bind(names.public_stream(region), names.PUBLIC, key, nowait=True)


def stream_arguments() -> dict[str, Any]:
    """A log of a region's signals that forgets what is older than its days."""
    return {
        "x-queue-type": "stream",
        "x-max-age": f"{names.PUBLIC_DAYS}D",
        "x-stream-max-segment-size-bytes": names.PUBLIC_SEGMENT,
    }
