"""Joiners in a representative's list, encouraging newcomers, finding people, and covers."""

from typing import Any

import pytest

from services.bus.caller import SERVICE, Caller
from services.bus.errors import NotAllowed
from services.members import cover_handlers, errors, handlers, queue_handlers, role_handlers
from tests.members.bank import Bank, member_id


@pytest.fixture
def rep(bank: Bank) -> Caller:
    return bank.somebody("rep@nhs.net", "rep:london", name="Rep Resenting")


@pytest.fixture
def colleague(bank: Bank) -> Caller:
    return bank.somebody("other@nhs.net", "rep:midlands", name="Other Rep", region="midlands")


def until(bank: Bank, days: int) -> str:
    ((moment,),) = bank.sql(
        "select to_char(now() + ahead + %s * interval '1 day', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        " from clock",
        days,
    )
    return str(moment)


def name(bank: Bank, caller: Caller, email: str, days: int = 7, **more: Any) -> dict[str, Any]:
    body = {
        "region": "london",
        "colleague_email": email,
        "until": until(bank, days),
        "reason": "On leave.",
        **more,
    }
    found: dict[str, Any] = bank.do(cover_handlers.name, caller, body)
    return found


def test_a_representative_finds_who_waits_and_by_when_they_were_promised_an_answer(
    bank: Bank, rep: Caller
) -> None:
    joiner = bank.join("jo@example.org", name="Jo Ner")
    bank.join("elsewhere@example.org", region="midlands")
    found = bank.do(queue_handlers.listed, rep)
    assert [each["id"] for each in found["joiners"]] == [joiner["id"]]
    assert found["joiners"][0]["email"] == "jo@example.org"
    assert found["joiners"][0]["due"] > joiner["joined_at"]


def test_national_and_senate_find_who_has_waited_too_long_and_members_nobody(
    bank: Bank, rep: Caller
) -> None:
    national, senate = bank.somebody("n@nhs.net", "national"), bank.somebody("s@nhs.net", "senate")
    bank.join("jo@example.org")
    assert bank.do(queue_handlers.listed, national)["joiners"] == []
    bank.later(days=4, seconds=1)
    assert len(bank.do(queue_handlers.listed, national)["joiners"]) == 1
    assert "email" not in bank.do(queue_handlers.listed, senate)["joiners"][0]
    with pytest.raises(NotAllowed):
        bank.do(queue_handlers.listed, bank.somebody("plain@nhs.net"))


def test_newcomers_are_listed_after_a_week_until_they_are_encouraged(
    bank: Bank, rep: Caller
) -> None:
    member = bank.join("new@nhs.net")
    assert bank.do(queue_handlers.listed, rep)["newcomers"] == []
    bank.later(days=7, seconds=1)
    assert [each["id"] for each in bank.do(queue_handlers.listed, rep)["newcomers"]] == [
        member["id"]
    ]
    bank.do(queue_handlers.nudge, rep, member["id"])
    said = bank.said()[-1]
    assert (said.name, said.data["nudged_by"]) == ("member_nudged", member_id(rep))
    assert bank.do(queue_handlers.listed, rep)["newcomers"] == []
    with pytest.raises(errors.NudgedEnough):
        bank.do(queue_handlers.nudge, rep, member["id"])


def test_nobody_is_encouraged_a_fourth_time_from_elsewhere_or_by_themselves(
    bank: Bank, rep: Caller, colleague: Caller
) -> None:
    member = bank.join("new@nhs.net")
    for _ in range(3):
        bank.later(days=8)
        bank.do(queue_handlers.nudge, rep, member["id"])
    bank.later(days=8)
    with pytest.raises(errors.NudgedEnough):
        bank.do(queue_handlers.nudge, rep, member["id"])
    with pytest.raises(errors.NotYourRegion):
        bank.do(queue_handlers.nudge, colleague, member["id"])
    with pytest.raises(errors.OwnMatter):
        bank.do(queue_handlers.nudge, rep, member_id(rep))


def test_representatives_find_people_by_name_or_whole_address_and_nobody_else_does(
    bank: Bank, rep: Caller
) -> None:
    found = bank.join("ada@nhs.net", name="Ada 100% Invented")
    for q in ("ada 100%", "ADA@nhs.net"):
        items = bank.do(queue_handlers.find, rep, q)["items"]
        assert [each["id"] for each in items] == [found["id"]]
    bank.join("eve@nhs.net", name="ada@nhs.net")
    assert [each["id"] for each in bank.do(queue_handlers.find, rep, "ada@nhs.net")["items"]] == [
        found["id"]
    ]
    for q in ("ada@nhs", "%", "_da"):
        assert bank.do(queue_handlers.find, rep, q)["items"] == []
    for role in ("senate", "coordinator"):
        with pytest.raises(NotAllowed):
            bank.do(queue_handlers.find, bank.somebody(f"{role}@nhs.net", role), "ada")


def test_a_colleague_who_covers_may_do_what_the_representative_may(
    bank: Bank, rep: Caller, colleague: Caller
) -> None:
    joiner = bank.join("jo@example.org")
    with pytest.raises(errors.NotYourRegion):
        bank.do(handlers.approve, colleague, joiner["id"])
    name(bank, rep, "other@nhs.net")
    covering = bank.caller("other@nhs.net")
    assert covering.roles == {"member", "rep:midlands", "rep:london"}
    held = bank.do(role_handlers.representatives, SERVICE)
    assert held["london"] == [member_id(rep), member_id(colleague)]
    assert bank.do(handlers.approve, covering, joiner["id"])["status"] == "approved"
    present = bank.do(role_handlers.representatives, SERVICE, True)
    assert present["london"] == [member_id(colleague)]


def test_a_cover_by_somebody_without_a_role_any_more_leaves_the_region_to_who_is_away(
    bank: Bank, rep: Caller, colleague: Caller
) -> None:
    name(bank, rep, "other@nhs.net")
    bank.do(role_handlers.revoke, "other@nhs.net", "rep:midlands", "gone elsewhere")
    for present in (False, True):
        held = bank.do(role_handlers.representatives, SERVICE, present)
        assert held["london"] == [member_id(rep)]


def test_a_cover_ends_by_itself_or_when_somebody_ends_it(
    bank: Bank, rep: Caller, colleague: Caller
) -> None:
    named = name(bank, rep, "other@nhs.net", days=7)
    bank.later(days=7, seconds=1)
    assert "rep:london" not in bank.caller("other@nhs.net").roles
    named = name(bank, rep, "other@nhs.net")
    assert [each["id"] for each in bank.do(cover_handlers.listed, rep)["items"]] == [named["id"]]
    with pytest.raises(NotAllowed):
        bank.do(cover_handlers.end, bank.somebody("senate@nhs.net", "senate"), named["id"])
    bank.do(cover_handlers.end, rep, named["id"])
    assert "rep:london" not in bank.caller("other@nhs.net").roles
    with pytest.raises(errors.CoverNotFound):
        bank.do(cover_handlers.end, rep, "nothing")


def test_a_cover_falls_with_the_role_it_stands_in_for(
    bank: Bank, rep: Caller, colleague: Caller
) -> None:
    name(bank, rep, "other@nhs.net")
    bank.do(role_handlers.revoke, "rep@nhs.net", "rep:london", "for a test")
    assert "rep:london" not in bank.caller("other@nhs.net").roles


def test_who_covers_hands_the_region_on_to_nobody(
    bank: Bank, rep: Caller, colleague: Caller
) -> None:
    bank.somebody("third@nhs.net", "rep:north-west")
    name(bank, rep, "other@nhs.net")
    with pytest.raises(NotAllowed):
        name(bank, bank.caller("other@nhs.net"), "third@nhs.net")


def test_the_national_team_names_somebody_when_the_representative_cannot(
    bank: Bank, rep: Caller, colleague: Caller
) -> None:
    national = bank.somebody("nat@nhs.net", "national")
    assert name(bank, national, "other@nhs.net")["away_id"] == member_id(rep)


def test_nobody_covers_who_may_not(bank: Bank, rep: Caller, colleague: Caller) -> None:
    bank.somebody("plain@nhs.net")
    with pytest.raises(errors.NoColleague):
        name(bank, rep, "plain@nhs.net")
    with pytest.raises(errors.OwnMatter):
        name(bank, rep, "rep@nhs.net")
    for days in (-1, 100):
        with pytest.raises(errors.CoverTooLong):
            name(bank, rep, "other@nhs.net", days=days)
    with pytest.raises(NotAllowed):
        name(bank, colleague, "other@nhs.net")
    with pytest.raises(NotAllowed):
        name(bank, bank.somebody("senate@nhs.net", "senate"), "other@nhs.net")
    with pytest.raises(errors.MemberNotFound):
        name(bank, rep, "nobody@nhs.net")


def test_who_holds_which_role_is_for_national_and_senate_to_see(bank: Bank, rep: Caller) -> None:
    senate = bank.somebody("senate@nhs.net", "senate")
    held = bank.do(queue_handlers.role_holders, senate)["items"]
    assert {(each["role"], each["reason"]) for each in held} == {
        ("rep:london", "for a test"),
        ("senate", "for a test"),
    }
    with pytest.raises(NotAllowed):
        bank.do(queue_handlers.role_holders, rep)
