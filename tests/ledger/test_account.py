"""What the domain knows of an account, without a database."""

from dataclasses import replace
from uuid import uuid4

from services.ledger import account
from services.ledger.account import Account, Change


def an_account(**changes) -> Account:
    made = Account(uuid4(), "member", "london", -180, 60, 0, 1, 1, False)
    return replace(made, **changes)


def neared(before: Account, **after) -> list[str]:
    later = {before.id: replace(before, **after)}
    return [side for _, side in account.limits_neared({before.id: before}, later)]


def test_available_is_balance_less_held_less_floor() -> None:
    assert an_account(balance_minutes=60, held_minutes=30).available_minutes == 210


def test_an_account_without_a_floor_has_no_end() -> None:
    assert an_account(kind="issue", floor_minutes=None).available_minutes is None


def test_debt_that_is_allowed_cannot_be_given_away() -> None:
    assert an_account(balance_minutes=60, held_minutes=15).credit_minutes == 45
    assert an_account(balance_minutes=-30).credit_minutes == 0


def test_crossing_under_an_hour_available_is_told_once() -> None:
    payer = an_account(balance_minutes=-120)

    assert neared(payer, held_minutes=15) == ["floor"]
    assert neared(replace(payer, held_minutes=15), held_minutes=30) == []


def test_reaching_forty_hours_is_told_once() -> None:
    giver = an_account(balance_minutes=2385)

    assert neared(giver, balance_minutes=2400) == ["ceiling"]
    assert neared(replace(giver, balance_minutes=2400), balance_minutes=2460) == []


def test_nobody_nudges_a_fund_or_somebody_who_left() -> None:
    assert neared(an_account(kind="fund", floor_minutes=0), balance_minutes=0) == []
    assert neared(an_account(closed=True), balance_minutes=-170) == []


def test_changes_of_a_batch_are_summed_by_account() -> None:
    payer = an_account(balance_minutes=60, held_minutes=60)

    later = account.after(
        {payer.id: payer},
        [
            Change(payer.id, balance_minutes=-45),
            Change(payer.id, held_minutes=-60),
            Change(uuid4(), 5),
        ],
    )

    assert later == {payer.id: replace(payer, balance_minutes=15, held_minutes=0)}
