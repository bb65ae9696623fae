"""What the audit finds of exchanges: rulings, reversals, steps for members, systems, concerns."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import pytest

from services.bus.caller import Caller
from services.bus.transaction import new_id
from services.exchanges import audit_handlers
from tests import audited
from tests.exchanges import people, test_concerns, test_representatives
from tests.exchanges.people import Bank

GIVER = people.member("london")
RECEIVER = people.member("north-west")
REP = people.rep("north-west")
NATIONAL = people.national()
SENATE = people.member("national", roles=("senate",))
WHY = "Both told me so."
ALL = audit_handlers.DECIDED


def lines(bank: Bank, reader: Caller = NATIONAL, **question: Any) -> list[dict[str, Any]]:
    return audited.lines(bank.database, ALL, reader, **question)


def told(bank: Bank, **question: Any) -> list[tuple[str, str | None]]:
    return [(each["action"], each["detail"]) for each in lines(bank, **question)]


def disputed(bank: Bank) -> str:
    exchange_id = bank.booked(GIVER, RECEIVER)
    bank.act(GIVER, exchange_id, "done", minutes=60)
    bank.act(RECEIVER, exchange_id, "dispute", reason="It was half an hour.")
    return exchange_id


def reported(bank: Bank) -> str:
    return test_concerns.report(bank, RECEIVER, (REP,), member_id=str(GIVER.id))


@pytest.fixture
def decided(bank: Bank) -> Bank:
    """A bank in which each kind of decision was taken once, a day between any two."""
    ruled = disputed(bank)
    bank.act(REP, ruled, "resolve", outcome="settle", minutes=30, reason=WHY)
    bank.advance(days=1)
    undone = bank.settled(GIVER, RECEIVER)
    bank.act(REP, undone, "reverse", reason="Recorded twice.")
    bank.advance(days=1)
    taken = bank.ask(RECEIVER, bank.publish(GIVER))["id"]
    giver_rep = people.rep("london")
    test_representatives.act_for(bank, giver_rep, taken, GIVER, "decline", reason="On leave.")
    bank.advance(days=1)
    system = dataclasses.replace(RECEIVER, client=new_id(), scopes=frozenset({"exchanges:book"}))
    bank.ask(system, bank.publish(GIVER))
    bank.advance(days=1)
    concern = reported(bank)
    test_concerns.act(bank, REP, concern, "close", text="Talked to both.", answer="Thank you.")
    return bank


def test_who_ruled_about_whom_and_why_is_one_line(bank: Bank) -> None:
    exchange_id = disputed(bank)
    bank.act(REP, exchange_id, "resolve", outcome="settle", minutes=30, reason=WHY)
    (line,) = lines(bank)
    assert (line["action"], line["detail"], line["reason"]) == (
        "resolve_dispute", "30 minutes", WHY,
    )  # fmt: skip
    assert (line["actor_id"], line["by"], line["region"]) == (str(REP.id), "member", "north-west")
    assert (line["about"], line["subject_id"]) == ("exchange", exchange_id)
    assert set(line["people"]) == {str(GIVER.id), str(RECEIVER.id)}


def test_a_ruling_to_cancel_and_what_the_clock_decides_are_told(bank: Bank) -> None:
    cancelled = disputed(bank)
    bank.act(REP, cancelled, "resolve", outcome="cancel", reason=WHY)
    disputed(bank)
    bank.wait(days=15)
    bank.wait(days=15)
    assert told(bank) == [
        ("settle_dispute", "60 minutes"), ("escalate_dispute", None),
        ("resolve_dispute", "cancelled"),
    ]  # fmt: skip
    assert [each["by"] for each in lines(bank)] == ["rule", "rule", "member"]


def test_a_large_reversal_is_told_twice_as_asked_for_and_as_done(bank: Bank) -> None:
    exchange_id = bank.settled(GIVER, RECEIVER, 180)
    for each in (REP, NATIONAL):
        bank.act(each, exchange_id, "reverse", reason="It never took place.")
    assert told(bank) == [("reverse_exchange", "180 minutes"), ("reverse_exchange", "asked for")]


def test_what_members_do_themselves_is_no_line(bank: Bank) -> None:
    bank.settled(GIVER, RECEIVER)
    reported(bank)
    assert lines(bank) == []


def test_each_kind_is_found_by_each_filter(decided: Bank) -> None:
    whole = lines(decided)
    kinds = [
        "close_concern", "step_by_system", "step_for_member", "reverse_exchange",
        "resolve_dispute",
    ]  # fmt: skip
    assert [each["action"] for each in whole] == kinds
    days = {"from": str(datetime.datetime.now(datetime.UTC).date())}
    for line in whole:
        day = line["at"][:10]
        filters: list[dict[str, Any]] = [
            {"who": [line["actor_id"]]}, {"about": line["people"][:1]}, {"action": line["action"]},
            {"region": line["region"]}, {"from": day, "to": day}, days,
        ]  # fmt: skip
        for question in filters:
            assert line in lines(decided, **question), (line, question)
        others: list[dict[str, Any]] = [
            {"who": [str(new_id())]}, {"about": [str(new_id())]}, {"action": "grant"},
            {"region": "midlands"}, {"to": "2020-01-01"},
        ]  # fmt: skip
        for question in others:
            assert lines(decided, **question) == [], question


def test_pages_over_all_kinds_lose_and_repeat_nothing(decided: Bank) -> None:
    whole = [each["id"] for each in lines(decided)]
    for limit in (1, 2, 3):
        assert audited.page_by_page(decided.database, ALL, limit) == whole


def test_a_step_for_a_member_is_about_them_and_says_who_took_it(decided: Bank) -> None:
    (line,) = lines(decided, action="step_for_member")
    assert line["people"] == [str(GIVER.id)]
    assert (line["detail"], line["reason"]) == ("decline", "On leave.")
    assert line["actor_id"] not in (None, str(GIVER.id))


def test_a_step_set_down_by_the_version_before_is_found_as_well(bank: Bank) -> None:
    """It does not know the columns the audit reads: the database fills them."""
    exchange_id = bank.ask(RECEIVER, bank.publish(GIVER))["id"]
    bank.execute(
        "insert into step_for_member (exchange_id, version, member_id) values (%s, 1, %s)",
        exchange_id, RECEIVER.id,
    )  # fmt: skip
    (line,) = lines(bank, about=[str(RECEIVER.id)])
    assert (line["actor_id"], line["detail"]) == (str(RECEIVER.id), "ask")


def test_of_a_concern_no_word_is_told_and_to_the_senate_no_name(decided: Bank) -> None:
    (line,) = lines(decided, action="close_concern")
    assert (line["people"], line["reason"], line["detail"]) == ([str(GIVER.id)], None, "low")
    (line,) = lines(decided, SENATE, action="close_concern")
    assert (line["people"], line["actor_id"]) == ([], str(REP.id))
    about = [str(GIVER.id)]
    for reader, finds in ((NATIONAL, True), (SENATE, False)):
        found = [each["action"] for each in lines(decided, reader, about=about)]
        assert ("close_concern" in found) == finds


def test_whoever_a_concern_is_about_finds_nothing_of_it(decided: Bank) -> None:
    for party in (GIVER, RECEIVER):
        promoted = dataclasses.replace(party, roles=frozenset({"national"}))
        assert lines(decided, promoted, action="close_concern") == []


def test_the_newest_decisions_are_found_by_index(bank: Bank) -> None:
    audited.found_by_index(bank.database, ALL)


def test_what_is_in_a_source_is_what_it_says(decided: Bank) -> None:
    for source in ALL:
        found = {each["action"] for each in audited.lines(decided.database, [source], NATIONAL)}
        assert found
        assert found <= set(source.actions)
