"""What reporting believes of exchanges, transfers, members and listings, given what was said.

Every function takes events in any order and any number of times and answers one fact
per thing. What it cannot decide alone, because an earlier batch knows more, the store
decides by the same rule: the newest version stands, the first milestone stands.
"""

import dataclasses
import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

ANSWERS = frozenset({"exchange_accepted", "exchange_declined", "exchange_amended"})
"""The steps by which the one asked answers."""

LISTING_STATES = {
    "listing_published": "open",
    "listing_closed": "closed",
    "listing_expired": "expired",
}


@dataclass(frozen=True)
class Said:
    """An event as it was heard, or as the log remembers it.

    Attributes:
        event: its name without the producer, such as ``exchange_booked``.
        region: of the queue it came by.
        time: when the producer said it.
        data: one of the classes below, or anything else, which is passed over.
    """

    event: str
    region: str
    time: datetime.datetime
    data: Any


@dataclass(frozen=True)
class Recorded:
    """An event that is kept, and of which nothing is read so far."""


@dataclass(frozen=True)
class ExchangeStep:
    """What is read of every event about an exchange; the newest is the fact."""

    exchange_id: UUID
    version: int
    happened_at: datetime.datetime
    state: str
    listing_id: UUID
    giver_id: UUID
    receiver_id: UUID
    asker_id: UUID
    actor_id: UUID | None
    minutes: int
    category: str | None
    pathway: str | None
    region: str
    giver_region: str
    receiver_region: str
    giver_organisation: str | None
    receiver_organisation: str | None
    starts_at: datetime.datetime | None
    requested_at: datetime.datetime


@dataclass(frozen=True)
class CompletedStep(ExchangeStep):
    completed_at: datetime.datetime


@dataclass(frozen=True)
class TransferPosted:
    transfer_id: UUID
    kind: str
    exchange_id: UUID | None
    minutes: int
    posted_at: datetime.datetime


@dataclass(frozen=True)
class TransferReversed(TransferPosted):
    reverses_transfer_id: UUID


@dataclass(frozen=True)
class MemberTold:
    member_id: UUID
    version: int
    status: str
    region: str
    organisation: str | None
    joined_at: datetime.datetime


@dataclass(frozen=True)
class ListingTold:
    listing_id: UUID
    version: int
    owner_id: UUID
    kind: str
    category: str | None
    pathway: str | None
    region: str
    organisation: str | None


READ = (ExchangeStep, CompletedStep, TransferPosted, TransferReversed, MemberTold, ListingTold)
"""What facts follow from."""


@dataclass(frozen=True)
class Milestones:
    """When an exchange was first answered, booked and completed, as far as was said."""

    exchange_id: UUID
    answered_at: datetime.datetime | None = None
    booked_at: datetime.datetime | None = None
    completed_at: datetime.datetime | None = None


@dataclass(frozen=True)
class Transfer:
    transfer_id: UUID
    kind: str
    exchange_id: UUID | None
    reverses_transfer_id: UUID | None
    minutes: int
    posted_at: datetime.datetime
    region: str


@dataclass(frozen=True)
class Member:
    member_id: UUID
    version: int
    told_at: datetime.datetime
    status: str
    region: str
    organisation: str | None
    joined_at: datetime.datetime


@dataclass(frozen=True)
class Listing:
    listing_id: UUID
    version: int
    told_at: datetime.datetime
    state: str
    owner_id: UUID
    kind: str
    category: str | None
    pathway: str | None
    region: str
    organisation: str | None


@dataclass(frozen=True)
class Publication:
    """When a listing was first published."""

    listing_id: UUID
    published_at: datetime.datetime


def exchanges(said: Iterable[Said]) -> list[ExchangeStep]:
    """The newest step of each exchange; time, then state, decide between equal versions."""
    steps = (event.data for event in said if isinstance(event.data, ExchangeStep))
    return _newest(
        steps,
        key=lambda step: step.exchange_id,
        age=lambda step: (step.version, step.happened_at, step.state),
    )


def milestones(said: Iterable[Said]) -> list[Milestones]:
    """The first answer, booking and completion of each exchange."""
    found: dict[UUID, Milestones] = {}
    for event in said:
        if isinstance(event.data, ExchangeStep) and (reached := _reached(event)):
            known = found.get(reached.exchange_id, reached)
            found[reached.exchange_id] = _earliest(known, reached)
    return _in_order(found)


def transfers(said: Iterable[Said]) -> list[Transfer]:
    """Each transfer once; it never changes."""
    found: dict[UUID, Transfer] = {}
    for event in said:
        if isinstance(event.data, TransferPosted):
            found[event.data.transfer_id] = _transfer(event)
    return _in_order(found)


def members(said: Iterable[Said]) -> list[Member]:
    """The newest version of each member."""
    told = (
        Member(told_at=event.time, **vars_of(MemberTold, event.data))
        for event in said
        if isinstance(event.data, MemberTold)
    )
    return _newest(told, key=lambda member: member.member_id, age=_version)


def listings(said: Iterable[Said]) -> list[Listing]:
    """The newest version of each listing."""
    told = (
        Listing(
            told_at=event.time,
            state=LISTING_STATES[event.event],
            **vars_of(ListingTold, event.data),
        )
        for event in said
        if isinstance(event.data, ListingTold)
    )
    return _newest(told, key=lambda listing: listing.listing_id, age=_version)


def publications(said: Iterable[Said]) -> list[Publication]:
    """The first publication of each listing: an edit or a renewal is not a new one."""
    found: dict[UUID, Publication] = {}
    for event in said:
        if isinstance(event.data, ListingTold) and event.event == "listing_published":
            told = Publication(event.data.listing_id, event.time)
            known = found.get(told.listing_id, told)
            found[told.listing_id] = min(known, told, key=lambda first: first.published_at)
    return _in_order(found)


def vars_of(kind: type, value: Any) -> dict[str, Any]:
    """The fields of ``kind`` as ``value``, one of its heirs, holds them."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(kind)}


def _reached(event: Said) -> Milestones | None:
    step: ExchangeStep = event.data
    if isinstance(step, CompletedStep):
        return Milestones(step.exchange_id, completed_at=step.completed_at)
    if event.event == "exchange_booked":
        return Milestones(step.exchange_id, booked_at=step.happened_at)
    if event.event in ANSWERS and step.actor_id not in (None, step.asker_id):
        return Milestones(step.exchange_id, answered_at=step.happened_at)
    return None


def _earliest(one: Milestones, other: Milestones) -> Milestones:
    return Milestones(
        one.exchange_id,
        _earlier(one.answered_at, other.answered_at),
        _earlier(one.booked_at, other.booked_at),
        _earlier(one.completed_at, other.completed_at),
    )


def _earlier(
    one: datetime.datetime | None, other: datetime.datetime | None
) -> datetime.datetime | None:
    return min((time for time in (one, other) if time), default=None)


def _transfer(event: Said) -> Transfer:
    posted: TransferPosted = event.data
    reverses = posted.reverses_transfer_id if isinstance(posted, TransferReversed) else None
    return Transfer(
        posted.transfer_id,
        posted.kind,
        posted.exchange_id,
        reverses,
        posted.minutes,
        posted.posted_at,
        event.region,
    )


def _version(told: Member | Listing) -> tuple[int, datetime.datetime]:
    return told.version, told.told_at


T = TypeVar("T")


def _newest(told: Iterable[T], key: Callable[[T], UUID], age: Callable[[T], Any]) -> list[T]:
    found: dict[UUID, T] = {}
    for one in told:
        known = found.get(key(one))
        if known is None or age(one) > age(known):
            found[key(one)] = one
    return _in_order(found)


def _in_order(found: dict[UUID, T]) -> list[T]:
    """By id: every writer locks rows in the same order."""
    return [found[key] for key in sorted(found)]
