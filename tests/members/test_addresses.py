"""A second address: proved by its link, signing in to the same member, and no way to find out."""

import hashlib
from typing import Any

import psycopg
import pytest

from services.bus.caller import SERVICE, Caller
from services.members import (
    address_handlers,
    errors,
    handlers,
    invitation_handlers,
    lookup_handlers,
    session_handlers,
)
from tests.members.bank import KNOWN, Bank

OLD, NEW, BO = "ada@old.nhs.uk", "ada@new.nhs.uk", "bo@nhs.net"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def ada(bank: Bank) -> Caller:
    return bank.somebody(OLD)


def ask(bank: Bank, who: Caller, email: str, token: str = "a token") -> Any:
    return bank.do(address_handlers.keep_link, who, digest(token), email)["send"]


def press(bank: Bank, who: Caller, token: str = "a token") -> Any:
    return bank.do(address_handlers.add, who, digest(token), KNOWN)


def add(bank: Bank, who: Caller, email: str) -> None:
    assert ask(bank, who, email, email)
    press(bank, who, email)


def sign_in(bank: Bank, email: str) -> str:
    cookie = digest(f"cookie of {email}")
    bank.do(session_handlers.open_session, SERVICE, cookie, email, True)
    return cookie


def signed_in(bank: Bank, cookie: str) -> Any:
    return bank.do(session_handlers.current, SERVICE, cookie)


def held(bank: Bank, email: str) -> tuple[str, list[str]]:
    me = bank.do(handlers.me, bank.caller(email))
    return me["email"], me["addresses"]


def test_signing_in_by_either_address_gives_the_same_member(bank: Bank, ada: Caller) -> None:
    add(bank, ada, NEW)
    assert bank.caller(NEW).id == bank.caller(OLD.upper()).id == ada.id
    assert signed_in(bank, sign_in(bank, NEW))["member"]["id"] == str(ada.id)
    assert held(bank, NEW) == (OLD, [NEW, OLD])


def test_an_address_is_added_by_its_link_only(bank: Bank, ada: Caller) -> None:
    assert ask(bank, ada, NEW)
    assert bank.do(lookup_handlers.identify, SERVICE, NEW) is None
    with pytest.raises(errors.LinkNotValid):
        press(bank, ada, "another token")


def test_a_link_works_once_in_time_and_for_who_asked(bank: Bank, ada: Caller) -> None:
    bo = bank.somebody(BO)
    ask(bank, ada, NEW)
    with pytest.raises(errors.LinkNotValid):
        press(bank, bo)
    press(bank, ada)
    with pytest.raises(errors.LinkNotValid):
        press(bank, ada)
    ask(bank, ada, "ada@third.nhs.uk", "late")
    bank.later(minutes=61)
    with pytest.raises(errors.LinkNotValid):
        press(bank, ada, "late")


def test_who_asks_for_an_address_does_not_learn_whether_it_is_taken(
    bank: Bank, ada: Caller
) -> None:
    bank.somebody(BO)
    assert ask(bank, ada, BO, "taken") == ask(bank, ada, "free@nhs.net", "free") is True
    with pytest.raises(errors.AlreadyJoined):
        press(bank, ada, "taken")
    assert bank.caller(BO).id != ada.id


def test_nobody_joins_with_the_second_address_of_another(bank: Bank, ada: Caller) -> None:
    add(bank, ada, NEW)
    with pytest.raises(errors.AlreadyJoined):
        bank.join(NEW.upper())


def test_mail_to_one_address_and_links_of_one_member_are_limited(bank: Bank, ada: Caller) -> None:
    for each in range(5):
        assert bank.do(session_handlers.keep_link, SERVICE, digest(str(each)), NEW)["send"]
    assert ask(bank, ada, NEW, "first") is False
    for each in range(4):
        assert ask(bank, ada, f"{each}@nhs.net", f"link {each}")
    with pytest.raises(errors.LinksEnough):
        ask(bank, ada, "more@nhs.net", "more")
    bank.later(minutes=61)
    assert ask(bank, ada, "more@nhs.net", "later")


def test_a_link_to_a_new_address_whose_mail_nobody_took_counts_for_nothing(
    bank: Bank, ada: Caller
) -> None:
    for each in range(7):
        assert ask(bank, ada, NEW, f"link {each}")
        bank.do(session_handlers.forget_link, SERVICE, digest(f"link {each}"))


def test_an_address_goes_and_with_it_who_is_signed_in_by_it(bank: Bank, ada: Caller) -> None:
    add(bank, ada, NEW)
    old, new = sign_in(bank, OLD), sign_in(bank, NEW)
    assert bank.do(address_handlers.remove, ada, OLD.upper())["email"] == NEW
    assert signed_in(bank, old) is None
    assert signed_in(bank, new)["member"]["id"] == str(ada.id)
    assert held(bank, NEW) == (NEW, [NEW])
    assert bank.do(lookup_handlers.identify, SERVICE, OLD) is None
    assert bank.somebody(OLD).id != ada.id, "it is free for whoever reads its mail"


def test_the_last_address_and_another_members_stay(bank: Bank, ada: Caller) -> None:
    bank.somebody(BO)
    with pytest.raises(errors.LastAddress):
        bank.do(address_handlers.remove, ada, OLD)
    with pytest.raises(errors.AddressNotFound):
        bank.do(address_handlers.remove, ada, BO)
    with pytest.raises(errors.AddressNotFound):
        bank.do(address_handlers.make_main, ada, BO)


def test_what_is_no_address_is_refused(bank: Bank, ada: Caller) -> None:
    for email in (None, 5, "", "nobody", "a@b", "a b@nhs.net", "ü@nhs.net"):
        for act in (address_handlers.remove, address_handlers.make_main):
            with pytest.raises(errors.Invalid):
                bank.do(act, ada, email)
        with pytest.raises(errors.Invalid):
            bank.do(address_handlers.keep_link, ada, digest("a token"), email)


def test_notices_go_to_the_address_chosen(bank: Bank, ada: Caller) -> None:
    add(bank, ada, NEW)
    bank.do(address_handlers.make_main, ada, NEW)
    contacts = bank.do(lookup_handlers.contacts, SERVICE, [str(ada.id)])
    assert contacts[str(ada.id)]["email"] == NEW
    assert held(bank, OLD) == (NEW, [NEW, OLD])


def test_a_change_of_employer_loses_nothing(bank: Bank, ada: Caller) -> None:
    token = bank.do(invitation_handlers.own, ada)["token"]
    add(bank, ada, NEW)
    bank.do(
        handlers.update, bank.caller(NEW), {"organisation": "RA9", "region": "south-west"}, None
    )
    bank.do(address_handlers.remove, bank.caller(NEW), OLD)
    me = bank.do(handlers.me, bank.caller(NEW))
    assert (me["id"], me["organisation"]) == (str(ada.id), "RA9")
    assert bank.do(invitation_handlers.own, bank.caller(NEW))["token"] == token


def test_signing_out_everywhere_ends_the_sessions_of_every_address(bank: Bank, ada: Caller) -> None:
    add(bank, ada, NEW)
    bank.somebody(BO)
    old, new, other = (sign_in(bank, each) for each in (OLD, NEW, BO))
    assert bank.do(session_handlers.close_session, SERVICE, new, True) == {"ended": 2}
    assert signed_in(bank, old) is None
    assert signed_in(bank, other) is not None


def test_who_waits_and_proves_a_known_address_is_let_in(bank: Bank) -> None:
    bank.join("ada@example.org")
    ada = bank.caller("ada@example.org")
    assert not ada.approved
    add(bank, ada, "ada@example.com")
    assert not bank.caller("ada@example.org").approved
    add(bank, ada, NEW)
    assert bank.caller("ada@example.org").approved
    assert [each.name for each in bank.said()].count("member_approved") == 1


def test_a_leaver_leaves_no_address(bank: Bank, ada: Caller) -> None:
    add(bank, ada, NEW)
    ask(bank, ada, "third@nhs.net", "third")
    cookie = sign_in(bank, NEW)
    bank.do(handlers.leave, ada, "fund")
    assert signed_in(bank, cookie) is None
    for table in ("member_address", "address_link", "session"):
        assert bank.sql(f"select count(*) from {table}") == [(0,)], table
    assert bank.somebody(NEW).id != ada.id


def test_what_happened_to_addresses_is_written_down_without_them(bank: Bank, ada: Caller) -> None:
    add(bank, ada, NEW)
    bank.do(address_handlers.make_main, ada, NEW)
    bank.do(address_handlers.remove, ada, OLD)
    kept = bank.sql("select action, detail, reason from audit where subject = %s", ada.id)
    assert kept == [
        ("add_address", None, None),
        ("change_main_address", None, None),
        ("remove_address", None, None),
    ]


def test_the_database_keeps_an_address_to_one_person(bank: Bank, ada: Caller) -> None:
    add(bank, ada, NEW)
    bank.somebody(BO)
    with pytest.raises(psycopg.errors.UniqueViolation):
        bank.sql("update member set email = %s where email = %s", NEW, BO)
    with pytest.raises(psycopg.errors.RestrictViolation):
        bank.sql("delete from member_address where email = %s", OLD)
