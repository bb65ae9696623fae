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
    schemas,
)
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
    first = bank.do(audit_handlers.search, national, page)
    rest = bank.do(audit_handlers.search, national, {**page, "cursor": first["next"]})
    assert [each["action"] for each in first["items"] + rest["items"]] == [
        "grant", "revoke", "grant",
    ]  # fmt: skip
    assert rest["next"] is None


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


def test_that_it_was_exported_is_a_line_of_it(bank: Bank, national: Caller, ada: Caller) -> None:
    give(bank, national, ada, "coordinator")
    taken = bank.do(audit_handlers.export, national, {"about": str(ada.id)})
    assert [each["action"] for each in taken["items"]] == ["grant"]
    assert search(bank, national, action="export_audit") == [("export_audit", "1 lines")]
    (line,) = bank.do(audit_handlers.search, national, {"action": "export_audit"})["items"]
    assert (line["actor_id"], line["about"]) == (str(national.id), "none")


def test_more_than_an_export_holds_is_refused(
    bank: Bank, national: Caller, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_EXPORTED", 1)
    give(bank, national, ada, "coordinator")
    give(bank, national, ada)
    with pytest.raises(errors.TooManyLines):
        bank.do(audit_handlers.export, national, {"about": str(ada.id)})
    assert search(bank, national, action="export_audit") == []


@pytest.mark.parametrize(
    "page", [{"action": "dance"}, {"from": "yesterday"}, {"cursor": "x"}, {"to": "9999-12-31"}]
)
def test_what_cannot_be_looked_for_is_refused(page: dict[str, Any]) -> None:
    with pytest.raises(errors.Invalid):
        schemas.load(schemas.Auditing, page)


def test_lines_outlive_the_person_they_are_about(bank: Bank, national: Caller, ada: Caller) -> None:
    give(bank, national, ada, "coordinator")
    bank.do(handlers.leave, bank.caller(ADA), "fund")
    assert [action for action, _ in search(bank, national, about=str(ada.id))] == [
        "leave",
        "grant",
    ]


def test_the_newest_lines_are_one_walk_along_an_index(bank: Bank) -> None:
    conditions = ("true", "actor = %(id)s", "subject = %(id)s", "action = 'grant'")
    with bank.database.transaction() as tx:
        tx.conn.execute("set local enable_seqscan = off")
        tx.conn.execute("set local enable_sort = off")
        for condition in conditions:
            plan = tx.conn.execute(
                f"explain (costs on) select * from audit_line where {condition}"
                " order by at desc, id desc limit 51",
                {"id": "01a20000-0000-7000-8000-000000000001"},
            ).fetchall()
            text = "\n".join(row[0] for row in plan)
            assert "Index Scan Backward" in text, text
            assert "Seq Scan" not in text, text
            assert "Sort  " not in text, text
