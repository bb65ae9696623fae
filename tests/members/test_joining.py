"""Joining: who is let in at once, who waits, who is refused."""

import threading

import pytest

from services.bus.caller import Caller
from services.members import errors, handlers
from tests.members.bank import KNOWN, Bank


def test_a_known_domain_is_let_in_at_once(bank: Bank) -> None:
    joined = bank.join("ada@gstt.nhs.uk")
    assert (joined["status"], joined["roles"]) == ("approved", ["member"])
    joined_event, approved_event = bank.said()
    assert (joined_event.name, approved_event.name) == ("member_joined", "member_approved")
    assert joined_event.region == "london"
    assert joined_event.data["status"] == "approved"
    assert approved_event.data["approved_by"] is None
    assert approved_event.data["member_id"] == joined["id"]


def test_another_domain_waits_for_a_representative(bank: Bank) -> None:
    joined = bank.join("ada@example.org")
    assert (joined["status"], joined["roles"]) == ("waiting", [])
    assert [event.name for event in bank.said()] == ["member_joined"]


def test_a_known_code_is_kept_as_the_code_and_shown_by_its_name(bank: Bank) -> None:
    joined = bank.join("ada@nhs.net", organisation=" rj1 ")
    assert joined["organisation"] == "RJ1"
    assert joined["organisation_name"] == "Guy's and St Thomas' NHS Foundation Trust"


def test_a_registers_full_name_is_kept_as_its_code(bank: Bank) -> None:
    name = "guy's and st thomas' nhs foundation trust"
    assert bank.join("ada@nhs.net", organisation=name)["organisation"] == "RJ1"


@pytest.mark.parametrize("written", ["Sunny Side Care Home", "ZZ999"])
def test_an_unknown_organisation_is_kept_as_written_and_not_told_to_others(
    bank: Bank, written: str
) -> None:
    joined = bank.join("ada@example.org", organisation=written)
    assert joined["organisation"] == joined["organisation_name"] == written
    assert bank.said()[0].data["organisation"] is None


def test_the_region_is_the_members_choice_not_the_organisations(bank: Bank) -> None:
    assert bank.join("ada@nhs.net", region="north-west")["region"] == "north-west"
    assert bank.said()[0].region == "north-west"


def test_an_address_joins_once_whatever_its_letters_case(bank: Bank) -> None:
    bank.join("Ada@nhs.net")
    with pytest.raises(errors.AlreadyJoined):
        bank.join("ada@NHS.net")
    assert len(bank.said()) == 2


def test_two_who_join_with_one_address_at_the_same_moment_give_one_member(bank: Bank) -> None:
    body = {"name": "Ada", "organisation": "RJ1", "region": "london"}
    ready, outcomes = threading.Barrier(2), []

    def join() -> None:
        with bank.database.transaction() as tx:
            ready.wait(timeout=10)
            try:
                handlers.join(tx, Caller(email="ada@nhs.net"), body, KNOWN)
                outcomes.append("joined")
            except errors.AlreadyJoined:
                outcomes.append("refused")

    racers = [threading.Thread(target=join) for _ in range(2)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(outcomes) == ["joined", "refused"]
    assert bank.sql("select count(*) from member") == [(1,)]
    assert len(bank.said()) == 2


def test_without_an_address_nobody_joins(bank: Bank) -> None:
    with pytest.raises(errors.NoAddress):
        bank.do(handlers.join, Caller(), {}, KNOWN)


def test_a_body_that_cannot_be_kept_leaves_nothing_behind(bank: Bank) -> None:
    with pytest.raises(errors.Invalid):
        bank.join("ada@nhs.net", name="")
    assert bank.said() == []
    assert bank.sql("select count(*) from member") == [(0,)]


def test_the_longest_texts_fit(bank: Bank) -> None:
    joined = bank.join(
        "ada@nhs.net",
        name="ä" * 200,
        about="first line\nsecond line" + "é" * 1978,
        skills_offered=[f"{n:0100}" for n in range(30)],
    )
    assert len(joined["skills_offered"]) == 30
    assert len(joined["about"]) == 2000
