"""Reading the audit: who may, what is found, and that an export is a line of its own."""

import datetime
from typing import Any, cast
from uuid import uuid4

import pytest

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.members import (
    audit,
    audit_handlers,
    cover_handlers,
    errors,
    handlers,
    role_handlers,
)
from tests import audited
from tests.members.bank import Bank, member_id

NATIONAL, SENATE, ADA = "national@nhs.net", "senate@nhs.net", "ada@nhs.net"


@pytest.fixture
def national(bank: Bank) -> Caller:
    return bank.somebody(NATIONAL, "national", name="Nat Invented")


@pytest.fixture
def ada(bank: Bank) -> Caller:
    return bank.somebody(ADA)


def search(bank: Bank, reader: Caller, **page: Any) -> list[tuple[str, str | None]]:
    found = bank.do(audit_handlers.search, reader, page)["items"]
    return [(each["action"], each["detail"]) for each in found]


def give(bank: Bank, national: Caller, somebody: Caller, *roles: str) -> None:
    bank.do(role_handlers.set_roles, national, member_id(somebody), roles, "For the test.")


def test_who_did_what_about_whom_and_why_is_found(
    bank: Bank, national: Caller, ada: Caller
) -> None:
    give(bank, national, ada, "coordinator")
    (line,) = bank.do(audit_handlers.search, national, {"about": ADA})["items"]
    assert line["actor_id"] == str(national.id)
    assert (line["subject_id"], line["about"]) == (str(ada.id), "member")
    assert (line["action"], line["detail"], line["reason"]) == (
        "grant", "coordinator", "For the test.",
    )  # fmt: skip


def test_people_are_looked_for_by_address_name_or_id(
    bank: Bank, national: Caller, ada: Caller
) -> None:
    give(bank, national, ada, "coordinator")
    for text in (NATIONAL, "nat", "Nat Invented", str(national.id)):
        assert search(bank, national, who=text) == [("grant", "coordinator")], text
    assert search(bank, national, who="nobody@nhs.net") == []


def test_lines_are_looked_for_by_kind_and_by_day(bank: Bank, national: Caller, ada: Caller) -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    tomorrow = today + datetime.timedelta(days=2)
    give(bank, national, ada, "coordinator")
    bank.later(days=2)
    give(bank, national, ada)
    about = {"about": str(ada.id)}
    assert search(bank, national, **about, action="revoke") == [("revoke", "coordinator")]
    assert search(bank, national, **about, to=str(today)) == [("grant", "coordinator")]
    assert search(bank, national, **about, **{"from": str(tomorrow)}) == [("revoke", "coordinator")]
    assert len(search(bank, national, **about, **{"from": str(today), "to": str(tomorrow)})) == 2


def test_the_newest_comes_first_a_page_at_a_time(bank: Bank, national: Caller, ada: Caller) -> None:
    for roles in (("coordinator",), (), ("senate",)):
        give(bank, national, ada, *roles)
    page = {"about": str(ada.id), "limit": 2}
    first = bank.do(audit_handlers.search, national, page)["items"]
    behind = f"{first[-1]['at']}/{first[-1]['id']}"
    rest = bank.do(audit_handlers.search, national, {**page, "cursor": behind})["items"]
    assert [each["action"] for each in first + rest] == ["grant", "revoke", "grant"]


def test_covers_and_systems_are_in_the_list_too(bank: Bank, national: Caller) -> None:
    rep = bank.somebody("rep@nhs.net", "rep:london")
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=7)
    body = {
        "region": "london", "colleague_email": NATIONAL, "until": until.isoformat(),
        "reason": "On leave.",
    }  # fmt: skip
    cover = bank.do(cover_handlers.name, rep, body)
    bank.do(cover_handlers.end, rep, cover["id"])
    assert search(bank, national, who=str(rep.id)) == [
        ("end_cover", "london"),
        ("name_cover", "london"),
    ]
    bank.sql(
        "insert into client (id, name, organisation, keys, scopes, regions, registered_at)"
        " values (%s, 'Rota', 'RJ1', '[{}]', '{listings:read}', '{london}', now())",
        national.id,
    )
    bank.sql(
        "insert into client_audit (id, client_id, action, at) values (%s, %s, 'withdraw', now())",
        national.id, national.id,
    )  # fmt: skip
    (line,) = bank.do(audit_handlers.search, national, {"action": "withdraw"})["items"]
    assert line["about"] == "system"


def test_the_senate_reads_and_does_not_export(bank: Bank, national: Caller, ada: Caller) -> None:
    senate = bank.somebody(SENATE, "senate")
    give(bank, national, ada, "coordinator")
    assert search(bank, senate, about=str(ada.id)) == [("grant", "coordinator")]
    with pytest.raises(NotAllowed):
        bank.do(audit_handlers.export, senate, {})


@pytest.mark.parametrize("role", ["member", "rep:london", "coordinator", "integrator"])
def test_nobody_else_reads_it(role: str) -> None:
    somebody, unopened = Caller(id=uuid4(), roles=frozenset({role}), approved=True), cast(Any, None)
    with pytest.raises(NotAllowed):
        audit_handlers.search(unopened, somebody, {})
    with pytest.raises(NotAllowed):
        audit_handlers.export(unopened, somebody, {})


def test_that_it_was_exported_is_a_line_of_it(bank: Bank, national: Caller) -> None:
    bank.do(audit_handlers.export, national, 12)
    assert search(bank, national, action="export_audit") == [("export_audit", "12 lines")]
    (line,) = bank.do(audit_handlers.search, national, {"action": "export_audit"})["items"]
    assert (line["actor_id"], line["about"]) == (str(national.id), "none")


def test_more_than_an_export_holds_is_refused(bank: Bank, national: Caller) -> None:
    with pytest.raises(errors.TooManyLines):
        bank.do(audit_handlers.export, national, audit.MOST_EXPORTED + 1)
    assert search(bank, national, action="export_audit") == []


def test_whom_a_name_means_is_told_so_that_other_services_can_be_asked(
    bank: Bank, national: Caller, ada: Caller
) -> None:
    asked = {"who": NATIONAL, "about": "nobody@nhs.net"}
    found = bank.do(audit_handlers.search, national, asked)
    assert (found["who"], found["about"], found["items"]) == ([str(national.id)], [], [])
    found = bank.do(audit_handlers.search, national, {"about": str(ada.id)})
    assert (found["who"], found["about"]) == (None, [str(ada.id)])


def test_lines_are_looked_for_by_region(bank: Bank, national: Caller, ada: Caller) -> None:
    """Somebody's own; of a role or a cover, the one it is for; none where nobody is meant."""
    bo = bank.somebody("bo@nhs.net", region="midlands")
    give(bank, national, ada, "coordinator")
    give(bank, national, bo, "rep:north-west")
    bank.do(audit_handlers.export, national, 2)
    for region, found in (
        ("london", [("grant", "coordinator")]), ("midlands", []),
        ("north-west", [("grant", "rep:north-west")]), ("national", [("export_audit", "2 lines")]),
    ):  # fmt: skip
        assert search(bank, national, who=str(national.id), region=region) == found, region


@pytest.mark.parametrize("text", ["\x00", "x" * 201])
def test_what_is_nobodys_name_is_refused(bank: Bank, national: Caller, text: str) -> None:
    with pytest.raises(errors.Invalid):
        search(bank, national, who=text)


def test_lines_outlive_the_person_they_are_about(bank: Bank, national: Caller, ada: Caller) -> None:
    give(bank, national, ada, "coordinator")
    bank.do(handlers.leave, bank.caller(ADA), "fund")
    assert [action for action, _ in search(bank, national, about=str(ada.id))] == [
        "leave",
        "grant",
    ]


def test_the_newest_lines_are_one_walk_along_an_index(bank: Bank) -> None:
    audited.found_by_index(bank.database, audit_handlers.DECIDED)
    for action, source in zip(("grant", "withdraw"), audit_handlers.DECIDED[::2], strict=True):
        assert "_of_kind" in audited.plan(bank.database, source, action=action)
