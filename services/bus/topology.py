"""Every name the broker knows, computed in one place from regions and readers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

EXCHANGE = "timebank"
"""Topic exchange of the internal events."""
AGAIN = "timebank.again"
"""Fanout exchange by which whoever found a queue missing asks for what it was sent."""
COMPLETE = "timebank.complete"
"""Exchange without a use but to be there: everything else was made and bound before it."""

PUBLIC = "timebank.public"
"""Topic exchange of the signals other systems hear."""
PUBLIC_COMPLETE = "timebank.public.complete"
"""As ``COMPLETE``, for the feed's exchange and streams."""
PUBLIC_DAYS = 30
"""Days a region's stream keeps what was said."""
PUBLIC_SEGMENT = 1_000_000
"""Bytes of a segment of a stream. Only whole segments are ever forgotten: one of the broker's
usual 500 MB would hold years of a quiet region; this one holds some 2,500 signals, less than
two days of heartbeats alone."""

DELIVERY_LIMIT = 100
"""Deliveries before the broker gives up on a message. High on purpose: a crash
raises the count of every message in flight, and innocents must outlive a poison
that we count ourselves (table ``attempt``)."""


@dataclass(frozen=True)
class EventQueue:
    """One service's queue for one region, with the keys bound to it."""

    service: str
    region: str
    keys: tuple[str, ...]

    @property
    def name(self) -> str:
        return event_queue(self.service, self.region)


@dataclass(frozen=True)
class Topology:
    """Who hears what, in which regions.

    Attributes:
        regions: every region there is, ``national`` included.
        readers: for each service the events it handles (``producer.event``, or
            ``#`` for all).
    """

    regions: tuple[str, ...]
    readers: Mapping[str, tuple[str, ...]]

    def event_queues(self) -> Iterator[EventQueue]:
        for service, events in self.readers.items():
            for region in self.regions:
                keys = tuple(f"{region}.{event}" for event in events)
                yield EventQueue(service, region, keys)

    def parked_queues(self) -> tuple[str, ...]:
        return tuple(parked_queue(service) for service in self.readers)


def event_queue(service: str, region: str) -> str:
    return f"{service}.{region}"


def parked_queue(service: str) -> str:
    """Where the broker puts what it has delivered too often; drained into the database."""
    return f"{service}.parked"


def again_queue(service: str) -> str:
    """Wishes to a producer to say again what it said."""
    return f"again.{service}"


def rpc_queue(service: str, region: str) -> str:
    """Calls to a service from one region; also their routing key on the default exchange."""
    return f"rpc.{service}.{region}"


def lane(region: str) -> str:
    """What a region's public signals are kept under: the beginning of their routing keys."""
    return f"region.{region}"


def is_public(kept_under: str) -> bool:
    """Whether what is kept under this is a public signal; no region has a dot in its name."""
    return kept_under.startswith("region.")


def public_key(region: str, type_: str) -> str:
    """The routing key of a public signal."""
    return f"{lane(region)}.{type_}"


def public_stream(region: str) -> str:
    """What keeps a region's signals for a replay."""
    return f"{PUBLIC}.{region}"
