"""What other services and the gateway ask: people by id or address."""

import uuid

import pytest

from services.bus.caller import SERVICE, Caller
from services.bus.errors import NotAllowed
from services.members import errors, lookup_handlers
from tests.members.bank import Bank


def test_an_address_is_described_as_a_caller(bank: Bank) -> None:
    joined = bank.join("ada@nhs.net", region="midlands")
    assert bank.do(lookup_handlers.identify, SERVICE, "ADA@nhs.net") == {
        "id": joined["id"], "region": "midlands", "organisation": "RJ1", "roles": ["member"],
        "approved": True, "status": "approved",
    }  # fmt: skip


def test_an_unknown_address_is_nobody(bank: Bank) -> None:
    for address in ("nobody@nhs.net", "", "a\0b", "\ud800"):
        assert bank.do(lookup_handlers.identify, SERVICE, address) is None


def test_an_organisation_without_a_code_is_not_carried_on(bank: Bank) -> None:
    joined = bank.join("ada@example.org", organisation="Ada's Own Care Home")
    assert bank.do(lookup_handlers.identify, SERVICE, "ada@example.org")["organisation"] is None
    card = bank.do(lookup_handlers.cards, SERVICE, [joined["id"]])[joined["id"]]
    assert card["organisation"] is None
    assert card["organisation_name"] == "Ada's Own Care Home"


def test_cards_name_people_and_leave_out_strangers(bank: Bank) -> None:
    ada, bea = bank.join("ada@nhs.net"), bank.join("bea@example.org", name="Bea")
    found = bank.do(lookup_handlers.cards, SERVICE, [ada["id"], bea["id"], str(uuid.uuid4())])
    assert found[bea["id"]]["name"] == "Bea"
    assert found[ada["id"]] == {
        "name": "Ada Invented", "region": "london", "organisation": "RJ1",
        "organisation_name": "Guy's and St Thomas' NHS Foundation Trust",
    }  # fmt: skip
    assert len(found) == 2


def test_contacts_give_addresses_to_services(bank: Bank) -> None:
    ada = bank.join("ada@nhs.net")
    assert bank.do(lookup_handlers.contacts, SERVICE, [ada["id"]]) == {
        ada["id"]: {
            "name": "Ada Invented",
            "email": "ada@nhs.net",
            "region": "london",
            "shows_email": True,
        }
    }


def test_skills_are_told_to_services_with_their_version(bank: Bank) -> None:
    ada = bank.join("ada@nhs.net", skills_offered=["Excel"], skills_wanted=["Yoga"])
    assert bank.do(lookup_handlers.skills, SERVICE, [ada["id"], str(uuid.uuid4())]) == {
        ada["id"]: {"version": ada["version"], "offered": ["Excel"], "wanted": ["Yoga"]}
    }
    with pytest.raises(NotAllowed):
        bank.do(lookup_handlers.skills, bank.somebody("nat@nhs.net", "national"), [ada["id"]])


def test_people_are_told_neither_addresses_nor_who_an_address_is(bank: Bank) -> None:
    national = bank.somebody("nat@nhs.net", "national")
    with pytest.raises(NotAllowed):
        bank.do(lookup_handlers.contacts, national, [])
    with pytest.raises(NotAllowed):
        bank.do(lookup_handlers.identify, national, "nat@nhs.net")
    with pytest.raises(NotAllowed):
        bank.do(lookup_handlers.cards, Caller(email="x@nhs.net"), [])


def test_one_question_has_a_bound(bank: Bank) -> None:
    ids = [str(uuid.uuid4()) for _ in range(501)]
    for ask in (lookup_handlers.cards, lookup_handlers.contacts):
        assert bank.do(ask, SERVICE, ids[:500]) == {}
        for wrong in (ids, None, "abc"):
            with pytest.raises(errors.Invalid):
                bank.do(ask, SERVICE, wrong)
    with pytest.raises(errors.MemberNotFound):
        bank.do(lookup_handlers.cards, SERVICE, ["not an id"])
