"""What a subscriber may do at the broker: its own queue, and the feed of the regions granted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

PREFIX = "sub-"
"""What the users of subscribers and their queues begin with; nothing of ours does."""
NOTHING = "^$"
"""A pattern that matches no name."""

UNREAD_FOR = 7 * 86_400 * 1_000
"""Milliseconds after which a queue nobody reads is deleted: an abandoned one is gone in a week."""
MOST_SIGNALS = 100_000
"""Signals a queue keeps, then the oldest go: some hours of the whole country at its busiest."""
MOST_CONNECTIONS = 10
MOST_CHANNELS = 50
"""Of one subscriber at once."""

ARGUMENTS: Mapping[str, Any] = {
    # Not a replicated one: publishing waits for all its queues, and a subscriber's queue without
    # a majority would hold up the feed of everybody. The stream is the copy that is safe.
    "x-queue-type": "classic",
    "x-expires": UNREAD_FOR,
    "x-max-length": MOST_SIGNALS,
    # The newest matter most; whoever was away longer reads the region's stream. It must never
    # refuse: what one queue refuses is said again to all.
    "x-overflow": "drop-head",
}
"""Of the queue that is made for a subscriber."""


@dataclass(frozen=True)
class Feed:
    """Names of the feed.

    Attributes:
        exchange: the topic exchange of signals.
        streams: by region, the stream that keeps its signals.
    """

    exchange: str
    streams: Mapping[str, str]


@dataclass(frozen=True)
class Rights:
    """Of one subscriber, as the broker's own regular expressions.

    Attributes:
        configure, write, read: names of queues and exchanges.
        exchange: of the feed.
        hears: routing keys it may bind on that exchange.
        queue: made for it.
        bindings: of that queue.
    """

    user: str
    configure: str
    write: str
    read: str
    exchange: str
    hears: str
    queue: str
    bindings: tuple[str, ...]


def user_of(subscription_id: UUID) -> str:
    return f"{PREFIX}{subscription_id}"


def queue_of(subscription_id: UUID) -> str:
    """The queue that is made for a subscriber."""
    return f"{user_of(subscription_id)}.signals"


def bindings(regions: Sequence[str], types: Sequence[str]) -> tuple[str, ...]:
    """Routing keys: every type of a region, or the types that are wanted."""
    return tuple(f"region.{region}.{each}" for region in regions for each in types or ("#",))


def rights(
    subscription_id: UUID, regions: Sequence[str], types: Sequence[str], feed: Feed
) -> Rights:
    """What follows from a subscription that was approved.

    It may bind and read its own queue; beside that it reads the feed's exchange, which a topic
    permission limits to its regions, and the streams of these. It declares nothing: a queue it
    made itself could be one that is never full, or one that refuses what it is sent.
    """
    user = user_of(subscription_id)
    own = f"^{_plain(user)}\\."
    readable = [feed.exchange, *(feed.streams[each] for each in regions if each in feed.streams)]
    return Rights(
        user=user,
        configure=NOTHING,
        write=own,
        read=f"{own}|^({'|'.join(_plain(name) for name in readable)})$",
        exchange=feed.exchange,
        hears=rf"^region\.({'|'.join(regions)})\.",
        queue=queue_of(subscription_id),
        bindings=bindings(regions, types),
    )


def _plain(name: str) -> str:
    """A name of ours in a pattern: of all that could be misread, it has dots alone."""
    return name.replace(".", r"\.")
