"""The order of a representative's list, the reasons it gives, and what fits into some minutes."""

import datetime
from typing import Any

import pytest

from gateway.ranking import ENDS_SOON, KINDS, LATE, Item, Ranked, ranked, within

NOW = datetime.datetime(2027, 3, 3, 14, tzinfo=datetime.UTC)


def item(kind: str, days: float = 1, **more: Any) -> Item:
    since = NOW - datetime.timedelta(days=days)
    return Item(kind, more.pop("id", kind), "london", since, "look", **more)


def order(*items: Item) -> list[str]:
    return [each.item.id for each in ranked(items, NOW)]


def test_of_the_same_age_what_only_a_representative_can_end_comes_first() -> None:
    kinds = [*KINDS]
    assert order(*(item(kind) for kind in reversed(kinds))) == kinds


def test_within_a_kind_who_has_waited_longest_comes_first() -> None:
    assert order(item("joiner", 1, id="b"), item("joiner", 3, id="a")) == ["a", "b"]


def test_nothing_waits_for_ever_behind_what_is_weightier() -> None:
    assert order(item("dispute", 0), item("joiner", 8)) == ["joiner", "dispute"]


def test_a_broken_promise_and_a_near_end_raise_the_rank_and_are_told() -> None:
    (usual,) = ranked([item("joiner", 3)], NOW)
    (late,) = ranked([item("joiner", 3, late=True)], NOW)
    assert late.score == usual.score + LATE
    assert "Two working days were promised" in late.reason
    soon = NOW + datetime.timedelta(hours=30)
    (far,) = ranked([item("unanswered", 3, due=NOW + datetime.timedelta(days=4))], NOW)
    (near,) = ranked([item("unanswered", 3, due=soon)], NOW)
    assert near.score == far.score + ENDS_SOON
    assert near.reason.endswith("It ends by itself tomorrow.")
    assert "ends by itself" not in far.reason


def test_a_concern_that_nobody_took_up_in_time_says_so_and_never_ends_by_itself() -> None:
    soon = NOW + datetime.timedelta(hours=3)
    (waiting,) = ranked([item("concern", 1, due=soon)], NOW)
    (late,) = ranked([item("concern", 1, late=True, due=NOW)], NOW)
    assert late.score == waiting.score + LATE
    assert "looks into it by now" in late.reason
    assert "ends by itself" not in waiting.reason + late.reason


def test_what_is_the_own_matter_of_a_representative_says_so_and_ranks_as_it_would() -> None:
    (usual,) = ranked([item("dispute", 3)], NOW)
    (handed_on,) = ranked([item("dispute", 3, handed_on=True)], NOW)
    assert handed_on.reason == f"{usual.reason} Their representative takes part in it."
    assert handed_on.score == usual.score


def test_who_has_been_reminded_enough_is_to_be_rung_up() -> None:
    (found,) = ranked([item("overdue", 9, exhausted=True)], NOW)
    assert "ring them up" in found.reason


@pytest.mark.parametrize(
    ("days", "age"), [(0, "since today"), (1, "for 1 day"), (12, "for 12 days")]
)
def test_the_age_is_told_in_days(days: int, age: str) -> None:
    (found,) = ranked([item("newcomer", days)], NOW)
    assert (found.age, found.reason.startswith(KINDS["newcomer"].why)) == (age, True)


def _chosen(minutes: int | None, *kinds: str) -> list[str]:
    some: list[Ranked] = ranked([item(kind) for kind in kinds], NOW)
    return [each.item.kind for each in within(some, minutes)]


def test_some_minutes_are_filled_from_the_top_and_what_is_too_long_is_passed_over() -> None:
    assert _chosen(None, "dispute", "joiner", "unanswered") == ["dispute", "joiner", "unanswered"]
    assert _chosen(5, "dispute", "joiner", "unanswered") == ["joiner", "unanswered"]
    assert _chosen(16, "dispute", "joiner", "unanswered") == ["dispute", "unanswered"]
    assert _chosen(1, "dispute", "joiner") == []
