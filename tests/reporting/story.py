"""Invented events, written and read as the bus does, for a bank whose figures are known."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from services.bus import envelope
from services.bus.envelope import Event
from services.bus.transaction import Database
from services.contracts import exchanges, ledger, members, notifications
from services.reporting import handlers

WORLD = UUID("00000000-0000-7000-8000-000000000000")
MORNING = datetime.datetime(2026, 10, 5, 9, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


def an(name: str) -> UUID:
    """The id of something, by an invented name."""
    return uuid5(WORLD, name)


def event(contract: Any, region: str, data: dict[str, Any], time: datetime.datetime) -> Event:
    """What the service's handler is given of an event, by way of the wire."""
    event_id = uuid5(WORLD, f"{contract.event} {sorted(map(str, data.items()))}")
    sent = envelope.outgoing(
        event_id=event_id,
        schema=contract,
        region=region,
        subject=str(event_id),
        time=time,
        correlation_id="story",
        data=data,
    )
    received, body = envelope.read(sent.headers, sent.body)
    return handlers.SUBSCRIPTIONS[received.type].load(received, body)


def member(
    name: str,
    region: str = "london",
    organisation: str | None = "RJ1",
    joined_at: datetime.datetime = MORNING,
    version: int = 1,
    status: str = "approved",
    contract: Any = members.MemberJoined,
) -> Event:
    data = {
        "member_id": an(name),
        "version": version,
        "status": status,
        "region": region,
        "organisation": organisation,
        "joined_at": joined_at,
    }
    return event(contract, region, data, joined_at + version * HOUR)


def listing(
    name: str,
    kind: str = "request",
    version: int = 1,
    contract: Any = exchanges.ListingPublished,
    at: datetime.datetime = MORNING,
) -> Event:
    data = {
        "listing_id": an(name),
        "version": version,
        "owner_id": an("ama"),
        "kind": kind,
        "category": "projects",
        "pathway": None,
        "minutes": 60,
        "region": "london",
        "organisation": "RJ1",
    }
    return event(contract, "london", data, at + version * HOUR)


class Exchange:
    """One exchange, whose steps can be said in any order."""

    def __init__(
        self,
        name: str,
        giver: str = "ama",
        receiver: str = "ben",
        minutes: int = 60,
        giver_region: str = "london",
        receiver_region: str = "south-west",
        giver_organisation: str | None = "RJ1",
        receiver_organisation: str | None = "RH8",
        category: str | None = "projects",
        pathway: str | None = None,
        listing_name: str = "a listing",
        requested_at: datetime.datetime = MORNING,
        completed_at: datetime.datetime | None = None,
        starts_at: datetime.datetime | None = None,
    ) -> None:
        self.id = an(name)
        self.transfer_id = uuid5(self.id, "exchange")
        self.region = receiver_region
        self.minutes = minutes
        self.requested_at = requested_at
        self.completed_at = completed_at or requested_at + 5 * HOUR
        self.giver_id, self.receiver_id = an(giver), an(receiver)
        self.common: dict[str, Any] = {
            "exchange_id": self.id,
            "listing_id": an(listing_name),
            "giver_id": self.giver_id,
            "receiver_id": self.receiver_id,
            "asker_id": self.receiver_id,
            "next_actor": None,
            "minutes": minutes,
            "category": category,
            "pathway": pathway,
            "region": receiver_region,
            "giver_region": giver_region,
            "receiver_region": receiver_region,
            "giver_organisation": giver_organisation,
            "receiver_organisation": receiver_organisation,
            "starts_at": starts_at,
            "deadline": None,
            "requested_at": requested_at,
        }

    def step(
        self, contract: Any, version: int, state: str, actor: UUID | None = None, **more: Any
    ) -> Event:
        at = more.pop("happened_at", self.requested_at + version * HOUR)
        data = {
            **self.common,
            "version": version,
            "state": state,
            "actor_id": actor,
            "happened_at": at,
            **more,
        }
        return event(contract, self.region, data, at)

    def requested(self) -> Event:
        return self.step(exchanges.ExchangeRequested, 1, "requested", self.receiver_id)

    def accepted(self) -> Event:
        return self.step(
            exchanges.ExchangeAccepted,
            2,
            "accepted",
            self.giver_id,
            attempt=1,
            hold_id=an("hold"),
            from_fund=False,
        )

    def booked(self) -> Event:
        return self.step(
            exchanges.ExchangeBooked, 3, "booked", None, hold_id=an("hold"), sequence=0
        )

    def completed(self) -> Event:
        return self.step(
            exchanges.ExchangeCompleted,
            4,
            "completed",
            self.receiver_id,
            hold_id=an("hold"),
            completed_at=self.completed_at,
        )

    def settled(self) -> Event:
        return self.step(
            exchanges.ExchangeSettled,
            5,
            "settled",
            None,
            transfer_id=self.transfer_id,
            completed_at=self.completed_at,
        )

    def reversed(self) -> Event:
        return self.step(
            exchanges.ExchangeReversed,
            6,
            "reversed",
            an("a rep"),
            transfer_id=self.transfer_id,
            reason="reversed_by_rep",
        )

    def transferred(self) -> Event:
        return transfer(
            ledger.MinutesTransferred,
            self.transfer_id,
            "exchange",
            self.minutes,
            self.region,
            exchange_id=self.id,
            at=self.completed_at,
        )

    def taken_back(self, minutes: int | None = None) -> Event:
        return transfer(
            ledger.TransferReversed,
            uuid5(self.id, "reversal"),
            "reversal",
            minutes or self.minutes,
            self.region,
            exchange_id=self.id,
            at=self.completed_at + DAY,
            reverses_transfer_id=self.transfer_id,
        )

    def undisturbed(self) -> list[Event]:
        """From the request to the settled credits."""
        return [
            self.requested(),
            self.accepted(),
            self.booked(),
            self.completed(),
            self.transferred(),
            self.settled(),
        ]


def transfer(
    contract: Any,
    transfer_id: UUID,
    kind: str,
    minutes: int,
    region: str = "london",
    exchange_id: UUID | None = None,
    at: datetime.datetime = MORNING,
    **more: Any,
) -> Event:
    data = {
        "transfer_id": transfer_id,
        "kind": kind,
        "exchange_id": exchange_id,
        "from_account_id": an("one account"),
        "to_account_id": an("another account"),
        "minutes": minutes,
        "posted_at": at,
        **more,
    }
    return event(contract, region, data, at)


def grant(name: str, minutes: int = 60) -> Event:
    return transfer(ledger.MinutesGranted, uuid5(an(name), "starter-grant"), "grant", minutes)


def notice(name: str, channel: str = "email") -> Event:
    data = {
        "notice_id": an(name),
        "about_event_id": str(an("an event")),
        "member_id": an("ama"),
        "channel": channel,
        "template": "booked",
    }
    return event(notifications.NoticeSent, "london", data, MORNING)


def feedback(
    helped: str,
    instead_of: str | None = None,
    side: str = "receiver",
    category: str | None = None,
) -> Event:
    """What somebody said; two who say the same of the same category are one event here."""
    data = {
        "side": side,
        "helped": helped,
        "instead_of": instead_of,
        "category": category,
        "pathway": None,
    }
    return event(exchanges.FeedbackGiven, "london", data, MORNING)


def hear(database: Database, events: Sequence[Event]) -> None:
    """One batch, kind by kind as the bus hands it over, in one transaction."""
    kinds: dict[str, list[Event]] = {}
    for one in {event.id: event for event in events}.values():
        kinds.setdefault(one.type, []).append(one)
    with database.transaction() as tx:
        for kind, some in kinds.items():
            handlers.SUBSCRIPTIONS[kind].handle(tx, some)


def bank() -> list[Event]:
    """Two members, and a third; four exchanges, one of them reversed, one unfinished."""
    first = Exchange("first")
    back = Exchange(
        "back",
        giver="ben",
        receiver="ama",
        minutes=90,
        giver_region="south-west",
        receiver_region="london",
        giver_organisation="RH8",
        receiver_organisation="RJ1",
        category="shadowing",
    )
    local = Exchange(
        "local", receiver="cai", minutes=30, receiver_region="london", receiver_organisation="RJ1"
    )
    undone = Exchange("undone", minutes=45)
    asked = Exchange("asked")
    return [
        member("ama"),
        member("ben", "south-west", "RH8"),
        member("cai"),
        member("cai", version=2, status="left", contract=members.MemberLeft),
        *(grant(name) for name in ("ama", "ben", "cai")),
        listing("a listing"),
        listing("a listing", version=2, contract=exchanges.ListingClosed),
        listing("an unmet one"),
        *first.undisturbed(),
        *back.undisturbed(),
        *local.undisturbed(),
        *undone.undisturbed(),
        undone.reversed(),
        undone.taken_back(),
        asked.requested(),
        asked.accepted(),
    ]
