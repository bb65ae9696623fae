"""Titles of listings as links: no two of a page read the same, even where people wrote the same."""

from collections import Counter
from typing import Any


def told_apart(listings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same listings, each with ``nth``: 2 for the second that reads the same, and so on."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for each in listings:
        words = (each["kind"], each["title"], str(each["owner"].get("name")))
        seen[words] += 1
        each["nth"] = seen[words]
    return listings
