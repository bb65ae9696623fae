"""Other systems: registered by the national team, let in once per assertion, kept to consent."""

import hashlib
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.bus.caller import SERVICE, Caller
from services.bus.errors import NotAllowed
from services.members import (
    access_handlers,
    client_handlers,
    consent_handlers,
    development,
    errors,
    handlers,
)
from tests.members.bank import Bank, member_id

KEY = {"kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ", "kid": "one"}
BOOK, READ, ACCOUNT = "exchanges:book", "exchanges:read", "account:read"
BODY = {
    "name": "Rota (invented)", "organisation": "RJ1", "keys": [KEY],
    "scopes": [BOOK, READ], "regions": ["london", "midlands"],
}  # fmt: skip


@pytest.fixture
def national(bank: Bank) -> Caller:
    return bank.somebody("nat@nhs.net", "national")


@pytest.fixture
def ada(bank: Bank) -> Caller:
    return bank.somebody("ada@nhs.net")


@pytest.fixture
def system(bank: Bank, national: Caller) -> str:
    registered: str = bank.do(client_handlers.register, national, BODY)["id"]
    return registered


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def admit(bank: Bank, system: str, token: str = "token", **changes: Any) -> Any:
    ((now,),) = bank.sql("select extract(epoch from now() + ahead)::bigint from clock")
    body = {
        "client_id": system, "key_id": "one", "jti": token, "expires_at": int(now) + 60,
        "token_hash": hashed(token), **changes,
    }  # fmt: skip
    return bank.do(access_handlers.admit, SERVICE, body)


def access(bank: Bank, whom: Caller | None, token: str = "token") -> Any:
    named = member_id(whom) if whom else None
    return bank.do(access_handlers.access, SERVICE, hashed(token), named)


def agree(bank: Bank, who: Caller, system: str, *scopes: str) -> Any:
    return bank.do(consent_handlers.give, who, {"client_id": system, "scopes": list(scopes)})


def audit(bank: Bank) -> list[tuple[Any, ...]]:
    found = bank.sql("select action, actor, detail, reason from client_audit order by id")
    return [tuple(row) for row in found]


def test_the_national_team_registers_and_nobody_sees_the_keys(
    bank: Bank, national: Caller, system: str, ada: Caller
) -> None:
    (shown,) = bank.do(client_handlers.listed, ada, {})["items"]
    assert shown["id"] == system
    assert shown["key_ids"] == ["one"]
    assert "keys" not in shown
    assert audit(bank) == [("register", national.id, f"{BOOK} {READ}", None)]


def test_nobody_else_registers_gives_keys_or_withdraws(bank: Bank, system: str) -> None:
    for role in ("rep:london", "senate", "integrator", "coordinator"):
        who = bank.somebody(f"{role.replace(':', '.')}@nhs.net", role)
        for handler, arguments in (
            (client_handlers.register, (BODY,)),
            (client_handlers.replace_keys, (system, [KEY])),
            (client_handlers.withdraw, (system, "no")),
        ):
            with pytest.raises(NotAllowed):
                bank.do(handler, who, *arguments)


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []}, {"scopes": ["everything"]}, {"regions": ["wales"]}, {"regions": []},
        {"name": " "}, {"keys": []}, {"keys": [KEY] * 6},
    ],
)  # fmt: skip
def test_a_registration_that_will_not_do_is_refused(
    bank: Bank, national: Caller, wrong: dict[str, Any]
) -> None:
    with pytest.raises(errors.Invalid):
        bank.do(client_handlers.register, national, {**BODY, **wrong})


def test_a_secret_key_cannot_even_be_written_by_hand(bank: Bank, system: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        bank.sql("""update client set keys = '[{"kty": "EC", "kid": "one", "d": "secret"}]'""")


def test_a_token_opens_what_the_member_agreed_to_and_no_more(
    bank: Bank, system: str, ada: Caller
) -> None:
    assert admit(bank, system) == {"scopes": [BOOK, READ], "seconds": 600}
    agree(bank, ada, system, BOOK)
    found = access(bank, ada)
    assert (found["client_id"], found["scopes"]) == (system, [BOOK])
    assert found["member"] == {
        "id": str(ada.id), "region": "london", "organisation": "RJ1", "roles": ["member"],
        "approved": True,
    }  # fmt: skip


def test_a_token_for_one_scope_opens_no_other_whatever_was_agreed(
    bank: Bank, system: str, ada: Caller
) -> None:
    admit(bank, system, scopes=[READ])
    agree(bank, ada, system, BOOK)
    assert access(bank, ada)["scopes"] == []
    agree(bank, ada, system, READ)
    assert access(bank, ada)["scopes"] == [READ]


def test_a_rep_is_acted_for_as_a_member_and_no_more(bank: Bank, system: str) -> None:
    rep = bank.somebody("rep@nhs.net", "rep:london", "national")
    admit(bank, system)
    agree(bank, rep, system, BOOK)
    assert access(bank, rep)["member"]["roles"] == ["member"]


def test_without_consent_nobody_is_told_apart_from_somebody_unknown(
    bank: Bank, system: str, ada: Caller
) -> None:
    admit(bank, system)
    stranger = "01a20000-0000-7000-8000-000000000000"
    for named in (member_id(ada), stranger, "no id"):
        with pytest.raises(errors.ConsentMissing):
            bank.do(access_handlers.access, SERVICE, hashed("token"), named)


def test_consent_taken_back_counts_with_the_next_call(bank: Bank, system: str, ada: Caller) -> None:
    admit(bank, system)
    agree(bank, ada, system, BOOK, READ)
    assert bank.do(consent_handlers.end, ada, system, BOOK) == {"ended": [BOOK]}
    assert access(bank, ada)["scopes"] == [READ]
    assert bank.do(consent_handlers.end, ada, system) == {"ended": [READ]}
    with pytest.raises(errors.ConsentMissing):
        access(bank, ada)
    assert bank.do(consent_handlers.end, ada, system) == {"ended": []}
    assert [line[:3] for line in audit(bank)[1:]] == [
        ("consent", ada.id, f"{BOOK} {READ}"),
        ("end_consent", ada.id, BOOK),
        ("end_consent", ada.id, READ),
    ]


def test_agreeing_twice_is_agreeing_once_and_adding_keeps_what_was(
    bank: Bank, system: str, ada: Caller
) -> None:
    assert agree(bank, ada, system, BOOK)["scopes"] == [BOOK]
    assert agree(bank, ada, system, BOOK, READ)["scopes"] == [BOOK, READ]
    (shown,) = bank.do(consent_handlers.listed, ada)["items"]
    assert (shown["client_name"], shown["scopes"]) == ("Rota (invented)", [BOOK, READ])
    assert bank.sql("select count(*) from consent") == [(2,)]


def test_a_member_cannot_give_what_the_system_was_not_let_have(
    bank: Bank, system: str, ada: Caller
) -> None:
    with pytest.raises(errors.ScopeNotGranted):
        agree(bank, ada, system, ACCOUNT)
    with pytest.raises(errors.ClientNotFound):
        agree(bank, ada, "01a20000-0000-7000-8000-000000000000", BOOK)


def test_a_system_serves_its_own_regions_only(bank: Bank, system: str, ada: Caller) -> None:
    hal = bank.somebody("hal@nhs.net", region="north-west")
    with pytest.raises(errors.ClientOtherRegion):
        agree(bank, hal, system, BOOK)
    admit(bank, system)
    agree(bank, ada, system, BOOK)
    bank.do(handlers.update, ada, {"region": "north-west"}, None)
    with pytest.raises(errors.ClientOtherRegion):
        access(bank, ada)
    bank.do(handlers.update, ada, {"region": "midlands"}, None)
    assert access(bank, ada)["scopes"] == [BOOK]


def test_an_assertion_counts_once_and_its_id_is_each_systems_own(
    bank: Bank, national: Caller, system: str
) -> None:
    admit(bank, system)
    with pytest.raises(errors.AssertionRefused, match="used before"):
        admit(bank, system)
    other = bank.do(client_handlers.register, national, BODY)["id"]
    assert admit(bank, other, token_hash=hashed("another"))


def test_an_assertion_is_remembered_as_long_as_it_could_be_used(bank: Bank, system: str) -> None:
    ((now,),) = bank.sql("select extract(epoch from now())::bigint")
    admit(bank, system, expires_at=int(now) + 300)
    bank.later(seconds=310)
    with pytest.raises(errors.AssertionRefused):
        admit(bank, system, expires_at=int(now) + 300)
    bank.later(seconds=60)
    admit(bank, system, "next")
    assert bank.sql("select count(*) from client_assertion") == [(1,)]


@pytest.mark.parametrize("ahead", [-60, 400, 10**12, -(10**12)])
def test_an_assertion_for_another_time_is_refused(bank: Bank, system: str, ahead: int) -> None:
    ((now,),) = bank.sql("select extract(epoch from now())::bigint")
    with pytest.raises(errors.AssertionRefused):
        admit(bank, system, expires_at=int(now) + ahead)


def test_a_token_is_good_for_ten_minutes(bank: Bank, system: str) -> None:
    admit(bank, system)
    bank.later(minutes=9)
    assert access(bank, None)["client_id"] == system
    bank.later(minutes=2)
    assert access(bank, None) is None
    assert access(bank, None, "guessed") is None


def test_more_than_was_given_is_not_given_by_asking(bank: Bank, system: str) -> None:
    with pytest.raises(errors.ScopeNotGranted):
        admit(bank, system, scopes=[BOOK, ACCOUNT])


def test_other_keys_end_the_tokens_and_what_the_old_one_signed(
    bank: Bank, national: Caller, system: str
) -> None:
    admit(bank, system)
    new = {**KEY, "kid": "two"}
    shown = bank.do(client_handlers.replace_keys, national, system, [new])
    assert shown["key_ids"] == ["two"]
    assert bank.do(access_handlers.keys, SERVICE, system) == {"keys": [new]}
    assert access(bank, None) is None
    with pytest.raises(errors.AssertionRefused, match="not known by this key"):
        admit(bank, system, "late")
    assert admit(bank, system, "new", key_id="two")


def test_a_withdrawn_system_is_nobody_at_once_and_for_good(
    bank: Bank, national: Caller, system: str, ada: Caller
) -> None:
    admit(bank, system)
    agree(bank, ada, system, BOOK)
    with pytest.raises(errors.ReasonMissing):
        bank.do(client_handlers.withdraw, national, system, None)
    assert bank.do(client_handlers.withdraw, national, system, "key lost")["withdrawn_at"]
    assert access(bank, ada) is None
    assert bank.do(consent_handlers.listed, ada)["items"] == []
    assert bank.do(client_handlers.listed, ada, {})["items"] == []
    assert len(bank.do(client_handlers.listed, national, {})["items"]) == 1
    for again in (
        lambda: admit(bank, system, "again"),
        lambda: agree(bank, ada, system, BOOK),
        lambda: bank.do(access_handlers.keys, SERVICE, system),
        lambda: bank.do(client_handlers.withdraw, national, system, "again"),
        lambda: bank.do(client_handlers.replace_keys, national, system, [KEY]),
    ):
        with pytest.raises(errors.ClientNotFound):
            again()
    assert audit(bank)[-1] == ("withdraw", national.id, None, "key lost")


def test_who_leaves_is_acted_for_by_nobody(bank: Bank, system: str, ada: Caller) -> None:
    admit(bank, system)
    agree(bank, ada, system, BOOK)
    bank.do(handlers.leave, ada, "fund")
    with pytest.raises(errors.ConsentMissing):
        access(bank, ada)
    assert bank.sql("select count(*) from consent where ended_at is null") == [(0,)]


def test_secrets_are_kept_as_digests_only(bank: Bank, system: str) -> None:
    admit(bank, system, "a secret of the system")
    for table in ("client_token", "client_assertion"):
        ((row,),) = bank.sql(f"select t::text from {table} t")
        assert "a secret" not in row


def test_only_our_own_services_may_ask_about_keys_and_tokens(
    bank: Bank, national: Caller, system: str
) -> None:
    for handler, arguments in (
        (access_handlers.keys, (system,)),
        (access_handlers.admit, ({},)),
        (access_handlers.access, (hashed("token"), None)),
    ):
        with pytest.raises(NotAllowed):
            bank.do(handler, national, *arguments)


def test_what_was_agreed_and_decided_is_never_rewritten(
    bank: Bank, system: str, ada: Caller
) -> None:
    agree(bank, ada, system, BOOK)
    bank.do(consent_handlers.end, ada, system)
    for statement in (
        "update consent set ended_at = null", "delete from consent", "truncate consent",
        "update consent set scope = 'account:read'", "delete from client_audit",
        "update client_audit set actor = null", "truncate client_audit",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.RaiseException):
            bank.sql(statement)


def test_a_local_installation_has_a_ready_made_system_with_its_own_key(
    bank: Bank, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TIMEBANK_DATABASE_URL", database_url)
    monkeypatch.setenv("TIMEBANK_ENVIRONMENT", "local")
    monkeypatch.setenv("TIMEBANK_DEV_CLIENT_KEY", str(tmp_path / "key.json"))
    for kid in ("first", "made anew"):
        (tmp_path / "key.json").write_text(json.dumps({**KEY, "kid": kid, "d": "secret"}))
        assert development.main() == 0
        found = bank.do(access_handlers.keys, SERVICE, str(development.SANDBOX))
        assert found == {"keys": [{**KEY, "kid": kid}]}
    assert len(audit(bank)) == 1


def test_outside_a_local_installation_there_is_no_ready_made_system(
    bank: Bank, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key.json").write_text(json.dumps(KEY))
    monkeypatch.setenv("TIMEBANK_DATABASE_URL", database_url)
    monkeypatch.setenv("TIMEBANK_ENVIRONMENT", "production")
    monkeypatch.setenv("TIMEBANK_DEV_CLIENT_KEY", str(tmp_path / "key.json"))
    assert development.main() == 2
    assert bank.sql("select count(*) from client") == [(0,)]
