"""Proves how small counts of people are shown."""

import pytest

from services.reporting import suppression


def test_nobody_stays_nobody():
    assert suppression.shown(0) == 0


@pytest.mark.parametrize("people", [1, 2, 7])
def test_one_to_seven_people_are_hidden(people):
    assert suppression.shown(people) == "*"


@pytest.mark.parametrize(
    ("people", "shown"), [(8, 10), (11, 10), (12, 10), (13, 15), (1002, 1000), (1003, 1005)]
)
def test_more_people_are_rounded_to_the_nearest_five(people, shown):
    assert suppression.shown(people) == shown
