"""What a member lets others see: their employer, and their address once help is booked."""

from typing import Any

import pytest

from services.bus.caller import SERVICE, Caller
from services.members import errors, handlers, lookup_handlers, schemas
from tests.members.bank import Bank, member_id


@pytest.fixture
def ada(bank: Bank) -> Caller:
    return bank.somebody("ada@nhs.net")


def change(bank: Bank, who: Caller, **body: Any) -> Any:
    return bank.do(handlers.update, who, body, None)


def test_everything_is_shown_until_somebody_switches_it_off(bank: Bank, ada: Caller) -> None:
    me = bank.do(handlers.me, ada)
    assert (me["shows_employer"], me["shows_email"]) == (True, True)
    changed = change(bank, ada, shows_email=False)
    assert (changed["shows_employer"], changed["shows_email"]) == (True, False)
    changed = change(bank, ada, about="Ward manager")
    assert changed["shows_email"] is False, "another change leaves it alone"


def test_an_employer_is_hidden_from_members_and_not_from_who_decides(
    bank: Bank, ada: Caller
) -> None:
    bo = bank.somebody("bo@nhs.net")
    rep, senate = bank.somebody("rep@nhs.net", "rep:london"), bank.somebody("s@nhs.net", "senate")
    change(bank, ada, shows_employer=False)
    seen = bank.do(handlers.get, bo, member_id(ada))
    assert (seen["organisation"], seen["organisation_name"]) == (None, None)
    assert seen["region"] == "london"
    card = bank.do(lookup_handlers.cards, SERVICE, [member_id(ada)])[member_id(ada)]
    assert (card["organisation"], card["organisation_name"]) == (None, None)
    for who in (rep, senate, ada):
        assert bank.do(handlers.get, who, member_id(ada))["organisation"] == "RJ1"


def test_whether_an_address_may_be_told_goes_with_it(bank: Bank, ada: Caller) -> None:
    change(bank, ada, shows_email=False)
    found = bank.do(lookup_handlers.contacts, SERVICE, [member_id(ada)])[member_id(ada)]
    assert (found["email"], found["shows_email"]) == ("ada@nhs.net", False)


@pytest.mark.parametrize("value", ["no", 0, None, "false"])
def test_a_switch_is_on_or_off(value: Any) -> None:
    with pytest.raises(errors.Invalid):
        schemas.load(schemas.Changing, {"shows_employer": value})
