"""What the audit finds in the ledger: limits, and minutes that were given rather than earned."""

from __future__ import annotations

from typing import Any

import pytest

from services.bus.caller import Caller
from services.bus.transaction import new_id
from services.ledger import audit_handlers, handlers, store
from services.ledger.account import FUND, ISSUE
from services.ledger.transfer import Cause, Transfer
from tests import audited
from tests.ledger.bank import IMPORTER, Bank, Deal, brought, left, member

NATIONAL = Caller(id=new_id(), roles=frozenset({"national"}))
ALL = audit_handlers.DECIDED


def lines(bank: Bank, **question: Any) -> list[dict[str, Any]]:
    return audited.lines(bank.database, ALL, **question)


def told(bank: Bank, about: Any) -> list[tuple[str, str | None, str | None, str]]:
    return [
        (each["action"], each["detail"], each["reason"], each["by"])
        for each in lines(bank, about=[str(about)])
    ]


def set_limit(bank: Bank, **wanted: Any) -> None:
    with bank.transaction() as tx:
        handlers.set_limit(tx, NATIONAL, reason="For the winter.", **wanted)


def test_who_changed_a_limit_from_what_to_what_and_why_is_told(bank: Bank) -> None:
    (ada,) = bank.members(1, "midlands")
    set_limit(bank, member_id=str(ada), floor_minutes=-60)
    set_limit(bank, member_id=str(ada))
    assert told(bank, ada) == [
        ("change_limit", "follows the region again; before 60", "For the winter.", "member"),
        ("change_limit", "may owe 60 minutes", "For the winter.", "member"),
    ]
    line = lines(bank, about=[str(ada)])[0]
    assert (line["actor_id"], line["region"], line["about"]) == (
        str(NATIONAL.id), "midlands", "member",
    )  # fmt: skip


def test_a_regions_limit_is_about_the_region(fresh_bank: Bank) -> None:
    set_limit(fresh_bank, region="london", floor_minutes=-240, starter_grant_minutes=120)
    (line,) = lines(fresh_bank, region="london")
    assert (line["about"], line["people"]) == ("region", [])
    assert line["detail"] == "may owe 240 minutes; before 180; begins with 120 minutes"
    assert lines(fresh_bank, region="midlands") == []


def test_gifts_balances_brought_over_and_hours_left_behind_are_told(bank: Bank) -> None:
    ada, new = bank.members(1)[0], new_id()
    with bank.transaction() as tx:
        handlers.donate(tx, member(ada), "fund", 15)
    bank.hear(brought(new, 300))
    bank.hear(left(ada))
    assert told(bank, ada) == [
        ("leave_balance", "45 minutes", None, "rule"), ("donate", "15 minutes", None, "member"),
    ]  # fmt: skip
    assert told(bank, new) == [("opening_balance", "240 minutes", None, "member")]
    assert lines(bank, about=[str(new)])[0]["actor_id"] == str(IMPORTER)


def test_what_the_fund_gave_and_had_back_is_told(fresh_bank: Bank) -> None:
    bank = fresh_bank
    giver, receiver = bank.members(2)
    bank.fill_fund(60)
    bank.set_floor(receiver, 0)
    deal = Deal(giver, receiver, 90)
    bank.hear(deal.accepted(from_fund=True))
    bank.hear(deal.ended())
    assert told(bank, receiver)[:2] == [
        ("back_to_fund", "30 minutes", None, "rule"), ("from_fund", "30 minutes", None, "rule"),
    ]  # fmt: skip


def test_what_a_reversal_gave_back_to_the_fund_is_told_as_such(fresh_bank: Bank) -> None:
    giver, receiver = fresh_bank.members(2)
    fresh_bank.fill_fund(60)
    fresh_bank.set_floor(receiver, 0)
    deal = Deal(giver, receiver, 90)
    fresh_bank.hear(deal.accepted(from_fund=True))
    fresh_bank.hear(deal.completed())
    fresh_bank.hear(deal.reversed())
    assert ("back_to_fund", "30 minutes", None, "rule") in told(fresh_bank, receiver)


def test_what_was_posted_by_hand_is_told_with_its_reason(bank: Bank) -> None:
    (ada,) = bank.members(1)
    with bank.transaction() as tx:
        why = Cause("london", "by-hand", tx.now)
        gift = Transfer(
            new_id(), "grant", ISSUE, ada, 30, why.region, why.correlation_id, why.at,
            reason="An hour was lost in the old bank.",
        )  # fmt: skip
        store.post(tx.conn, [gift])
    assert told(bank, ada) == [
        ("grant_minutes", "30 minutes", "An hour was lost in the old bank.", "operator")
    ]


def test_exchanges_the_first_hour_and_the_limit_of_leavers_are_no_lines(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    bank.give(giver, receiver)
    assert told(bank, giver) == told(bank, receiver) == []
    bank.hear(left(receiver))
    assert "change_limit" not in [action for action, *_ in told(bank, receiver)]


def test_each_line_is_found_by_each_filter(fresh_bank: Bank) -> None:
    ada, bo = fresh_bank.members(2, "midlands")
    set_limit(fresh_bank, member_id=str(ada), floor_minutes=-60)
    with fresh_bank.transaction() as tx:
        handlers.donate(tx, member(bo), "fund", 15)
    whole = lines(fresh_bank)
    assert [each["action"] for each in whole] == ["donate", "change_limit"]
    for line in whole:
        day = line["at"][:10]
        for question in (
            {"who": [line["actor_id"]]}, {"about": line["people"]}, {"action": line["action"]},
            {"region": "midlands"}, {"from": day, "to": day},
        ):  # fmt: skip
            assert line in lines(fresh_bank, **question), question
        for question in (
            {"who": [str(new_id())]}, {"about": [str(new_id())]}, {"action": "grant"},
            {"region": "london"}, {"to": "2020-01-01"},
        ):  # fmt: skip
            assert lines(fresh_bank, **question) == [], question


def test_pages_over_limits_and_gifts_of_one_moment_lose_and_repeat_nothing(
    fresh_bank: Bank,
) -> None:
    ada, bo = fresh_bank.members(2)
    with fresh_bank.transaction() as tx:  # one moment for all of them
        for each in (ada, bo):
            handlers.set_limit(tx, NATIONAL, str(each), None, -60, "At once.")
            handlers.donate(tx, member(each), "fund", 15)
    whole = [each["id"] for each in lines(fresh_bank)]
    assert len(set(whole)) == 4
    for limit in (1, 3):
        assert audited.page_by_page(fresh_bank.database, ALL, limit) == whole


@pytest.mark.parametrize("account", [FUND, ISSUE], ids=["the fund", "the issue account"])
def test_the_banks_own_accounts_are_nobody_a_line_is_about(bank: Bank, account: Any) -> None:
    assert all(str(account) not in each["people"] for each in lines(bank))


def test_the_newest_lines_are_found_by_index(bank: Bank) -> None:
    audited.found_by_index(bank.database, ALL)
