"""Ids and directions of transfers, without a database."""

import datetime
from uuid import uuid4

from services.ledger import account, transfer
from services.ledger.account import Account
from services.ledger.transfer import Cause

WHY = Cause("london", "correlation", datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))


def left_with(balance: int, held: int = 0, version: int = 3) -> Account:
    return Account(uuid4(), "member", "london", 0, balance, held, version, 1, True)


def test_the_same_exchange_always_settles_under_the_same_id() -> None:
    exchange, hold, payer, payee = uuid4(), uuid4(), uuid4(), uuid4()

    one = transfer.of_exchange(exchange, hold, payer, payee, 60, WHY)
    other = transfer.of_exchange(exchange, hold, payer, payee, 60, WHY)

    assert one.id == other.id == transfer.exchange_transfer_id(exchange)


def test_a_reversal_is_the_mirror_of_its_transfer() -> None:
    original = transfer.of_exchange(uuid4(), uuid4(), uuid4(), uuid4(), 60, WHY)

    back = transfer.reversal(original, "reversed_by_rep", WHY)

    assert (back.from_account_id, back.to_account_id) == (
        original.to_account_id, original.from_account_id,
    )  # fmt: skip
    assert (back.minutes, back.reverses_transfer_id) == (60, original.id)


def test_a_leavers_credit_goes_to_the_fund_but_what_is_held_stays() -> None:
    gone = transfer.leaving(left_with(90, held=30), WHY)

    assert gone is not None
    assert (gone.to_account_id, gone.minutes) == (account.FUND, 60)


def test_a_leavers_debt_is_taken_over_by_the_fund() -> None:
    gone = transfer.leaving(left_with(-45), WHY)

    assert gone is not None
    assert (gone.from_account_id, gone.minutes) == (account.FUND, 45)


def test_an_empty_leaver_moves_nothing() -> None:
    assert transfer.leaving(left_with(0), WHY) is None
    assert transfer.leaving(left_with(30, held=30), WHY) is None


def test_changes_of_transfers_sum_to_zero() -> None:
    made = [
        transfer.starter_grant(uuid4(), 60, WHY),
        transfer.donation(uuid4(), uuid4(), account.FUND, 15, WHY),
    ]

    assert sum(change.balance_minutes for change in transfer.changes(made)) == 0
