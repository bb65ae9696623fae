"""Which process may do what at the broker: patterns computed from the topology, nothing granted.

Every process declares every queue, but a queue that dead-letters can only be made by who may
read it. So a new broker is filled by each service making its own queues; whoever comes too
early is refused, and tries again until the others have been there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.bus import topology
from services.contracts import feed, readers

DEFAULT_EXCHANGE = "amq.default"
"""How permissions name the exchange that knows every queue: calls and parking go by it."""
GATEWAY = "gateway"
NOTHING = "^$"
"""Matches no name of anything."""


@dataclass(frozen=True)
class Rights:
    """What one broker user may do, as the broker's own regular expressions.

    Attributes:
        configure: what it may declare or delete.
        write: what it may publish to, or bind.
        read: what it may consume, or bind from.
        says: routing keys it may publish on the exchange of events.
    """

    user: str
    configure: str
    write: str
    read: str
    says: str


def all_rights(services: Iterable[str]) -> tuple[Rights, ...]:
    """The rights of each service and of the gateway, which hears and says no events."""
    return (*(of_service(service) for service in services), of_gateway())


def of_service(service: str) -> Rights:
    """A service reads its own queues, and says only what bears its own name."""
    names = topology.Topology(*readers.TOPOLOGY)
    own_queues = [
        *(queue.name for queue in names.event_queues() if queue.service == service),
        *(topology.rpc_queue(service, region) for region in names.regions),
        topology.again_queue(service),
    ]
    if service in names.readers:
        own_queues.append(topology.parked_queue(service))
    exchanges = [topology.EXCHANGE, topology.AGAIN, topology.COMPLETE]
    public = _of_the_feed(names) if service in feed.SAYERS else []
    return Rights(
        user=service,
        configure=_any_of([*exchanges, *public, *_declared_by_all(names), *own_queues]),
        write=_any_of([*exchanges, *public, DEFAULT_EXCHANGE, *_bound_by_all(names), *own_queues]),
        read=_any_of([*exchanges, *public[:1], *own_queues]),
        says=rf"^({_either(names.regions)})\.{service}\.[a-z_]+$",
    )


def of_gateway() -> Rights:
    """The gateway asks and is answered; it reads no queue, and no event bears its name."""
    names = topology.Topology(*readers.TOPOLOGY)
    exchanges = [topology.EXCHANGE, topology.AGAIN, topology.COMPLETE]
    return Rights(
        user=GATEWAY,
        configure=_any_of([*exchanges, *_declared_by_all(names)]),
        write=_any_of([topology.AGAIN, DEFAULT_EXCHANGE, *_bound_by_all(names)]),
        read=_any_of([topology.EXCHANGE]),
        says=NOTHING,
    )


def _of_the_feed(names: topology.Topology) -> list[str]:
    """The exchange of signals, and what only its sayers declare: its mark and the streams."""
    streams = (topology.public_stream(region) for region in names.regions)
    return [topology.PUBLIC, topology.PUBLIC_COMPLETE, *streams]


def _declared_by_all(names: topology.Topology) -> list[str]:
    return [*_bound_by_all(names), *names.parked_queues()]


def _bound_by_all(names: topology.Topology) -> list[str]:
    return [queue.name for queue in names.event_queues()]


def _any_of(names: Iterable[str]) -> str:
    """A pattern for these names and no other; what differs in its region alone is said once."""
    regions = topology.Topology(*readers.TOPOLOGY).regions
    whole: list[str] = []
    ends_of: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        start, _, end = name.rpartition(".")
        if end in regions:
            ends_of.setdefault(start, []).append(end)
        else:
            whole.append(name)
    starts_of: dict[tuple[str, ...], list[str]] = {}
    for start, ends in ends_of.items():
        starts_of.setdefault(tuple(ends), []).append(start)
    parts = [_either(whole)] if whole else []
    parts += [rf"({_either(starts)})\.({_either(ends)})" for ends, starts in starts_of.items()]
    return f"^({'|'.join(parts)})$"


def _either(words: Iterable[str]) -> str:
    """Of all that a pattern could misread, names have dots alone."""
    return "|".join(word.replace(".", r"\.") for word in words)
