"""The check sees what an administrator with the triggers off might do."""

import psycopg
import pytest

from services.ledger import check
from services.ledger.account_handlers import MemberNamed
from tests.ledger.bank import Bank, Deal


@pytest.fixture
def used_bank(fresh_bank: Bank) -> Bank:
    one, other = fresh_bank.members(2)
    fresh_bank.give(one, other)
    fresh_bank.hear(Deal(other, one, 30).accepted())
    return fresh_bank


def test_a_sound_ledger_has_no_difference(used_bank: Bank) -> None:
    assert used_bank.differences() == {}


@pytest.mark.parametrize(
    ("harm", "seen"),
    [
        ("update account set balance_minutes = balance_minutes + 15 where kind = 'fund'",
         {"A5 accounts that differ from the sum of their entries",
          "A6 sum of all balances, in minutes"}),
        ("update account set held_minutes = held_minutes + 15 where kind = 'member'",
         {"A5 accounts that differ from the sum of their holds"}),
        ("update account set version = version + 1 where kind = 'member'",
         {"A9 gaps in the entries of accounts"}),
        ("delete from entry where minutes = -60 and balance_before = 60",
         {"A4 transfers whose two entries do not sum to zero",
          "A5 accounts that differ from the sum of their entries",
          "A9 gaps in the entries of accounts"}),
        ("update hold set posted_minutes = 45 where state = 'posted'",
         {"holds and transfers of exchanges that do not agree"}),
        ("delete from transfer where kind = 'exchange'",
         {"A4 transfers whose two entries do not sum to zero",
          "holds and transfers of exchanges that do not agree"}),
        ("with t as (update account set balance_minutes = balance_minutes - 600"
         " where kind = 'member') update account set balance_minutes = balance_minutes + 1200"
         " where kind = 'issue'",
         {"A5 accounts that differ from the sum of their entries",
          "A7 accounts that spent beyond their limit"}),
    ],
)  # fmt: skip
def test_each_harm_is_seen(used_bank: Bank, harm: str, seen: set[str]) -> None:
    with psycopg.connect(used_bank.url) as conn:
        for table in ("account", "hold", "transfer", "entry"):
            conn.execute(f"alter table {table} disable trigger user")
        conn.execute("alter table transfer drop constraint transfer_reverses_transfer_id_fkey")
        conn.execute(harm)

    assert set(used_bank.differences()) == seen


def test_another_limit_of_a_region_hides_nobody_who_is_beyond_every_limit(
    used_bank: Bank,
) -> None:
    used_bank.set_region_floor("london", -300)
    used_bank.set_region_floor("london", -120)
    beyond = "A7 accounts that spent beyond their limit"
    assert beyond not in used_bank.differences()

    with psycopg.connect(used_bank.url) as conn:
        conn.execute("alter table account disable trigger user")
        conn.execute("update account set balance_minutes = -315 where kind = 'member'")

    assert beyond in used_bank.differences()


def test_whoever_moves_takes_a_debt_along_that_the_old_region_allowed(fresh_bank: Bank) -> None:
    fresh_bank.set_region_floor("london", -300)
    giver, receiver = fresh_bank.members(2)
    fresh_bank.give(giver, receiver, 300)

    fresh_bank.hear(("member_changed", MemberNamed(receiver, "midlands", 2)))

    assert fresh_bank.account(receiver).region == "midlands"
    assert fresh_bank.account(receiver).available_minutes == -60
    assert fresh_bank.differences() == {}


def test_the_command_prints_and_fails_on_a_difference(
    used_bank: Bank, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIMEBANK_DATABASE_URL", used_bank.url)

    assert check.main() == 0
    with psycopg.connect(used_bank.url) as conn:
        conn.execute("alter table account disable trigger user")
        conn.execute("update account set version = 7 where kind = 'fund'")
    assert check.main() == 1

    assert "NOT EVERY FIGURE IS ZERO" in capsys.readouterr().out


def test_without_a_database_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIMEBANK_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    assert check.main() == 2


def test_a_lowered_limit_and_a_reversal_explain_an_account_below_it(
    bank: Bank, fresh_bank: Bank
) -> None:
    giver, receiver = fresh_bank.members(2)
    deal = fresh_bank.give(giver, receiver, 240)
    assert fresh_bank.differences() == {}
    fresh_bank.give(receiver, giver, 240)
    fresh_bank.give(receiver, giver, 240)

    fresh_bank.hear(deal.reversed())

    assert fresh_bank.figures(giver) == (-420, 0)
    assert fresh_bank.differences() == {}
