"""Proves which days a report may be about."""

import datetime

import pytest

from services.reporting import errors, period


def test_both_days_are_read_and_either_may_be_missing():
    day = datetime.date(2026, 10, 5)

    assert period.Period.read("2026-10-05", "2026-10-05") == period.Period(day, day)
    assert period.Period.read(None, "2026-10-05") == period.Period(None, day)
    assert period.Period.read(None, None) == period.Period(None, None)


@pytest.mark.parametrize(
    "text", ["", "5 October", "2026-13-01", "2026-02-30", "20261005", 7, True, "9999-12-31", []]
)
def test_what_is_no_day_is_refused(text):
    with pytest.raises(errors.BadPeriod):
        period.Period.read(text, None)


def test_a_period_that_ends_before_it_begins_is_refused():
    with pytest.raises(errors.BadPeriod):
        period.Period.read("2026-10-06", "2026-10-05")
