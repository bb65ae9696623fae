"""Proves that the guide for subscribers says what the code does."""

import re
from pathlib import Path

from services.notifications import feed_rights, subscription

GUIDE = (Path(__file__).resolve().parents[2] / "docs/subscriptions.md").read_text()
UNITS = {"s": 1, "min": 60, "h": 3600}


def seconds(text: str) -> list[int]:
    return [int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+) (s|min|h)\b", text)]


def test_the_table_of_tries_is_the_one_that_is_followed() -> None:
    (told,) = re.findall(r"tried again after ([^,]+(?:, [^,]+)+ and \d+ h)", GUIDE)
    assert tuple(seconds(told)) == subscription.RETRIES


def test_limits_are_those_of_the_code() -> None:
    rests = ", ".join(map(str, subscription.RESTS[:-1])) + f" and then {subscription.RESTS[-1]}"
    for said in (
        f"keeps {feed_rights.MOST_SIGNALS:,} signals",
        f"rests for {rests} seconds",
        f"beside it for {subscription.OVERLAP.total_seconds() / 3600:.0f} hours",
        f"{subscription.KEPT.days} days back at most",
        "deleted when nobody reads it for a week",
    ):
        assert said in GUIDE
    assert feed_rights.UNREAD_FOR == 7 * 86_400_000
