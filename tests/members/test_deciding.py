"""Letting in and turning away: who may, about whom, and what stays of it."""

from typing import Any

import pytest

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.members import errors, handlers
from tests.members.bank import Bank, member_id


@pytest.fixture
def joiner(bank: Bank) -> dict[str, Any]:
    return bank.join("jo@example.org", name="Jo Ner", region="london")


@pytest.fixture
def rep(bank: Bank) -> Caller:
    return bank.somebody("rep@nhs.net", "rep:london", name="Rep Resenting")


@pytest.fixture
def national(bank: Bank) -> Caller:
    return bank.somebody("nat@nhs.net", "national", name="Nat Ional")


def test_the_regions_representative_lets_a_joiner_in(
    bank: Bank, joiner: dict[str, Any], rep: Caller
) -> None:
    approved = bank.do(handlers.approve, rep, joiner["id"])
    assert (approved["status"], approved["version"]) == ("approved", 2)
    said = bank.said()[-1]
    assert (said.name, said.data["approved_by"]) == ("member_approved", member_id(rep))
    assert bank.caller("jo@example.org").approved


def test_the_national_team_lets_in_anywhere(
    bank: Bank, joiner: dict[str, Any], national: Caller
) -> None:
    assert bank.do(handlers.approve, national, joiner["id"])["status"] == "approved"


def test_nobody_else_decides(bank: Bank, joiner: dict[str, Any]) -> None:
    for roles in (["rep:south-west"], ["senate"], ["coordinator"], []):
        other = bank.somebody(f"{'.'.join(['other', *roles])}@nhs.net", *roles)
        with pytest.raises(errors.NotYourRegion):
            bank.do(handlers.approve, other, joiner["id"])
        with pytest.raises(errors.NotYourRegion):
            bank.do(handlers.refuse, other, joiner["id"], "no")
    assert not bank.caller("jo@example.org").approved


def test_nobody_lets_themselves_in(bank: Bank, joiner: dict[str, Any]) -> None:
    for role in ("rep:london", "national"):
        themselves = Caller.from_json({"id": joiner["id"], "region": "london", "roles": [role]})
        with pytest.raises(errors.OwnMatter):
            bank.do(handlers.approve, themselves, joiner["id"])


def test_a_decision_is_made_once(bank: Bank, joiner: dict[str, Any], rep: Caller) -> None:
    bank.do(handlers.approve, rep, joiner["id"])
    with pytest.raises(errors.AlreadyDecided) as refused:
        bank.do(handlers.refuse, rep, joiner["id"], "too late")
    assert refused.value.detail == {"status": "approved"}


def test_a_refusal_ends_the_waiting_and_keeps_its_reason_out_of_events(
    bank: Bank, joiner: dict[str, Any], rep: Caller
) -> None:
    refused = bank.do(handlers.refuse, rep, joiner["id"], "not a colleague of ours")
    assert refused["status"] == "refused"
    said = bank.said()[-1]
    assert (said.name, said.data["status"]) == ("member_left", "refused")
    assert not any("colleague" in event.raw for event in bank.said())
    kept = bank.sql("select actor, action, reason from audit where subject = %s", joiner["id"])
    assert kept == [(rep.id, "refuse", "not a colleague of ours")]


def test_a_refusal_needs_a_reason(bank: Bank, joiner: dict[str, Any], rep: Caller) -> None:
    for reason in (None, "", "  "):
        with pytest.raises(errors.ReasonMissing):
            bank.do(handlers.refuse, rep, joiner["id"], reason)


def test_nobody_there_is_not_found(bank: Bank, rep: Caller) -> None:
    for nobody in ("01a1ffa2-c120-72df-8773-d71eba916571", "not an id", "", None):
        with pytest.raises(errors.MemberNotFound):
            bank.do(handlers.approve, rep, nobody)


def test_a_representative_sees_who_waits_in_their_regions_oldest_first(
    bank: Bank, joiner: dict[str, Any], rep: Caller
) -> None:
    second = bank.join("two@example.org", region="london")
    bank.join("three@example.org", region="midlands")
    first_page = bank.do(handlers.listed, rep, {"limit": 1})
    assert [item["id"] for item in first_page["items"]] == [joiner["id"]]
    assert first_page["items"][0]["email"] == "jo@example.org"
    last_page = bank.do(handlers.listed, rep, {"limit": 1, "cursor": first_page["next"]})
    assert [item["id"] for item in last_page["items"]] == [second["id"]]
    assert last_page["next"] is None


def test_the_national_team_sees_all_and_the_senate_sees_no_addresses(
    bank: Bank, joiner: dict[str, Any], national: Caller
) -> None:
    bank.join("three@example.org", region="midlands")
    assert len(bank.do(handlers.listed, national, {})["items"]) == 2
    senate = bank.somebody("sen@nhs.net", "senate")
    seen = bank.do(handlers.listed, senate, {})["items"]
    assert len(seen) == 2
    assert not any("email" in item for item in seen)


def test_members_do_not_see_who_waits(bank: Bank, joiner: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        bank.do(handlers.listed, bank.somebody("plain@nhs.net"), {})


def test_who_waits_over_two_working_days_is_marked_for_the_national_team(
    bank: Bank, joiner: dict[str, Any], national: Caller
) -> None:
    assert [i["escalated"] for i in bank.do(handlers.listed, national, {})["items"]] == [False]
    bank.later(days=4, seconds=1)  # two working days, whatever weekday it is today
    assert [i["escalated"] for i in bank.do(handlers.listed, national, {})["items"]] == [True]
