"""Roles: who gives them, what they are worth, and what is remembered."""

import psycopg
import pytest

from services.bus.caller import SERVICE
from services.bus.errors import NotAllowed
from services.members import development, errors, handlers, role, role_handlers, roles
from tests.members.bank import Bank, member_id


def test_the_change_between_two_sets_of_roles() -> None:
    change = role.change(["senate", "rep:london"], ["member", "rep:london", "national"])
    assert change == role.Change(grant=("national",), revoke=("senate",))
    with pytest.raises(errors.Invalid):
        role.change([], ["king"])


def test_the_national_team_gives_exactly_the_roles_named(bank: Bank) -> None:
    national = bank.somebody("nat@nhs.net", "national")
    ada = bank.somebody("ada@nhs.net", "coordinator")
    given = bank.do(
        role_handlers.set_roles, national, member_id(ada), ["member", "rep:midlands"], "stands in"
    )
    assert given["roles"] == ["member", "rep:midlands"]
    assert "email" not in given
    assert bank.caller("ada@nhs.net").represents("midlands")
    assert bank.said()[-1].name == "member_changed"
    kept = bank.sql(
        "select action, detail, reason from audit where actor = %s order by id", national.id
    )
    assert kept == [
        ("grant", "rep:midlands", "stands in"),
        ("revoke", "coordinator", "stands in"),
    ]


def test_nobody_else_gives_roles_and_nobody_to_themselves(bank: Bank) -> None:
    ada = bank.somebody("ada@nhs.net")
    for held in ("rep:london", "senate", "coordinator"):
        other = bank.somebody(f"{held.replace(':', '.')}@nhs.net", held)
        with pytest.raises(NotAllowed):
            bank.do(role_handlers.set_roles, other, member_id(ada), ["national"], "please")
    national = bank.somebody("nat@nhs.net", "national")
    with pytest.raises(errors.OwnMatter):
        bank.do(role_handlers.set_roles, national, member_id(national), ["senate"], "please")
    assert bank.caller("ada@nhs.net").roles == {"member"}


def test_a_role_that_does_not_exist_or_has_no_reason_is_refused(bank: Bank) -> None:
    national = bank.somebody("nat@nhs.net", "national")
    ada = member_id(bank.somebody("ada@nhs.net"))
    for wrong in (["king"], ["rep"], ["rep:wales"], "national", [7], None):
        with pytest.raises(errors.Invalid):
            bank.do(role_handlers.set_roles, national, ada, wrong, "please")
    with pytest.raises(errors.ReasonMissing):
        bank.do(role_handlers.set_roles, national, ada, ["senate"], None)


def test_a_role_waits_with_its_holder_until_they_are_let_in(bank: Bank) -> None:
    joiner = bank.join("jo@example.org")
    bank.do(role_handlers.grant, "jo@example.org", "coordinator", "will run sessions")
    assert bank.caller("jo@example.org").roles == frozenset()
    bank.do(handlers.approve, bank.somebody("rep@nhs.net", "rep:london"), joiner["id"])
    assert bank.caller("jo@example.org").roles == {"member", "coordinator"}


def test_giving_a_role_twice_is_giving_it_once(bank: Bank) -> None:
    bank.somebody("ada@nhs.net", "senate")
    before = bank.said()
    bank.do(role_handlers.grant, "ada@nhs.net", "senate", "again")
    assert bank.said() == before
    assert len(bank.do(role_handlers.history, "ada@nhs.net")) == 1


def test_representatives_are_told_to_services_only(bank: Bank) -> None:
    rep = bank.somebody("rep@nhs.net", "rep:london", "rep:midlands")
    national = bank.somebody("nat@nhs.net", "national")
    bank.somebody("sen@nhs.net", "senate")
    found = bank.do(role_handlers.representatives, SERVICE)
    assert found["london"] == found["midlands"] == [member_id(rep)]
    assert found["national"] == [member_id(national)]
    assert found["north-west"] == []
    with pytest.raises(NotAllowed):
        bank.do(role_handlers.representatives, national)


def test_the_command_grants_lists_and_revokes(
    bank: Bank, database_url: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("TIMEBANK_DATABASE_URL", database_url)
    bank.somebody("ada@nhs.net")
    assert roles.main(["grant", "ada@nhs.net", "rep:london", "--reason", "new"]) == 0
    assert bank.caller("ada@nhs.net").represents("london")
    assert roles.main(["revoke", "ada@nhs.net", "rep:london", "--reason", "over"]) == 0
    assert not bank.caller("ada@nhs.net").represents("london")
    assert roles.main(["list", "ada@nhs.net"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith(": new")
    assert roles.main(["grant", "nobody@nhs.net", "senate", "--reason", "new"]) == 1
    assert capsys.readouterr().err == "Nobody has joined as nobody@nhs.net.\n"
    with pytest.raises(SystemExit):
        roles.main(["grant", "ada@nhs.net", "king", "--reason", "new"])


def test_development_accounts_hold_every_role_and_can_be_made_again(
    bank: Bank, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEBANK_DATABASE_URL", database_url)
    monkeypatch.setenv("TIMEBANK_ENVIRONMENT", "local")
    assert development.main() == 0
    said = len(bank.said())
    assert development.main() == 0
    assert len(bank.said()) == said
    held: set[str] = set()
    for account in development.ACCOUNTS:
        found = bank.caller(account.email)
        assert (found.approved, found.region) == (True, account.region)
        assert found.roles == {"member", *account.roles}
        assert found.organisation == account.organisation
        held |= found.roles
    assert held == {"member", *role.GRANTABLE}


def test_development_accounts_refuse_to_exist_elsewhere(
    bank: Bank, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEBANK_DATABASE_URL", database_url)
    monkeypatch.setenv("TIMEBANK_ENVIRONMENT", "production")
    assert development.main() == 2
    assert bank.sql("select count(*) from member") == [(0,)]


def test_the_audit_and_the_history_of_roles_cannot_be_rewritten(bank: Bank) -> None:
    bank.somebody("ada@nhs.net", "senate")
    for statement in ("update audit set reason = 'x'", "delete from audit", "truncate audit"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            bank.sql(statement)
    for statement in (
        "delete from role_grant",
        "update role_grant set role = 'national'",
        "update role_grant set reason = 'x'",
        "truncate role_grant",
    ):
        with pytest.raises(psycopg.errors.RaiseException, match="history"):
            bank.sql(statement)
