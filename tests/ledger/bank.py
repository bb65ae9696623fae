"""A ledger on a real database, told events and asked questions without a broker."""

import datetime
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid5

from services.bus.caller import Caller
from services.bus.envelope import Event
from services.bus.transaction import Database, Transaction, new_id
from services.ledger import check, handlers, store, transfer
from services.ledger.account import FUND, Account
from services.ledger.account_handlers import BalanceNamed, MemberNamed
from services.ledger.hold_handlers import Accepted, Completed, Ended, Reversed
from services.ledger.transfer import Cause

LONDON = "london"
IMPORTER = UUID("01a20000-0000-7000-8000-0000000000aa")


@dataclass(frozen=True)
class Said:
    """An event the ledger said."""

    id: UUID
    event: str
    region: str
    correlation_id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Deal:
    """An exchange as the ledger hears of it.

    Attributes:
        attempt: of booking it; each has a hold of its own.
    """

    giver: UUID
    receiver: UUID
    minutes: int = 60
    attempt: int = 1
    id: UUID = field(default_factory=new_id)
    region: str = LONDON

    @property
    def hold_id(self) -> UUID:
        return uuid5(self.id, f"hold:{self.attempt}")

    @property
    def transfer_id(self) -> UUID:
        return uuid5(self.id, "exchange")

    def accepted(self, from_fund: bool = False) -> tuple[str, Accepted]:
        return "exchange_accepted", Accepted(
            self.id, self.hold_id, self.giver, self.receiver,
            self.region, self.region, self.region, self.minutes, from_fund,
        )  # fmt: skip

    def completed(self, minutes: int | None = None) -> tuple[str, Completed]:
        return "exchange_completed", Completed(
            self.id, self.hold_id, self.giver, self.receiver,
            self.region, minutes or self.minutes,
        )  # fmt: skip

    def ended(self, event: str = "exchange_cancelled") -> tuple[str, Ended]:
        return event, Ended(
            self.id, self.hold_id, self.receiver, self.region, self.region, self.minutes
        )

    def reversed(self) -> tuple[str, Reversed]:
        return "exchange_reversed", Reversed(
            self.id, self.transfer_id, self.giver, self.receiver, self.region, "reversed_by_rep"
        )

    def again(self) -> "Deal":
        """The next attempt to book the same exchange."""
        return replace(self, attempt=self.attempt + 1)


def joined(member: UUID, region: str = LONDON, version: int = 1) -> tuple[str, MemberNamed]:
    return "member_joined", MemberNamed(member, region, version)


def brought(member: UUID, minutes: int, region: str = LONDON) -> tuple[str, BalanceNamed]:
    return "balance_imported", BalanceNamed(member, region, 1, minutes, IMPORTER)


def left(member: UUID, region: str = LONDON, version: int = 9) -> tuple[str, MemberNamed]:
    return "member_left", MemberNamed(member, region, version)


class Bank:
    """The ledger of one fresh database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = Database(url, size=8)
        self.database.open()

    def close(self) -> None:
        self.database.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self.database.transaction("a-correlation-id") as tx:
            yield tx

    def hear(self, *told: tuple[str, Any]) -> list[Said]:
        """Handle events of one kind as a batch; what the ledger says to it."""
        with self.transaction() as tx:
            hear(tx, *told)
            return said(tx)

    def members(self, count: int, region: str = LONDON) -> list[UUID]:
        """New members with their accounts and grants."""
        made = [new_id() for _ in range(count)]
        self.hear(*(joined(member, region) for member in made))
        return made

    def account(self, account_id: UUID) -> Account:
        with self.transaction() as tx:
            found = store.account(tx.conn, account_id)
        assert found is not None
        return found

    def figures(self, account_id: UUID) -> tuple[int, int]:
        """Balance and held minutes."""
        found = self.account(account_id)
        return found.balance_minutes, found.held_minutes

    def figures_of(self, *account_ids: UUID) -> list[tuple[int, int]]:
        """Balance and held minutes of each of several, at one moment."""
        with self.transaction() as tx:
            found = [store.account(tx.conn, each) for each in account_ids]
        assert all(found), account_ids
        return [(each.balance_minutes, each.held_minutes) for each in found if each]

    def exists(self, account_id: UUID) -> bool:
        with self.transaction() as tx:
            return store.account(tx.conn, account_id) is not None

    def set_floor(self, account_id: UUID, floor: int) -> None:
        national = Caller(id=new_id(), roles=frozenset({"national"}))
        with self.transaction() as tx:
            handlers.set_limit(tx, national, str(account_id), None, floor, "for the test")

    def set_region_floor(self, region: str, floor: int) -> None:
        national = Caller(id=new_id(), roles=frozenset({"national"}))
        with self.transaction() as tx:
            handlers.set_limit(tx, national, None, region, floor, "for the test")

    def give(self, giver: UUID, receiver: UUID, minutes: int = 60) -> Deal:
        """One undisturbed exchange from acceptance to posting."""
        deal = Deal(giver, receiver, minutes)
        self.hear(deal.accepted())
        self.hear(deal.completed())
        return deal

    def fill_fund(self, minutes: int) -> None:
        """Bring the fund to so many minutes, whatever it had."""
        (friend,) = self.members(1)
        missing = minutes - self.account(FUND).balance_minutes
        with self.transaction() as tx:
            why = Cause(LONDON, "filling", tx.now)
            if missing > 0:
                gift = replace(transfer.starter_grant(friend, missing, why), id=new_id())
                given = transfer.donation(new_id(), friend, FUND, missing, why)
                store.post(tx.conn, [gift, given])
            elif missing < 0:
                store.post(tx.conn, [transfer.from_fund(new_id(), friend, -missing, why)])

    def differences(self) -> dict[str, int]:
        """What the check finds wrong."""
        with self.transaction() as tx:
            return {name: count for name, count in check.check(tx.conn).items() if count}

    def sum_of_balances(self) -> int:
        with self.transaction() as tx:
            row = tx.conn.execute("select sum(balance_minutes)::bigint from account").fetchone()
        assert row is not None
        return int(row[0])


def hear(tx: Transaction, *told: tuple[str, Any]) -> None:
    """Handle events of one kind as a batch in a transaction."""
    assert len({kind for kind, _ in told}) == 1, "a batch is of one kind"
    subscription = next(s for t, s in handlers.SUBSCRIPTIONS.items() if t.endswith(told[0][0]))
    subscription.handle(tx, [_event(subscription.type, data) for _, data in told])


def member(member_id: UUID, region: str = LONDON) -> Caller:
    return Caller(id=member_id, region=region, roles=frozenset({"member"}), approved=True)


def said(tx: Transaction) -> list[Said]:
    return [
        Said(
            event.id,
            event.routing_key.rpartition(".")[2],
            event.region,
            event.headers["ce-correlationid"],
            json.loads(event.body),
        )
        for event in tx.said
    ]


def named(events: Iterable[Said], event: str) -> list[Said]:
    return [one for one in events if one.event == event]


def names(events: Sequence[Said]) -> list[str]:
    return [one.event for one in events]


def _event(kind: str, data: Any) -> Event:
    now = datetime.datetime.now(datetime.UTC)
    return Event(str(new_id()), kind, data.region, "subject", now, f"of-{kind}", data)
