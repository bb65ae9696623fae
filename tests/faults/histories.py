"""F15: many connections hold, post and release on a few accounts, judged by a plain model."""

from __future__ import annotations

import datetime
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from uuid import UUID

import psycopg

from tests.faults.platform import Platform
from tests.faults.scenario import Result, Scenario
from tests.ledger.bank import Bank, Deal, Said, hear, said
from tests.ledger.test_model import Model
from tests.servers import Databases

WORKERS = 4
"""Connections that tell the ledger at the same time."""
BATCHES = 15
"""Batches of events each of them tells in one history."""
LARGEST = 4
"""Events in a batch, at most."""
FEWEST, MOST = 2, 10
"""Accounts of a history; the fewer, the more they get in each other's way."""


@dataclass(frozen=True)
class Step:
    """A batch as the ledger took it.

    Attributes:
        at: when its transaction held all its locks: whichever of two steps on one account
            came first also has the earlier moment.
        held: holds it granted, of those it was asked for.
    """

    at: datetime.datetime
    act: str
    deals: Sequence[Deal]
    held: frozenset[UUID]


@dataclass
class History:
    """What several workers told one bank at once."""

    bank: Bank
    people: list[UUID]
    steps: list[Step] = field(default_factory=list)
    open: list[Deal] = field(default_factory=list)
    posted: list[Deal] = field(default_factory=list)
    deadlocks: int = 0
    lock: Lock = field(default_factory=Lock)

    def work(self, seed: int) -> None:
        """Tell random batches; another worker's deals may be continued."""
        rng = random.Random(seed)
        for _ in range(BATCHES):
            act = rng.choice(("accept", "accept", "complete", "cancel", "reverse"))
            deals = self._deals(rng, act)
            if deals:
                self._tell(act, deals)

    def _deals(self, rng: random.Random, act: str) -> list[Deal]:
        count = rng.randint(1, LARGEST)
        if act == "accept":
            pairs = [rng.sample(self.people, 2) for _ in range(count)]
            return [Deal(giver, taker, rng.randrange(15, 121, 15)) for giver, taker in pairs]
        with self.lock:
            known = self.posted if act == "reverse" else self.open
            return [known.pop(rng.randrange(len(known))) for _ in range(min(count, len(known)))]

    def _tell(self, act: str, deals: list[Deal]) -> None:
        try:
            with self.bank.transaction() as tx:
                hear(tx, *(_EVENT[act](deal) for deal in deals))
                row = tx.conn.execute("select clock_timestamp()").fetchone()
                answers = said(tx)
        except psycopg.errors.DeadlockDetected:
            self.deadlocks += 1
            return
        assert row is not None, "a moment is one row"
        held = _held(answers)
        with self.lock:
            self.steps.append(Step(row[0], act, deals, held))
            self.open += [deal for deal in deals if deal.hold_id in held]
            self.posted += deals if act == "complete" else []


_EVENT: dict[str, Callable[[Deal], tuple[str, Any]]] = {
    "accept": Deal.accepted,
    "complete": Deal.completed,
    "cancel": Deal.ended,
    "reverse": Deal.reversed,
}


def _held(answers: Sequence[Said]) -> frozenset[UUID]:
    return frozenset(UUID(one.data["hold_id"]) for one in answers if one.event == "minutes_held")


def divergences(history: History) -> int:
    """Steps and accounts that are not as one after another would have left them."""
    model, wrong = Model(), 0
    model.meet(*history.people)
    for step in sorted(history.steps, key=lambda step: step.at):
        states = {deal.hold_id: _apply(model, step.act, deal) for deal in step.deals}
        if step.act == "accept":
            granted = {hold_id for hold_id, state in states.items() if state == "open"}
            wrong += granted != step.held
    for person in history.people:
        figures = (model.purses[person].balance, model.held(person))
        wrong += history.bank.figures(person) != figures
    return wrong + sum(history.bank.differences().values())


def _apply(model: Model, act: str, deal: Deal) -> str:
    if act == "accept":
        return model.accept(deal, False)
    if act == "complete":
        model.complete(deal, deal.minutes)
    elif act == "cancel":
        model.cancel(deal)
    else:
        model.reverse(deal)
    return ""


def run(platform: Platform, seed: int, minutes: float) -> Result:
    """Histories on 2 to 10 accounts in turn, on ledgers of their own beside the platform's."""
    stores = Databases(platform.at.administrator_url)
    wrong: list[str] = []
    steps = deadlocks = histories = deals = 0
    end = time.monotonic() + 60 * minutes
    bank = Bank(stores.fresh("services.ledger"))
    try:
        while histories <= MOST - FEWEST or time.monotonic() < end:
            accounts = FEWEST + histories % (MOST - FEWEST + 1)
            history = _history(bank, accounts, seed + histories)
            differs = divergences(history)
            if differs:
                wrong.append(f"seed {seed + histories}, {accounts} accounts: {differs} differ")
            histories, steps = histories + 1, steps + len(history.steps)
            deadlocks += history.deadlocks
            deals += sum(len(step.deals) for step in history.steps if step.act == "accept")
    finally:
        bank.close()
        stores.drop(bank.url)
        stores.drop_templates()
    if deadlocks:
        wrong.append(f"{deadlocks} deadlocks")
    measured = {"batches told by 4 connections": steps, "holds asked for": deals}
    return Result(
        histories, 0, wrong=tuple(wrong),
        measured={**measured, "divergences": len(wrong), "deadlocks": deadlocks},
    )  # fmt: skip


def _history(bank: Bank, accounts: int, seed: int) -> History:
    history = History(bank, bank.members(accounts))
    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(history.work, seed * WORKERS + n) for n in range(WORKERS)]:
            done.result()
    return history


F15 = Scenario("F15", "concurrent histories of a few accounts against a plain model", run, 0.2)
