"""Bringing a table of people: what is shown first, what is done, and that it is done once."""

from typing import Any, cast
from uuid import uuid4

import pytest

from services.bus.caller import SERVICE, Caller
from services.bus.errors import NotAllowed
from services.members import errors, handlers, invitation_handlers, lookup_handlers, sheet_handlers
from tests.members.bank import KNOWN, Bank

REP, NATIONAL = "rep@nhs.net", "national@nhs.net"
MEMBERS = (
    "email,name,organisation,region,can_help_with,hours,offers,requests\n"
    "ada@example.org,Ada Invented,RJ1,,Rotas,6.5,How to build a fair rota,Interview practice\n"
    "bo@example.org,Bo Invented,Sunny Care,,,,,\n"
    "not an address,Cy,RJ1,,,,,\n"
)


@pytest.fixture
def rep(bank: Bank) -> Caller:
    return bank.somebody(REP, "rep:london")


def check(bank: Bank, who: Caller, table: str, kind: str = "members") -> Any:
    return bank.do(sheet_handlers.check, who, {"kind": kind, "table": table})


def bring(bank: Bank, who: Caller, table: str, kind: str = "members") -> Any:
    return bank.do(sheet_handlers.do, who, check(bank, who, table, kind)["id"])


def report(bank: Bank, who: Caller, sheet_id: str, **page: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bank.do(sheet_handlers.rows, who, sheet_id, page)["items"]
    return found


def invite(bank: Bank, who: Caller, *addresses: str) -> Any:
    return bring(bank, who, "email\n" + "".join(f"{each}\n" for each in addresses), "invitations")


def said(bank: Bank, name: str) -> list[dict[str, Any]]:
    return [each.data for each in bank.said() if each.name == name]


def test_looking_at_a_table_does_nothing_but_say_what_would_be_done(
    bank: Bank, rep: Caller
) -> None:
    before = len(bank.said())
    checked = check(bank, rep, MEMBERS)
    assert checked["counts"] == {"wrong": 1, "ready": 2, "done": 0, "nothing": 0}
    assert [(row["row"], row["code"]) for row in report(bank, rep, checked["id"])] == [
        (2, "ready"),
        (3, "organisation_unknown"),
        (4, "bad_address"),
    ]
    assert len(bank.said()) == before
    assert bank.do(lookup_handlers.identify, SERVICE, "ada@example.org") is None


def test_members_of_an_earlier_bank_are_let_in_with_their_balance(bank: Bank, rep: Caller) -> None:
    done = bring(bank, rep, MEMBERS)
    assert done["counts"] == {"wrong": 1, "ready": 0, "done": 2, "nothing": 0}
    ada = bank.caller("ada@example.org")
    assert ada.approved
    own = bank.do(handlers.me, ada)
    assert (own["region"], own["organisation"], own["skills_offered"]) == (
        "london",
        "RJ1",
        ["Rotas"],
    )
    assert own["invited_by"] == str(rep.id)
    (balance,) = said(bank, "balance_imported")
    assert (balance["member_id"], balance["minutes"]) == (str(ada.id), 390)
    assert balance["imported_by"] == str(rep.id)
    assert {each["approved_by"] for each in said(bank, "member_approved")[1:]} == {str(rep.id)}


def test_what_they_offer_is_handed_on_with_whose_it_is(bank: Bank, rep: Caller) -> None:
    done = bring(bank, rep, MEMBERS)
    ada = bank.caller("ada@example.org")
    assert [
        (each["owner_id"], each["region"], each["listing"]["kind"], each["listing"]["title"])
        for each in done["listings"]
    ] == [
        (str(ada.id), "london", "offer", "How to build a fair rota"),
        (str(ada.id), "london", "request", "Interview practice"),
    ]


def test_a_table_done_again_lets_nobody_in_twice_and_hands_on_the_same_offers(
    bank: Bank, rep: Caller
) -> None:
    first = bring(bank, rep, MEMBERS)
    before = len(bank.said())
    again = bank.do(sheet_handlers.do, rep, first["id"])
    assert again == first
    assert len(bank.said()) == before


def test_the_same_table_brought_again_finds_everybody_there(bank: Bank, rep: Caller) -> None:
    bring(bank, rep, MEMBERS)
    before = len(bank.said())
    again = bring(bank, rep, MEMBERS)
    assert again["counts"] == {"wrong": 1, "ready": 0, "done": 0, "nothing": 2}
    assert len(bank.said()) == before


def test_who_has_joined_between_looking_and_doing_is_left_as_they_are(
    bank: Bank, rep: Caller
) -> None:
    checked = check(bank, rep, MEMBERS)
    bank.join("ada@example.org", name="Ada Herself")
    bank.do(sheet_handlers.do, rep, checked["id"])
    rows = report(bank, rep, checked["id"])
    assert [row["code"] for row in rows] == ["already_waiting", "done", "bad_address"]
    assert bank.do(handlers.me, bank.caller("ada@example.org"))["name"] == "Ada Herself"


def test_a_cell_no_joiner_could_write_is_told_with_its_column(bank: Bank, rep: Caller) -> None:
    table = f"email,name,organisation\nada@example.org,{'x' * 201},RJ1\n"
    checked = check(bank, rep, table)
    (row,) = report(bank, rep, checked["id"])
    assert (row["outcome"], row["code"]) == ("wrong", "invalid")
    assert row["text"].startswith("Name: ")


def test_a_representative_brings_people_to_their_own_region_only(bank: Bank, rep: Caller) -> None:
    table = "email,name,organisation,region\nada@example.org,Ada,RJ1,Midlands\n"
    checked = check(bank, rep, table)
    assert [row["code"] for row in report(bank, rep, checked["id"])] == ["other_region"]
    assert bank.do(sheet_handlers.do, rep, checked["id"])["counts"]["done"] == 0


def test_the_national_team_brings_people_to_every_region(bank: Bank) -> None:
    national = bank.somebody(NATIONAL, "national")
    table = "email,name,organisation,region\nada@example.org,Ada,RJ1,Midlands\n"
    assert bring(bank, national, table)["counts"]["done"] == 1
    assert bank.caller("ada@example.org").region == "midlands"


@pytest.mark.parametrize("role", ["member", "coordinator", "senate", "integrator"])
def test_nobody_else_brings_many_people(role: str) -> None:
    somebody, unopened = Caller(id=uuid4(), roles=frozenset({role}), approved=True), cast(Any, None)
    with pytest.raises(NotAllowed):
        sheet_handlers.check(unopened, somebody, {"kind": "members", "table": MEMBERS})
    with pytest.raises(NotAllowed):
        sheet_handlers.do(unopened, somebody, str(uuid4()))


def test_a_table_is_seen_and_done_by_who_brought_it(bank: Bank, rep: Caller) -> None:
    other = bank.somebody("other@nhs.net", "rep:london")
    sheet_id = check(bank, rep, MEMBERS)["id"]
    for look in (sheet_handlers.one, sheet_handlers.do):
        with pytest.raises(errors.SheetNotFound):
            bank.do(look, other, sheet_id)
    with pytest.raises(errors.SheetNotFound):
        report(bank, other, sheet_id)
    with pytest.raises(errors.SheetNotFound):
        bank.do(sheet_handlers.one, rep, "no id")


def test_who_represents_the_region_no_more_does_not_finish_a_table(bank: Bank, rep: Caller) -> None:
    sheet_id = check(bank, rep, MEMBERS)["id"]
    gone = Caller(id=rep.id, region="london", roles=frozenset({"member"}), approved=True)
    with pytest.raises(NotAllowed):
        bank.do(sheet_handlers.do, gone, sheet_id)


def test_the_report_comes_in_pages_and_by_outcome(bank: Bank, rep: Caller) -> None:
    sheet_id = check(bank, rep, MEMBERS)["id"]
    first = bank.do(sheet_handlers.rows, rep, sheet_id, {"limit": 2})
    assert (len(first["items"]), first["next"]) == (2, "3")
    rest = bank.do(sheet_handlers.rows, rep, sheet_id, {"limit": 2, "cursor": first["next"]})
    assert ([row["row"] for row in rest["items"]], rest["next"]) == ([4], None)
    assert [row["row"] for row in report(bank, rep, sheet_id, outcome="wrong")] == [4]


def test_an_invitation_says_nothing_of_who_is_invited(bank: Bank, rep: Caller) -> None:
    done = invite(bank, rep, "ada@example.org", REP)
    assert done["counts"] == {"wrong": 0, "ready": 0, "done": 1, "nothing": 1}
    (event,) = [each for each in bank.said() if each.name == "person_invited"]
    assert event.data["invited_by"] == str(rep.id)
    assert "ada" not in event.raw
    contacts = bank.do(lookup_handlers.contacts, SERVICE, [event.data["invitation_id"]])
    assert [(each["email"], each["region"]) for each in contacts.values()] == [
        ("ada@example.org", "london")
    ]
    found = bank.do(invitation_handlers.find, SERVICE, event.data["invitation_id"])
    assert found["id"] == str(rep.id)


def test_who_was_invited_by_name_is_let_in_at_once(bank: Bank, rep: Caller) -> None:
    invite(bank, rep, "ada@example.org")
    joined = bank.join("Ada@example.org")
    assert joined["status"] == "approved"
    assert bank.do(handlers.me, bank.caller("ada@example.org"))["invited_by"] == str(rep.id)
    assert said(bank, "member_approved")[-1]["approved_by"] == str(rep.id)
    ((actor, action),) = bank.sql(
        "select actor, action from audit where subject = %s", joined["id"]
    )
    assert (actor, action) == (rep.id, "approve")


def test_an_invitation_vouches_in_its_own_region_only(bank: Bank, rep: Caller) -> None:
    invite(bank, rep, "ada@example.org")
    assert bank.join("ada@example.org", region="midlands")["status"] == "waiting"


def test_an_invitation_of_somebody_who_left_vouches_for_nobody(bank: Bank, rep: Caller) -> None:
    invite(bank, rep, "ada@example.org")
    bank.do(handlers.leave, rep, "fund")
    assert bank.join("ada@example.org")["status"] == "waiting"


def test_nobody_is_written_to_again_within_a_month_or_more_than_three_times(
    bank: Bank, rep: Caller
) -> None:
    invite(bank, rep, "ada@example.org")
    assert invite(bank, rep, "ada@example.org")["counts"]["nothing"] == 1
    for _ in range(2):
        bank.later(days=31)
        assert invite(bank, rep, "ada@example.org")["counts"]["done"] == 1
    bank.later(days=31)
    assert invite(bank, rep, "ada@example.org")["counts"]["nothing"] == 1
    assert len(said(bank, "person_invited")) == 3


def test_tables_and_invitations_are_forgotten(bank: Bank, rep: Caller) -> None:
    sheet_id = check(bank, rep, MEMBERS)["id"]
    invite(bank, rep, "cy@example.org")
    bank.later(days=8)
    bank.do(sheet_handlers.forget)
    with pytest.raises(errors.SheetNotFound):
        bank.do(sheet_handlers.one, rep, sheet_id)
    assert bank.sql("select count(*) from invitee") == [(1,)]
    bank.later(days=83)
    bank.do(sheet_handlers.forget)
    assert bank.sql("select count(*) from invitee") == [(0,)]


def test_what_was_brought_is_written_down_without_a_name(bank: Bank, rep: Caller) -> None:
    done = bring(bank, rep, MEMBERS)
    invite(bank, rep, "cy@example.org")
    kept = bank.sql("select action, actor, detail from audit where subject = %s", done["id"])
    assert kept == [("import_people", rep.id, "2")]
    assert bank.sql("select count(*) from audit where action = 'import'") == [(2,)]
    assert bank.sql("select count(*) from audit where action = 'invite_people'") == [(1,)]


def test_a_joiner_of_an_unknown_domain_without_an_invitation_still_waits(bank: Bank) -> None:
    joined = bank.do(
        handlers.join,
        Caller(email="ada@example.org"),
        {"name": "Ada", "organisation": "RJ1", "region": "london"},
        KNOWN,
    )
    assert joined["status"] == "waiting"
