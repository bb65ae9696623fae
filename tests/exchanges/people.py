"""Callers, and a bank that plays the exchanges service against a real database."""

import dataclasses
import datetime
from typing import Any
from uuid import UUID, uuid5

from services.bus.caller import SERVICE, Caller
from services.bus.envelope import Event
from services.bus.transaction import Database, Transaction, new_id
from services.exchanges import (
    ask_handlers,
    exchange_handlers,
    handlers,
    list_handlers,
    listing_handlers,
    match_handlers,
    search_handlers,
    sweep_handlers,
)
from tests.servers import Kept

REGIONS = (
    "london",
    "south-west",
    "south-east",
    "midlands",
    "east-of-england",
    "north-west",
    "north-east-and-yorkshire",
    "national",
)


def member(region: str = "london", *, approved: bool = True, roles: tuple[str, ...] = ()) -> Caller:
    return Caller(
        new_id(), region, f"org-of-{region}", frozenset({"member", *roles}), approved=approved
    )


def rep(region: str) -> Caller:
    return member(region, roles=(f"rep:{region}",))


def national() -> Caller:
    return member("national", roles=("national",))


OFFER: dict[str, Any] = {
    "kind": "offer",
    "title": "Spreadsheets for rota planning",
    "description": "I can show you how a rota becomes a formula.",
    "category": "digital-and-data",
    "minutes": 60,
}


class Bank:
    """The service without its broker: every verb is one committed transaction."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self._open()

    def _open(self) -> None:
        self.url = self.kept.url
        self.database = Database(self.url, size=4)
        self.database.open()

    def close(self) -> None:
        self.database.close()

    def empty(self) -> None:
        if self.kept.as_new() != self.url:
            self.close()
            self._open()

    def do(self, handler: Any, *arguments: Any, **options: Any) -> Any:
        with self.database.transaction() as tx:
            return handler(tx, *arguments, **options)

    # What people do.

    def publish(self, owner: Caller, **wanted: Any) -> dict[str, Any]:
        return self.do(listing_handlers.publish, owner, {**OFFER, **wanted})

    def act_on_listing(self, owner: Caller, listing: dict[str, Any], action: str) -> dict[str, Any]:
        return self.do(listing_handlers.act, owner, listing["id"], action)

    def ask(self, asker: Caller, listing: dict[str, Any], **wanted: Any) -> dict[str, Any]:
        body = {"listing_id": listing["id"], "minutes": 60, **wanted}
        return self.do(exchange_handlers.ask, asker, body)

    def ask_several(
        self, asker: Caller, *listings: dict[str, Any], **wanted: Any
    ) -> list[dict[str, Any]]:
        """The exchanges that one ask to the owners of these offers has opened."""
        body = {"listing_ids": [each["id"] for each in listings], "minutes": 60, **wanted}
        found: list[dict[str, Any]] = self.do(ask_handlers.ask, asker, body)["exchanges"]
        return found

    def act(self, caller: Caller, exchange_id: str, action: str, **body: Any) -> dict[str, Any]:
        return self.do(exchange_handlers.act, caller, exchange_id, action, body)

    def look(self, caller: Caller, exchange_id: str) -> dict[str, Any]:
        return self.do(exchange_handlers.one, caller, exchange_id)

    def search(self, caller: Caller, **query: Any) -> dict[str, Any]:
        return self.do(listing_handlers.search, caller, query)

    def matches(self, asker: Caller, kind: str = "offer", **query: Any) -> list[dict[str, Any]]:
        found = self.do(match_handlers.matches, asker, {"kind": kind, **query})
        items: list[dict[str, Any]] = found["items"]
        return items

    def save_search(self, owner: Caller, **wanted: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.do(search_handlers.save, owner, wanted)
        return found

    def searches(self, owner: Caller) -> dict[str, Any]:
        found: dict[str, Any] = self.do(search_handlers.mine, owner)
        return found

    def edit(self, owner: Caller, listing: dict[str, Any], **changes: Any) -> dict[str, Any]:
        return self.do(listing_handlers.edit, owner, listing["id"], changes, None)

    def mine(self, caller: Caller, **query: Any) -> dict[str, Any]:
        return self.do(list_handlers.several, caller, query)

    # What the others say.

    def hear(self, type_: str, *all_data: Any) -> None:
        with self.database.transaction() as tx:
            events = [event(tx, type_, data) for data in all_data]
            handlers.SUBSCRIPTIONS[type_].handle(tx, events)

    def held(self, exchange_id: str, minutes: int = 60, attempt: int = 1) -> None:
        exchange = UUID(exchange_id)
        hold_id = uuid5(exchange, f"hold:{attempt}")
        self.hear("ledger.minutes_held", handlers.Held(hold_id, exchange, minutes))

    def refused(self, exchange_id: str, shortfall: int = 30, attempt: int = 1) -> None:
        exchange = UUID(exchange_id)
        hold_id = uuid5(exchange, f"hold:{attempt}")
        self.hear("ledger.hold_refused", handlers.Refused(hold_id, exchange, shortfall))

    def transferred(self, exchange_id: str, kind: str = "exchange") -> None:
        exchange = UUID(exchange_id)
        data = handlers.Transferred(uuid5(exchange, kind), kind, exchange)
        self.hear("ledger.minutes_transferred", data)

    def approved(self, person: Caller, version: int = 2) -> Caller:
        with self.database.transaction() as tx:
            handlers.let_in(tx, about(tx, "members.member_approved", person, version))
        return dataclasses.replace(person, approved=True)

    def left(self, person: Caller, version: int = 9) -> None:
        with self.database.transaction() as tx:
            handlers.left(tx, [about(tx, "members.member_left", person, version)])

    # What the clock does.

    def wait(self, **span: float) -> None:
        """Move the clock on and sweep until nothing is overdue."""
        self.advance(**span)
        self.sweep()

    def advance(self, **span: float) -> None:
        self.execute("update clock set ahead = ahead + %s", datetime.timedelta(**span))

    def sweep(self, regions: tuple[str, ...] = REGIONS) -> None:
        while self.do(sweep_handlers.sweep, regions):
            pass

    def look_for(self, regions: tuple[str, ...] = REGIONS) -> None:
        """Look through the saved searches that are due."""
        while self.do(search_handlers.look, regions):
            pass

    def now(self) -> datetime.datetime:
        with self.database.transaction() as tx:
            return tx.now

    def soon(self, **span: float) -> str:
        """A time ahead, as a client writes it."""
        return (self.now() + datetime.timedelta(**(span or {"days": 2}))).isoformat()

    # What was said.

    def said(self, exchange_id: str) -> list[dict[str, Any]]:
        """The events about an exchange in the order they were said."""
        rows = self.execute(
            "select headers ->> 'ce-type' as event, region, convert_from(body, 'UTF8')::jsonb"
            " from unsaid where headers ->> 'ce-subject' = %s order by id",
            exchange_id,
        )
        return [{"event": row[0], "routed": row[1], **row[2]} for row in rows]

    def events(self, exchange_id: str) -> list[str]:
        return [said["event"].removeprefix("exchange_") for said in self.said(exchange_id)]

    def execute(self, statement: Any, *values: Any) -> list[Any]:
        with self.database.transaction() as tx:
            cursor = tx.conn.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    # Ways to a state.

    def booked(self, giver: Caller, receiver: Caller, minutes: int = 60, **wanted: Any) -> str:
        listing = self.publish(giver)
        asked = self.ask(receiver, listing, minutes=minutes, **wanted)
        self.act(giver, asked["id"], "accept")
        self.held(asked["id"], minutes)
        exchange_id: str = asked["id"]
        return exchange_id

    def settled(self, giver: Caller, receiver: Caller, minutes: int = 60) -> str:
        exchange_id = self.booked(giver, receiver, minutes)
        self.act(receiver, exchange_id, "done", minutes=minutes)
        self.transferred(exchange_id)
        return exchange_id

    def state(self, exchange_id: str) -> str:
        return self.look(SERVICE, exchange_id)["state"]


def event(tx: Transaction, type_: str, data: Any) -> Event:
    return Event(
        id=str(new_id()),
        type=type_,
        region="london",
        subject="",
        time=tx.now,
        correlation_id="c",
        data=data,
    )


def about(tx: Transaction, type_: str, person: Caller, version: int) -> Event:
    """An event about a person."""
    assert person.id
    return event(tx, type_, handlers.Member(person.id, version))
