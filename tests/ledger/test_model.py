"""The ledger against an independent model, step by random step."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.bus.caller import SERVICE
from services.bus.errors import ServiceError
from services.bus.transaction import new_id
from services.ledger import errors, handlers
from services.ledger.account import FUND
from tests.ledger.bank import Bank, Deal, joined, left, member, names

MINUTES = st.sampled_from([15, 30, 60, 120, 240, 480])
DATA = st.data()


@dataclass
class Purse:
    """A member in the model."""

    balance: int = 60
    floor: int = -180
    gone: bool = False


@dataclass
class Reserve:
    """A hold in the model: open, refused, posted, released, or buried before it was asked for."""

    deal: Deal
    state: str
    minutes: int
    gift: int = 0
    paid: int = 0
    undone: bool = False


@dataclass
class Model:
    """What the ledger should be, written down the plainest way."""

    fund: int = 0
    purses: dict[UUID, Purse] = field(default_factory=dict)
    reserves: dict[UUID, Reserve] = field(default_factory=dict)

    def held(self, owner: UUID) -> int:
        return sum(
            r.minutes
            for r in self.reserves.values()
            if r.state == "open" and r.deal.receiver == owner
        )

    def spendable(self, owner: UUID) -> int:
        return self.purses[owner].balance - self.held(owner) - self.purses[owner].floor

    def meet(self, *people: UUID) -> None:
        for person in people:
            self.purses.setdefault(person, Purse())

    def accept(self, deal: Deal, ask_fund: bool) -> str:
        self.meet(deal.giver, deal.receiver)
        if deal.hold_id in self.reserves:
            return self.reserves[deal.hold_id].state
        lacking = deal.minutes - self.spendable(deal.receiver)
        if lacking <= 0:
            self.reserves[deal.hold_id] = Reserve(deal, "open", deal.minutes)
        elif ask_fund and lacking <= min(self.fund, deal.minutes):
            self.fund -= lacking
            self.purses[deal.receiver].balance += lacking
            self.reserves[deal.hold_id] = Reserve(deal, "open", deal.minutes, lacking)
        else:
            self.reserves[deal.hold_id] = Reserve(deal, "refused", deal.minutes)
        return self.reserves[deal.hold_id].state

    def complete(self, deal: Deal, minutes: int) -> None:
        reserve = self.reserves[deal.hold_id]
        reserve.state, reserve.paid = "posted", minutes
        self.purses[deal.receiver].balance -= minutes
        self.purses[deal.giver].balance += minutes
        self.return_gift(reserve, reserve.minutes - minutes)
        self.sweep(deal.giver, deal.receiver)

    def cancel(self, deal: Deal) -> None:
        self.meet(deal.receiver)
        reserve = self.reserves.get(deal.hold_id)
        if reserve is None:
            self.reserves[deal.hold_id] = Reserve(deal, "buried", deal.minutes)
        elif reserve.state == "open":
            reserve.state = "released"
            self.return_gift(reserve, reserve.minutes)
            self.sweep(deal.receiver)

    def return_gift(self, reserve: Reserve, unneeded: int) -> None:
        back = min(reserve.gift, unneeded)
        reserve.gift -= back
        self.fund += back
        self.purses[reserve.deal.receiver].balance -= back

    def reverse(self, deal: Deal) -> None:
        reserve = self.reserves[deal.hold_id]
        if not reserve.undone:
            reserve.undone = True
            self.purses[deal.receiver].balance += reserve.paid
            self.purses[deal.giver].balance -= reserve.paid
            self.return_gift(reserve, reserve.gift)
            self.sweep(deal.giver, deal.receiver)

    def leave(self, person: UUID) -> None:
        self.meet(person)
        self.purses[person].gone = True
        self.purses[person].floor = 0
        self.sweep(person)

    def sweep(self, *people: UUID) -> None:
        """Whoever is gone keeps only what their open exchanges reserve."""
        for person in people:
            purse = self.purses[person]
            if purse.gone:
                keep = max(0, min(purse.balance, self.held(person)))
                self.fund += purse.balance - keep
                purse.balance = keep


class LedgerMachine(RuleBasedStateMachine):
    def __init__(self, bank: Bank) -> None:
        super().__init__()
        self.bank = bank
        self.deals: list[Deal] = []
        self.told: list[tuple] = []
        self.model = Model(fund=600)
        bank.fill_fund(self.model.fund)  # the same in every example, so that it can be repeated

    @initialize(count=st.integers(2, 4), strict=st.booleans())
    def meet(self, count: int, strict: bool) -> None:
        """Some are strangers at first; or all may owe nothing, so that the fund is needed."""
        self.people = [new_id() for _ in range(count)]
        for person in self.people if strict else ():
            self.tell(joined(person))
            self.bank.set_floor(person, 0)
            self.model.purses[person] = Purse(floor=0)

    def tell(self, *events: tuple) -> list[str]:
        self.told.append(events)
        return names(self.bank.hear(*events))

    def new_deal(self, data, minutes: int) -> Deal:
        giver, receiver = data.draw(st.permutations(self.people))[:2]
        deal = Deal(giver, receiver, minutes)
        self.deals.append(deal)
        return deal

    def in_state(self, *states: str) -> list[Deal]:
        return [r.deal for r in self.model.reserves.values() if r.state in states]

    @rule(data=DATA)
    def join(self, data) -> None:
        person = data.draw(st.sampled_from(self.people))
        self.tell(joined(person))
        self.model.meet(person)

    @rule(data=DATA, wanted=st.lists(MINUTES, min_size=1, max_size=4), ask_fund=st.booleans())
    def accept(self, data, wanted: list[int], ask_fund: bool) -> None:
        deals = [self.new_deal(data, minutes) for minutes in wanted]

        said = self.tell(*(deal.accepted(ask_fund) for deal in deals))

        states = [self.model.accept(deal, ask_fund) for deal in deals]
        assert said.count("minutes_held") == states.count("open")
        assert said.count("hold_refused") == states.count("refused")

    @precondition(lambda self: self.in_state("open"))
    @rule(data=DATA)
    def complete(self, data) -> None:
        deal = data.draw(st.sampled_from(self.in_state("open")))
        minutes = data.draw(st.sampled_from(range(15, deal.minutes + 1, 15)))

        self.tell(deal.completed(minutes))

        self.model.complete(deal, minutes)

    @precondition(lambda self: self.in_state("open", "refused", "released", "buried"))
    @rule(data=DATA)
    def cancel(self, data) -> None:
        possible = self.in_state("open", "refused", "released", "buried")
        deal = data.draw(st.sampled_from(possible))

        self.tell(deal.ended())

        self.model.cancel(deal)

    @rule(data=DATA, minutes=MINUTES)
    def cancel_before_asking(self, data, minutes: int) -> None:
        deal = self.new_deal(data, minutes)

        self.tell(deal.ended("exchange_amended"))
        self.model.cancel(deal)
        said = self.tell(deal.accepted())
        self.model.accept(deal, False)

        assert said[-1] == "hold_released"

    @precondition(lambda self: self.in_state("posted"))
    @rule(data=DATA)
    def reverse(self, data) -> None:
        deal = data.draw(st.sampled_from(self.in_state("posted")))

        self.tell(deal.reversed())

        self.model.reverse(deal)

    @precondition(lambda self: self.in_state("open"))
    @rule(data=DATA, minutes=MINUTES)
    def enlarge(self, data, minutes: int) -> None:
        deal = data.draw(st.sampled_from(self.in_state("open")))
        reserve = self.model.reserves[deal.hold_id]
        more = minutes - reserve.minutes
        possible = more <= 0 or more <= self.model.spendable(deal.receiver)

        done = self.asked(handlers.enlarge_hold, SERVICE, str(deal.hold_id), minutes)

        assert done == possible
        if possible:
            reserve.minutes = max(reserve.minutes, minutes)

    @rule(data=DATA, minutes=MINUTES)
    def donate(self, data, minutes: int) -> None:
        donor = data.draw(st.sampled_from(self.people))
        self.model.meet(donor)
        purse = self.model.purses[donor]
        possible = minutes <= purse.balance - self.model.held(donor)

        done = self.asked(handlers.donate, member(donor), "fund", minutes)

        assert done == possible
        if possible:
            purse.balance -= minutes
            self.model.fund += minutes
        elif not self.bank.exists(donor):  # a refusal takes the opening back with it
            del self.model.purses[donor]

    @precondition(lambda self: self.model.purses)
    @rule(data=DATA, floor=st.sampled_from([0, -60, -180, -600]))
    def set_floor(self, data, floor: int) -> None:
        person = data.draw(st.sampled_from(list(self.model.purses)))
        self.bank.set_floor(person, floor)
        self.model.purses[person].floor = floor

    @rule(data=DATA)
    def leave(self, data) -> None:
        person = data.draw(st.sampled_from(self.people))
        again = person in self.model.purses and self.model.purses[person].gone

        self.tell(left(person))

        if not again:
            self.model.leave(person)

    @precondition(lambda self: self.told)
    @rule(data=DATA)
    def tell_again(self, data) -> None:
        """Whatever was heard before, heard again, changes nothing."""
        events = data.draw(st.sampled_from(self.told))
        with suppress(errors.HoldEnded, errors.Contradiction):
            self.bank.hear(*events)

    def asked(self, question, *arguments) -> bool:
        try:
            with self.bank.transaction() as tx:
                question(tx, *arguments)
        except ServiceError:
            return False
        return True

    @invariant()
    def agrees_with_the_model(self) -> None:
        purses = self.model.purses
        wanted = [(purse.balance, self.model.held(person)) for person, purse in purses.items()]
        assert self.bank.figures_of(*purses, FUND) == [*wanted, (self.model.fund, 0)]
        assert self.bank.sum_of_balances() == 0

    def teardown(self) -> None:
        assert self.bank.differences() == {}


@pytest.mark.slow
def test_the_ledger_is_what_the_model_says(fresh_bank: Bank) -> None:
    machine: Any = lambda: LedgerMachine(fresh_bank)  # noqa: E731
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,  # the same steps in every run: a failure here is never a surprise
            suppress_health_check=list(HealthCheck),
        ),
    )
