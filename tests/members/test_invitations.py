"""Being invited: whose link it was is kept, and nothing else follows from it."""

import pytest

from services.bus.caller import SERVICE
from services.bus.errors import NotAllowed
from services.members import errors, handlers, invitation_handlers
from tests.members.bank import Bank

ADA, BO = "ada@nhs.net", "bo@nhs.net"


def invitation_of(bank: Bank, email: str) -> str:
    return str(bank.do(invitation_handlers.own, bank.caller(email))["token"])


def inviter_of(bank: Bank, email: str) -> str | None:
    found: str | None = bank.do(handlers.me, bank.caller(email))["invited_by"]
    return found


def test_who_comes_by_an_invitation_is_known_to_have_been_brought(bank: Bank) -> None:
    ada = bank.somebody(ADA)
    bank.join(BO, invitation=invitation_of(bank, ADA))
    assert inviter_of(bank, BO) == str(ada.id)
    assert inviter_of(bank, ADA) is None


def test_an_invitation_stays_the_same_and_says_whose_it_is(bank: Bank) -> None:
    ada = bank.somebody(ADA)
    token = invitation_of(bank, ADA)
    assert invitation_of(bank, ADA) == token
    found = bank.do(invitation_handlers.find, SERVICE, token)
    assert found == {"id": str(ada.id), "name": "Ada Invented", "network": None}


@pytest.mark.parametrize("token", [None, "", "made up by somebody", "x" * 65, "\0", 5])
def test_an_invitation_nobody_gave_names_nobody(bank: Bank, token: object) -> None:
    assert bank.do(invitation_handlers.find, SERVICE, token) is None


def test_one_joins_also_by_an_invitation_that_has_ended(bank: Bank) -> None:
    bank.somebody(ADA)
    token = invitation_of(bank, ADA)
    bank.do(handlers.leave, bank.caller(ADA), "fund")
    bank.join(BO, invitation=token)
    assert inviter_of(bank, BO) is None
    assert bank.do(invitation_handlers.find, SERVICE, token) is None


def test_who_waits_to_be_let_in_cannot_vouch_for_others(bank: Bank) -> None:
    bank.join("ada@example.org")
    with pytest.raises(NotAllowed):
        invitation_of(bank, "ada@example.org")


def test_an_invitation_lets_nobody_in_by_itself(bank: Bank) -> None:
    bank.somebody(ADA)
    joined = bank.join("bo@example.org", invitation=invitation_of(bank, ADA))
    assert joined["status"] == "waiting"


def test_a_leaver_leaves_nothing_of_having_been_invited(bank: Bank) -> None:
    bank.somebody(ADA)
    bank.join(BO, invitation=invitation_of(bank, ADA))
    bo = bank.caller(BO)
    bank.do(handlers.leave, bo, "fund")
    ((kept,),) = bank.sql("select invited_by from member where id = %s", bo.id)
    assert kept is None
    with pytest.raises(errors.NotAMember):
        bank.do(handlers.me, bo)


def test_only_our_own_services_ask_whose_an_invitation_is(bank: Bank) -> None:
    ada = bank.somebody(ADA)
    with pytest.raises(NotAllowed):
        bank.do(invitation_handlers.find, ada, invitation_of(bank, ADA))
