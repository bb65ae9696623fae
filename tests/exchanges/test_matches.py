"""Who is shown to whom, from real listings and exchanges, and why."""

import dataclasses
from typing import Any

import pytest

from services.bus.caller import Caller
from services.exchanges import errors, match_store
from tests.exchanges import people
from tests.exchanges.people import Bank


@pytest.fixture
def asker() -> Caller:
    return people.member("london")


def offer(bank: Bank, title: str, region: str = "midlands", **more: Any) -> Caller:
    owner = people.member(region)
    bank.publish(owner, title=title, **{"description": "An hour.", **more})
    return owner


def titles(found: list[dict[str, Any]]) -> list[str]:
    return [each["listing"]["title"] for each in found]


def codes(match: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in match["reasons"]]


def test_offers_that_name_what_one_would_like_come_first_with_the_reason(
    bank: Bank, asker: Caller
) -> None:
    offer(bank, "Yoga at lunch")
    offer(bank, "Budgets", description="With some pivot tables.")
    offer(bank, "Pivot tables without fear")

    found = bank.matches(asker, wanted=["Pivot tables"])

    assert titles(found) == ["Pivot tables without fear", "Budgets", "Yoga at lunch"]
    assert found[0]["reasons"][0] == {"code": "skill", "skill": "Pivot tables"}


def test_requests_are_matched_with_what_one_can_give(bank: Bank, asker: Caller) -> None:
    offer(bank, "Interview practice", kind="request")
    offer(bank, "Interview practice offered")

    found = bank.matches(asker, "request", offered=["Interviews"], wanted=["Yoga"])

    assert titles(found) == ["Interview practice"]
    assert found[0]["reasons"][0] == {"code": "skill", "skill": "Interviews"}
    assert "not_asked" in codes(found[0])


def test_some_of_the_words_are_close(bank: Bank, asker: Caller) -> None:
    offer(bank, "Interview practice")
    offer(bank, "Yoga")

    first, second = bank.matches(asker, wanted=["Interview coaching for managers"])

    assert (first["listing"]["title"], first["reasons"][0]["code"]) == (
        "Interview practice",
        "close",
    )
    assert "close" not in codes(second)


def test_a_misspelt_word_finds_what_is_spelled_alike(bank: Bank, asker: Caller) -> None:
    offer(bank, "Yoga at lunch")
    offer(bank, "Spreadsheets for rotas")

    first, _ = bank.matches(asker, wanted=["Spredsheets"])

    assert first["listing"]["title"] == "Spreadsheets for rotas"
    assert first["reasons"][0] == {"code": "close", "skill": "Spredsheets"}


def test_who_would_like_what_one_can_give_comes_before_who_would_not(
    bank: Bank, asker: Caller
) -> None:
    offer(bank, "Excel for wards")
    both = offer(bank, "Excel for managers")
    bank.publish(both, kind="request", title="Yoga please", description="At lunch")

    first, second = bank.matches(asker, wanted=["Excel"], offered=["Yoga"])

    assert first["listing"]["owner"]["id"] == str(both.id)
    assert {"code": "in_return", "skill": "Yoga"} in first["reasons"]
    assert "in_return" not in codes(second)


def test_a_new_connection_comes_before_somebody_one_has_met(bank: Bank, asker: Caller) -> None:
    met = people.member("midlands")
    bank.settled(met, asker)
    bank.publish(met, title="Excel")
    offer(bank, "Excel for wards")

    found = bank.matches(asker, wanted=["Excel"])

    assert titles(found[:2]) == ["Excel for wards", "Excel"]
    assert "new_connection" in codes(found[0])
    assert "new_connection" not in codes(found[1])


def test_with_whom_something_is_open_is_not_shown_again(bank: Bank, asker: Caller) -> None:
    owner = people.member("midlands")
    bank.ask(asker, bank.publish(owner, title="Excel"))

    assert bank.matches(asker, wanted=["Excel"]) == []
    assert titles(bank.matches(people.member("london"), wanted=["Excel"])) == ["Excel"]


def test_who_was_asked_a_lot_lately_comes_later_and_again_after_a_month(
    bank: Bank, asker: Caller
) -> None:
    busy = people.member("midlands")
    listing = bank.publish(busy, title="Excel")
    for _ in range(3):
        bank.ask(people.member(), listing)
    rested = offer(bank, "Excel for wards")

    found = bank.matches(asker, wanted=["Excel"])
    assert found[0]["listing"]["owner"]["id"] == str(rested.id)
    assert ["not_asked" in codes(each) for each in found] == [True, False]

    bank.advance(days=31)
    assert ["not_asked" in codes(each) for each in bank.matches(asker, wanted=["Excel"])] == [
        True,
        True,
    ]


def test_who_asked_others_was_not_asked(bank: Bank, asker: Caller) -> None:
    owner = offer(bank, "Excel")
    bank.ask(owner, bank.publish(people.member(), kind="request", title="Rotas"))

    (found,) = bank.matches(asker, wanted=["Excel"])

    assert "not_asked" in codes(found)


def test_what_has_no_room_is_paused_or_is_ones_own_is_not_shown(bank: Bank, asker: Caller) -> None:
    full = people.member()
    bank.ask(people.member(), bank.publish(full, title="Excel full", capacity=1))
    bank.act_on_listing(full, bank.publish(full, title="Excel paused"), "pause")
    bank.publish(asker, title="Excel of my own")
    bank.publish(people.member(), title="Excel", capacity=1)

    assert titles(bank.matches(asker, wanted=["Excel"])) == ["Excel"]


def test_one_can_be_met_only_where_one_can_go(bank: Bank, asker: Caller) -> None:
    offer(bank, "Excel in Leeds", region="north-west", online=False)
    offer(bank, "Excel online", region="north-west")
    offer(bank, "Excel in Camden", region="london", online=False)

    found = bank.matches(asker, wanted=["Excel"])

    assert titles(found)[2] == "Excel in Leeds"
    assert "region" in codes(found[0]) + codes(found[1])


def test_who_says_nothing_is_shown_people_all_the_same(bank: Bank, asker: Caller) -> None:
    for number in range(5):
        region = "london" if number == 3 else "midlands"
        # To be met in person: what is online would take turns, whatever its region.
        offer(bank, f"Offer {number}", region=region, online=False)

    found = bank.matches(asker)

    assert len(found) == 3
    assert found[0]["listing"]["title"] == "Offer 3"
    assert all(each["reasons"] for each in found)
    assert len(bank.matches(asker, limit=20)) == 5


def test_who_waits_to_be_let_in_is_shown_people_and_can_ask_them(bank: Bank, asker: Caller) -> None:
    waiting = dataclasses.replace(asker, approved=False)
    offer(bank, "Excel")

    (found,) = bank.matches(waiting, wanted=["Excel"])

    assert bank.ask(waiting, found["listing"])["next_actor"] == "rep"


def test_who_has_not_joined_is_shown_nobody(bank: Bank) -> None:
    with pytest.raises(errors.NotAMember):
        bank.matches(Caller(email="someone@example.org"))


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 21}, {"kind": "gift"}, {"wanted": "Excel"}, {"wanted": ["x" * 101]}],
)
def test_a_question_of_the_wrong_shape_is_refused(
    bank: Bank, asker: Caller, query: dict[str, Any]
) -> None:
    with pytest.raises(errors.Invalid):
        bank.matches(asker, **query)


@pytest.mark.parametrize(
    "skill", ["'", "\\", "a:b & !c", "it's", "the", "", "   ", "😀", "e-mail 24/7", "(" * 50]
)
def test_no_words_break_the_matching(bank: Bank, asker: Caller, skill: str) -> None:
    offer(bank, "it's e-mail 24/7 \\ a:b")

    assert len(bank.matches(asker, wanted=[skill], offered=[skill])) == 1
    assert len(bank.matches(asker, wanted=["Excel", skill], offered=[skill, "Yoga"])) == 1


def test_words_are_learnt_when_listings_are_published_and_changed(
    bank: Bank, asker: Caller
) -> None:
    owner = people.member()
    listing = bank.publish(owner, title="Knitting", description="x")
    bank.edit(owner, listing, title="Crocheting")

    spelled = bank.do(
        lambda tx: match_store.understood(tx.conn, {"kniting": "kniting", "so": "croshet"})
    )

    assert [each.alike for each in spelled] == [True, True]
    assert "knit" in spelled[0].words[0] or "knitting" in spelled[0].words[0]
