"""Completed exchanges to be settled: who pays whom, and the event that says so."""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from services.bus import envelope
from services.bus.envelope import Outgoing
from services.bus.transaction import new_id
from services.contracts import exchanges

REGION = "london"
MINUTES = (15, 30, 45, 60)
DUPLICATES = 0.05
"""Share of the events that are delivered twice."""
REPEATED_WITHIN = 2000
"""Events between the first and the second delivery of the same event, at most."""


@dataclass(frozen=True)
class Deal:
    """One exchange, completed and with its minutes held."""

    event_id: UUID
    exchange_id: UUID
    giver_id: UUID
    receiver_id: UUID
    minutes: int
    region: str = REGION

    @property
    def hold_id(self) -> UUID:
        return uuid5(self.exchange_id, "hold:1")


@dataclass(frozen=True)
class Work:
    """What a contestant has to settle.

    Attributes:
        accounts: everybody who takes part.
        deals: each once.
        feed: the events in the order of their delivery, some of them twice.
    """

    accounts: Sequence[UUID]
    deals: Sequence[Deal]
    feed: Sequence[Deal]

    def held(self) -> dict[UUID, int]:
        """Minutes held of each account that pays; what it must have."""
        found = dict.fromkeys(self.accounts, 0)
        for deal in self.deals:
            found[deal.receiver_id] += deal.minutes
        return found


def work(
    accounts: int, deals: int, seed: int, duplicates: float = DUPLICATES, region: str = REGION
) -> Work:
    """Deals between random pairs of so many new accounts."""
    people = [new_id() for _ in range(accounts)]
    return between(people, deals, seed, duplicates, region)


def between(
    people: Sequence[UUID], deals: int, seed: int, duplicates: float, region: str = REGION
) -> Work:
    """Deals between random pairs of people; the same seed draws the same pairs."""
    draw = random.Random(seed)
    made = []
    for _ in range(deals):
        giver, receiver = draw.sample(people, 2)
        made.append(Deal(new_id(), new_id(), giver, receiver, draw.choice(MINUTES), region))
    placed = [(float(place), deal) for place, deal in enumerate(made)]
    for place, deal in enumerate(made):
        if draw.random() < duplicates:
            placed.append((place + draw.uniform(0, REPEATED_WITHIN), deal))
    placed.sort(key=lambda pair: pair[0])
    return Work(people, made, [deal for _, deal in placed])


def completed(deal: Deal, now: datetime.datetime) -> Outgoing:
    """The event as exchanges says it."""
    return envelope.outgoing(
        event_id=deal.event_id,
        schema=exchanges.ExchangeCompleted,
        region=deal.region,
        subject=str(deal.exchange_id),
        time=now,
        correlation_id=str(deal.exchange_id),
        data={
            "exchange_id": deal.exchange_id,
            "version": 6,
            "listing_id": deal.exchange_id,
            "state": "completed",
            "giver_id": deal.giver_id,
            "receiver_id": deal.receiver_id,
            "asker_id": deal.receiver_id,
            "actor_id": deal.receiver_id,
            "next_actor": "ledger",
            "minutes": deal.minutes,
            "category": "digital-and-data",
            "pathway": None,
            "region": deal.region,
            "giver_region": deal.region,
            "receiver_region": deal.region,
            "giver_organisation": "RJ1",
            "receiver_organisation": "RJ1",
            "starts_at": None,
            "deadline": now,
            "requested_at": now,
            "happened_at": now,
            "hold_id": deal.hold_id,
            "completed_at": now,
        },
    )


def messages(feed: Sequence[Deal]) -> list[Outgoing]:
    """The events of a feed, each written once however often it is delivered."""
    now = datetime.datetime.now(datetime.UTC)
    written = {deal.event_id: completed(deal, now) for deal in set(feed)}
    return [written[deal.event_id] for deal in feed]
