"""Being signed in: how long, on which devices, and by which links."""

import hashlib
from typing import Any

import pytest

from services.bus.caller import SERVICE, Caller
from services.bus.errors import NotAllowed
from services.members import errors, handlers, session_handlers
from tests.members.bank import Bank

ADA = "ada@nhs.net"
RIGHTS = ("rep:london", "national", "senate")


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(bank: Bank, token: str = "cookie", email: str = ADA, trusted: bool = False) -> None:
    bank.do(session_handlers.open_session, SERVICE, hashed(token), email, trusted)


def signed_in(bank: Bank, token: str = "cookie") -> Any:
    return bank.do(session_handlers.current, SERVICE, hashed(token))


def test_whoever_is_signed_in_is_known_by_the_cookie_alone(bank: Bank) -> None:
    ada = bank.somebody(ADA)
    sign_in(bank)
    found = signed_in(bank)
    assert found["email"] == ADA
    assert found["member"]["id"] == str(ada.id)
    assert found["member"]["approved"] is True
    assert signed_in(bank, "another cookie") is None


def test_somebody_can_be_signed_in_before_joining(bank: Bank) -> None:
    sign_in(bank, email="new@example.org")
    assert signed_in(bank) == {"email": "new@example.org", "trusted": False, "member": None}


def test_the_secret_itself_is_nowhere_in_the_database(bank: Bank) -> None:
    sign_in(bank, "a secret of the browser")
    ((kept,),) = bank.sql("select token_hash from session")
    assert bytes(kept).hex() == hashed("a secret of the browser")


def test_a_members_own_device_stays_signed_in_for_30_days_unused(bank: Bank) -> None:
    bank.somebody(ADA)
    sign_in(bank, trusted=True)
    bank.later(days=29, hours=23)
    assert signed_in(bank)
    bank.later(hours=2)
    assert signed_in(bank) is None


def test_a_device_that_may_be_shared_signs_out_after_an_hour_unused(bank: Bank) -> None:
    bank.somebody(ADA)
    sign_in(bank)
    bank.later(minutes=59)
    assert signed_in(bank)
    bank.later(minutes=59)
    assert signed_in(bank), "what was used lately is not idle"
    bank.later(minutes=61)
    assert signed_in(bank) is None


def test_people_with_rights_over_others_are_signed_out_after_15_minutes_unused(
    bank: Bank,
) -> None:
    people = [(role, trusted) for role in RIGHTS for trusted in (True, False)]
    for role, trusted in people:
        email = f"{role.replace(':', '.')}.{trusted}@nhs.net"
        bank.somebody(email, role)
        sign_in(bank, email, email, trusted)
    for minutes, still in ((14, True), (14, True), (16, False)):
        bank.later(minutes=minutes)
        for role, trusted in people:
            found = signed_in(bank, f"{role.replace(':', '.')}.{trusted}@nhs.net")
            assert (found is not None) is still, (role, trusted, minutes)


def test_nobody_with_rights_stays_signed_in_beyond_twelve_hours(bank: Bank) -> None:
    bank.somebody(ADA, "national")
    sign_in(bank, trusted=True)
    for _ in range(71):
        bank.later(minutes=10)
        assert signed_in(bank)
    bank.later(minutes=12)
    assert signed_in(bank) is None


def test_signing_out_ends_one_session_and_everywhere_ends_all_of_the_address(bank: Bank) -> None:
    for token in ("phone", "desk", "ward"):
        sign_in(bank, token)
    sign_in(bank, "somebody else's", "ben@nhs.net")
    assert bank.do(session_handlers.close_session, SERVICE, hashed("ward"), False) == {"ended": 1}
    assert signed_in(bank, "ward") is None
    assert signed_in(bank, "desk")
    assert bank.do(session_handlers.close_session, SERVICE, hashed("desk"), True) == {"ended": 2}
    assert signed_in(bank, "phone") is None
    assert signed_in(bank, "somebody else's")
    assert bank.do(session_handlers.close_session, SERVICE, hashed("desk"), True) == {"ended": 0}


def test_who_leaves_is_signed_out_everywhere_and_their_links_are_dead(bank: Bank) -> None:
    ada = bank.somebody(ADA)
    sign_in(bank, "phone")
    keep(bank, "link")
    bank.do(handlers.leave, ada, "fund")
    assert signed_in(bank, "phone") is None
    with pytest.raises(errors.LinkNotValid):
        use(bank, "link")


def test_sessions_that_ended_long_ago_are_cleared_away(bank: Bank) -> None:
    sign_in(bank, "old")
    keep(bank, "old link")
    bank.later(days=31)
    sign_in(bank, "new")
    assert bank.sql("select count(*) from session") == [(1,)]
    assert bank.sql("select count(*) from sign_in_link") == [(0,)]


def keep(bank: Bank, token: str, email: str = ADA) -> Any:
    return bank.do(session_handlers.keep_link, SERVICE, hashed(token), email)


def use(bank: Bank, token: str) -> Any:
    return bank.do(session_handlers.use_link, SERVICE, hashed(token))


def test_a_link_signs_in_once(bank: Bank) -> None:
    assert keep(bank, "link") == {"send": True}
    assert use(bank, "link") == {"email": ADA}
    with pytest.raises(errors.LinkNotValid):
        use(bank, "link")


def test_a_link_is_good_for_15_minutes(bank: Bank) -> None:
    keep(bank, "in time")
    keep(bank, "too late")
    bank.later(minutes=14)
    assert use(bank, "in time")
    bank.later(minutes=2)
    with pytest.raises(errors.LinkNotValid):
        use(bank, "too late")


def test_a_link_nobody_sent_is_refused(bank: Bank) -> None:
    with pytest.raises(errors.LinkNotValid):
        use(bank, "guessed")


def test_an_address_unknown_to_the_bank_is_treated_like_any_other(bank: Bank) -> None:
    bank.somebody(ADA)
    assert keep(bank, "one", ADA) == keep(bank, "two", "nobody@example.org") == {"send": True}


def test_no_address_gets_more_than_five_links_an_hour(bank: Bank) -> None:
    sent = [keep(bank, f"link {n}", ADA.upper() if n % 2 else ADA)["send"] for n in range(7)]
    assert sent == [True] * 5 + [False] * 2
    assert keep(bank, "for somebody else", "ben@nhs.net") == {"send": True}
    bank.later(minutes=61)
    assert keep(bank, "later") == {"send": True}


def test_links_whose_mail_nobody_took_count_for_nothing(bank: Bank) -> None:
    for number in range(7):
        assert keep(bank, f"link {number}") == {"send": True}
        bank.do(session_handlers.forget_link, SERVICE, hashed(f"link {number}"))
    with pytest.raises(errors.LinkNotValid):
        use(bank, "link 6")


def test_what_is_no_hash_is_refused(bank: Bank) -> None:
    for text in ("", "ab", "z" * 64, None, 7, "ab" * 33):
        with pytest.raises(errors.Invalid):
            bank.do(session_handlers.open_session, SERVICE, text, ADA, False)


def test_only_our_own_services_may_ask(bank: Bank) -> None:
    key = hashed("x")
    for who in (bank.somebody(ADA, "national"), Caller(email=ADA)):
        for handler, arguments in (
            (session_handlers.open_session, (key, ADA, True)),
            (session_handlers.current, (key,)),
            (session_handlers.close_session, (key, True)),
            (session_handlers.keep_link, (key, ADA)),
            (session_handlers.use_link, (key,)),
            (session_handlers.forget_link, (key,)),
        ):
            with pytest.raises(NotAllowed):
                bank.do(handler, who, *arguments)
