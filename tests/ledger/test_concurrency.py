"""Many connections on a few accounts: no deadlock, no divergence, no limit passed.

A deadlock, or a refusal by the database of what was decided, raises in its worker.
"""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from services.bus.caller import SERVICE
from services.bus.transaction import new_id
from services.ledger import errors, handlers
from services.ledger.account import FUND
from tests.ledger.bank import Bank, Deal, Said, member

WORKERS = 6
ROUNDS = 40


class Worker:
    """Books, posts, drops, reverses and donates; writes down what the ledger told it."""

    def __init__(self, bank: Bank, people: list[UUID], seed: int) -> None:
        self.bank, self.people, self.random = bank, people, random.Random(seed)
        self.booked: list[Deal] = []
        self.posted: list[Deal] = []
        self.moved: Counter[UUID] = Counter()
        self.held: Counter[UUID] = Counter()

    def run(self) -> None:
        acts = [self.book, self.book, self.post, self.post, self.drop, self.reverse, self.donate]
        for _ in range(ROUNDS):
            self.random.choice([*acts, self.enlarge])()

    def hear(self, *events: tuple) -> list[Said]:
        said = self.bank.hear(*events) if events else []
        for one in said:
            if one.event in ("minutes_transferred", "transfer_reversed"):
                self.moved[UUID(one.data["from_account_id"])] -= one.data["minutes"]
                self.moved[UUID(one.data["to_account_id"])] += one.data["minutes"]
        return said

    def book(self) -> None:
        deals = {
            deal.hold_id: deal
            for deal in (
                Deal(giver, receiver, self.random.randrange(15, 121, 15))
                for giver, receiver in (
                    self.random.sample(self.people, 2) for _ in range(self.random.randint(1, 8))
                )
            )
        }
        for one in self.hear(*(deal.accepted() for deal in deals.values())):
            if one.event == "minutes_held":
                deal = deals[UUID(one.data["hold_id"])]
                self.booked.append(deal)
                self.held[deal.receiver] += deal.minutes

    def taken(self, deals: list[Deal]) -> list[Deal]:
        some = [deals.pop() for _ in range(min(len(deals), self.random.randint(0, 8)))]
        self.random.shuffle(some)
        return some

    def post(self) -> None:
        deals = self.taken(self.booked)
        self.hear(*(deal.completed() for deal in deals))
        self.held.subtract(deal.receiver for deal in deals for _ in range(deal.minutes))
        self.posted += deals

    def drop(self) -> None:
        deals = self.taken(self.booked)
        self.hear(*(deal.ended() for deal in deals))
        self.held.subtract(deal.receiver for deal in deals for _ in range(deal.minutes))

    def reverse(self) -> None:
        self.hear(*(deal.reversed() for deal in self.taken(self.posted)[:2]))

    def donate(self) -> None:
        donor = self.random.choice(self.people)
        try:
            with self.bank.transaction() as tx:
                handlers.donate(tx, member(donor), "fund", 15)
        except errors.NotEnoughMinutes:
            return
        self.moved.update({donor: -15, FUND: 15})

    def enlarge(self) -> None:
        for deal in self.booked[:1]:
            try:
                with self.bank.transaction() as tx:
                    handlers.enlarge_hold(tx, SERVICE, str(deal.hold_id), deal.minutes + 15)
            except errors.HoldNotEnlarged:
                return
            self.booked.remove(deal)
            larger = Deal(deal.giver, deal.receiver, deal.minutes + 15, id=deal.id)
            self.booked.append(larger)
            self.held[deal.receiver] += 15


@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_few_hot_accounts_stay_exact_under_many_hands(fresh_bank: Bank, count: int) -> None:
    people = fresh_bank.members(count)
    workers = [Worker(fresh_bank, people, seed) for seed in range(WORKERS)]

    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(worker.run) for worker in workers]:
            done.result()

    for person in people:
        moved = sum(worker.moved[person] for worker in workers)
        held = sum(worker.held[person] for worker in workers)
        assert fresh_bank.figures(person) == (60 + moved, held)
    assert fresh_bank.differences() == {}


def test_the_same_events_told_to_many_at_once_take_effect_once(fresh_bank: Bank) -> None:
    giver, receiver = fresh_bank.members(2)
    deals = [Deal(giver, receiver, 15) for _ in range(10)]

    def tell(seed: int) -> set[UUID]:
        order = random.Random(seed).sample(deals, len(deals))
        held = fresh_bank.hear(*(deal.accepted() for deal in order))
        posted = fresh_bank.hear(*(deal.completed() for deal in order))
        return {one.id for one in held + posted if one.event != "limit_neared"}

    with ThreadPoolExecutor(WORKERS) as pool:
        told = list(pool.map(tell, range(WORKERS)))

    assert all(answers == told[0] for answers in told)
    assert len(told[0]) == 20
    assert fresh_bank.figures(giver) == (210, 0)
    assert fresh_bank.differences() == {}


def test_the_same_strangers_named_by_many_at_once_open_once(fresh_bank: Bank) -> None:
    pairs = [Deal(new_id(), new_id(), 15) for _ in range(6)]

    def tell(seed: int) -> None:
        order = random.Random(seed).sample(pairs, len(pairs))
        fresh_bank.hear(*(deal.accepted() for deal in order))

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(tell, range(WORKERS)))

    assert {fresh_bank.figures(deal.giver) for deal in pairs} == {(60, 0)}
    assert {fresh_bank.figures(deal.receiver) for deal in pairs} == {(60, 15)}
    assert fresh_bank.differences() == {}
