"""What is decided about holds, without a database."""

import datetime
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from services.ledger import account, errors, hold
from services.ledger.account import Account
from services.ledger.hold import Completion, Hold, Question
from services.ledger.transfer import Cause

WHY = Cause("london", "correlation", datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))


def an_account(balance: int = 60, held: int = 0, floor: int = -180, id: UUID | None = None):
    return Account(id or uuid4(), "member", "london", floor, balance, held, 1, 1, False)


def asked(of: Account, minutes: int, from_fund: bool = False) -> Question:
    return Question(uuid4(), uuid4(), of.id, minutes, from_fund, WHY)


def answered(questions, *accounts: Account):
    return hold.answer(questions, {found.id: found for found in accounts})


def states(answers: hold.Answers) -> list[str]:
    return [made.state for made in answers.holds]


def test_holds_up_to_the_floor_and_refuses_a_step_beyond() -> None:
    payer = an_account(balance=60, floor=-180)

    assert states(answered([asked(payer, 240)], payer)) == ["held"]
    assert states(answered([asked(payer, 255)], payer)) == ["refused"]


def test_what_is_held_is_not_held_again() -> None:
    payer = an_account(balance=60, held=60, floor=0)

    answers = answered([asked(payer, 15)], payer)

    assert states(answers) == ["refused"]
    assert answers.holds[0].available_minutes == 0
    assert answers.holds[0].shortfall_minutes == 15


def test_a_batch_is_decided_in_order_on_what_each_leaves() -> None:
    payer = an_account(balance=60, floor=0)

    answers = answered([asked(payer, 45), asked(payer, 30), asked(payer, 15)], payer)

    assert states(answers) == ["held", "refused", "held"]
    assert [made.available_minutes for made in answers.holds] == [60, 15, 15]


def test_a_payer_below_the_floor_lacks_the_whole_way() -> None:
    payer = an_account(balance=-200, floor=-180)

    answers = answered([asked(payer, 60)], payer)

    assert answers.holds[0].shortfall_minutes == 80


def test_the_fund_makes_up_exactly_what_is_lacking() -> None:
    payer, fund = an_account(balance=0, floor=0), an_account(100, floor=0, id=account.FUND)

    answers = answered([asked(payer, 90, from_fund=True)], payer, fund)

    assert states(answers) == ["held"]
    assert answers.holds[0].fund_minutes == 90
    assert [given.minutes for given in answers.from_fund] == [90]
    assert answers.from_fund[0].to_account_id == payer.id


def test_a_fund_that_lacks_it_gives_nothing_at_all() -> None:
    payer, fund = an_account(balance=0, floor=0), an_account(75, floor=0, id=account.FUND)

    answers = answered([asked(payer, 90, True), asked(payer, 75, True)], payer, fund)

    assert states(answers) == ["refused", "held"]
    assert [given.minutes for given in answers.from_fund] == [75]


def test_the_fund_does_not_pay_older_debt() -> None:
    payer, fund = an_account(balance=-30, floor=0), an_account(300, floor=0, id=account.FUND)

    answers = answered([asked(payer, 60, from_fund=True)], payer, fund)

    assert states(answers) == ["refused"]
    assert answers.holds[0].shortfall_minutes == 90


def test_the_fund_is_not_asked_where_credits_do() -> None:
    payer, fund = an_account(balance=60), an_account(100, floor=0, id=account.FUND)

    answers = answered([asked(payer, 60, from_fund=True)], payer, fund)

    assert states(answers) == ["held"]
    assert answers.from_fund == []


def held(minutes: int = 60, **changes) -> Hold:
    made = Hold(uuid4(), uuid4(), uuid4(), minutes, "held", "london", available_minutes=240)
    return replace(made, **changes)


def completion(of: Hold, minutes: int | None = None) -> Completion:
    return Completion(of.id, of.exchange_id, uuid4(), of.account_id, minutes or of.minutes, WHY)


def test_a_held_completion_is_due_and_a_posted_one_repeated() -> None:
    open_hold, ended = held(), held(state="posted", posted_minutes=60)
    asks = [completion(open_hold), completion(ended)]

    due, repeated = hold.to_post(asks, {open_hold.id: open_hold, ended.id: ended})

    assert (due, repeated) == ([asks[0]], [asks[1]])


def test_the_same_completion_twice_in_a_batch_is_due_once() -> None:
    open_hold = held()

    due, _ = hold.to_post([completion(open_hold)] * 2, {open_hold.id: open_hold})

    assert len(due) == 1


def test_a_completion_before_its_hold_waits() -> None:
    with pytest.raises(errors.HoldUnknown):
        hold.to_post([completion(held())], {})


@pytest.mark.parametrize("state", ["refused", "released"])
def test_a_completion_of_an_ended_hold_is_broken(state: str) -> None:
    ended = held(state=state)

    with pytest.raises(errors.HoldEnded):
        hold.to_post([completion(ended)], {ended.id: ended})


def test_more_minutes_than_held_are_never_posted() -> None:
    open_hold = held(60)

    with pytest.raises(errors.Contradiction):
        hold.to_post([completion(open_hold, 75)], {open_hold.id: open_hold})


def test_other_minutes_than_posted_before_are_a_contradiction() -> None:
    ended = held(state="posted", posted_minutes=60)

    with pytest.raises(errors.Contradiction):
        hold.to_post([completion(ended, 45)], {ended.id: ended})


def test_two_completions_with_other_minutes_contradict_each_other() -> None:
    open_hold = held()

    with pytest.raises(errors.Contradiction):
        hold.to_post([completion(open_hold), completion(open_hold, 15)], {open_hold.id: open_hold})


def test_another_exchanges_hold_cannot_be_posted() -> None:
    open_hold = held()

    with pytest.raises(errors.Contradiction):
        hold.to_post(
            [replace(completion(open_hold), exchange_id=uuid4())], {open_hold.id: open_hold}
        )


def test_what_the_fund_gave_and_nobody_needed_goes_back() -> None:
    open_hold = held(60, fund_minutes=45)

    paid, back = hold.postings([completion(open_hold, 30)], {open_hold.id: open_hold})

    assert (paid.kind, paid.minutes) == ("exchange", 30)
    assert (back.kind, back.minutes, back.to_account_id) == ("fund", 30, account.FUND)


def test_releasing_ends_what_is_held_and_buries_what_is_unknown() -> None:
    open_hold, refused = held(), held(state="refused", shortfall_minutes=15)
    late = asked(an_account(), 60)
    asks = [
        Question(h.id, h.exchange_id, h.account_id, 60, False, WHY) for h in (open_hold, refused)
    ]

    ending, unasked = hold.to_release([*asks, late], {open_hold.id: open_hold, refused.id: refused})

    assert [(ended.id, ended.state) for ended in ending] == [(open_hold.id, "released")]
    assert [(made.id, made.was_answered) for made in unasked] == [(late.hold_id, False)]


def test_a_posted_hold_cannot_be_released() -> None:
    posted = held(state="posted", posted_minutes=60)
    ask = Question(posted.id, posted.exchange_id, posted.account_id, 60, False, WHY)

    with pytest.raises(errors.HoldEnded):
        hold.to_release([ask], {posted.id: posted})


def test_a_hold_is_enlarged_by_what_is_available_and_no_more() -> None:
    payer = an_account(balance=60, held=30, floor=0)

    assert hold.enlarged(held(30), payer, 60).minutes == 60
    with pytest.raises(errors.HoldNotEnlarged) as refusal:
        hold.enlarged(held(30), payer, 75)
    assert refusal.value.detail == {"available_minutes": 30, "shortfall_minutes": 15}


def test_enlarging_to_fewer_minutes_changes_nothing_even_in_debt() -> None:
    poor = an_account(balance=-300, floor=-180)

    assert hold.enlarged(held(60), poor, 45).minutes == 60


def test_an_ended_hold_is_not_enlarged() -> None:
    with pytest.raises(errors.HoldNotEnlarged):
        hold.enlarged(held(state="released"), an_account(), 75)
