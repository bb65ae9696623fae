"""How matches are weighed: the rules, without a database."""

import dataclasses
import uuid
from collections import Counter
from typing import Any

import pytest

from services.exchanges import match
from services.exchanges.match import Candidate, Fit, Found

FULL, HALF = Fit("Excel", 1.0), Fit("Excel", 0.5, whole=False)


def candidate(number: int = 1, **facts: Any) -> Candidate:
    plain = Candidate(uuid.UUID(int=number), uuid.UUID(int=1000 + number), "midlands", online=True)
    return dataclasses.replace(plain, **facts)


def score(**facts: Any) -> float:
    return match.score(candidate(**facts), "london")


def order(*candidates: Candidate, limit: int = 10) -> list[int]:
    return [each.listing_id.int for each in match.best(candidates, "london", limit)]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"fits": (FULL,)}, {"fits": (HALF,)}),
        ({"fits": (FULL, Fit("Rotas", 1.0))}, {"fits": (FULL,)}),
        ({"fits": (HALF,), "returns": ("Yoga",)}, {"fits": (HALF,)}),
        ({"met": False}, {"met": True}),
        ({"online": True}, {"online": False}),
        ({"online": False, "region": "london"}, {"online": False}),
        ({"region": "london"}, {"region": "midlands"}),
        ({"fits": (HALF,)}, {"fits": (FULL,), "online": False}),
        ({"asked": 0}, {"asked": 1}),
        ({"asked": 1}, {"asked": 2}),
    ],
)
def test_each_thing_weighed_tells_two_apart_that_are_else_alike(
    better: dict[str, Any], worse: dict[str, object]
) -> None:
    assert score(**better) > score(**worse)


def test_somebody_asked_often_comes_after_an_equal_and_before_half_a_fit() -> None:
    often = candidate(1, fits=(FULL,), asked=50)
    equal = candidate(2, fits=(FULL,), asked=0)
    half = candidate(3, fits=(HALF,), asked=0)

    assert order(often, half, equal) == [2, 1, 3]


def test_no_lot_and_no_return_replaces_a_fit() -> None:
    fitting = candidate(1, fits=(FULL,), met=True)
    other = candidate(2, fits=(Fit("Excel", 0.45),), returns=("Yoga",), turn=0.999)

    assert order(other, fitting) == [1, 2]


def test_those_who_fit_alike_take_turns_by_lot() -> None:
    askers = [uuid.uuid4() for _ in range(300)]
    listings = [uuid.uuid4() for _ in range(3)]

    first = Counter(
        max(listings, key=lambda each, asker=asker: match.turn(asker, each, 100))  # type: ignore[misc]
        for asker in askers
    )

    assert min(first[each] for each in listings) > 50
    assert match.turn(askers[0], listings[0], 100) == match.turn(askers[0], listings[0], 100)


def test_a_person_is_shown_once_with_what_fits_best() -> None:
    one = candidate(1, fits=(HALF,))
    better = dataclasses.replace(candidate(2, fits=(FULL,)), owner_id=one.owner_id)
    other = candidate(3)

    assert order(one, better, other) == [2, 3]
    assert order(one, better, other, limit=1) == [2]


def test_reasons_come_with_the_weightiest_first() -> None:
    found = match.reasons(
        candidate(fits=(HALF, Fit("Rotas", 0.9)), returns=("Yoga",), region="london"), "london"
    )

    assert [(reason.code, reason.skill) for reason in found] == [
        ("skill", "Rotas"),
        ("in_return", "Yoga"),
        ("region", None),
        ("not_asked", None),
        ("new_connection", None),
    ]


def test_nothing_is_shown_without_a_reason() -> None:
    nothing = candidate(online=False, met=True, asked=3)

    assert [reason.code for reason in match.reasons(nothing, "london")] == ["known"]


def test_half_a_fit_is_said_to_be_close_and_no_more() -> None:
    (reason, *_) = match.reasons(candidate(fits=(HALF,)), "london")

    assert reason.code == "close"


def ids(count: int) -> list[uuid.UUID]:
    return [uuid.UUID(int=number) for number in range(count)]


def test_all_words_in_the_title_fit_in_full_and_in_the_description_less() -> None:
    title, description = ids(2)
    found = [Found(title, (0, 1), True), Found(description, (0, 1), False)]

    fits = match.fits("pivot tables", 2, False, found)

    assert fits[title].strength == 1.0
    assert fits[description].strength == match.TOLD


def test_the_rare_word_of_two_tells_more() -> None:
    rare, *common = ids(8)
    found = [Found(rare, (0,), True), *(Found(each, (1,), True) for each in common)]

    fits = match.fits("dementia care", 2, False, found)

    assert fits[rare].strength > 1.4 * max(fits[each].strength for each in common)
    assert not fits[rare].whole


def test_words_that_everything_shares_are_no_fit() -> None:
    whole, *common = ids(60)
    found = [Found(whole, (0, 1, 2), True), *(Found(each, (2,), False) for each in common)]

    assert set(match.fits("palliative care help", 3, False, found)) == {whole}


def test_a_word_spelled_alike_is_close_only() -> None:
    (listing,) = ids(1)

    fits = match.fits("exel", 1, True, [Found(listing, (0,), True)])

    assert not fits[listing].whole
    assert fits[listing].strength == match.ALIKE


@pytest.mark.parametrize(
    ("skill", "told"),
    [
        ("Excel for beginners", "Excel for"),
        ("Getting better at Excel, please!", "at Excel,"),
        ("help", "help"),
        ("", ""),
    ],
)
def test_words_that_say_how_much_and_not_what_are_left_out(skill: str, told: str) -> None:
    assert match.telling(skill) == told
