"""Who could help a member, and whom a member could help, each with the reason.

Found by search alone, until there is a matching that weighs more than words: what is asked
here of search will then be asked of it, and nothing else of the pages changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from gateway import asking, names
from gateway.pages import words

SHOWN = 3
LOOKED_AT = 20
"""Listings of an answer: enough for three different people in most."""
LONGEST = 180
"""Characters of a question to search."""
STEM = 5
"""Letters two words must share at their beginning to be about the same."""

Reason = Callable[[dict[str, Any]], str]


def of(me: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Listings of different people, each with a ``reason``, the best first.

    Args:
        me: one's own profile.
        kind: ``offer`` for who could help, ``request`` for whom one could help.
    """
    found: dict[str, dict[str, Any]] = {}
    for query, reason in _questions(me, kind):
        answer = asking.ask("exchanges", "listings", kind=kind, limit=LOOKED_AT, **query)
        for each in answer["items"]:
            found.setdefault(each["owner"]["id"], {**each, "reason": reason(each)})
        if len(found) >= SHOWN:
            break
    return names.in_listings(list(found.values())[:SHOWN])


def _questions(me: dict[str, Any], kind: str) -> Iterator[tuple[dict[str, Any], Reason]]:
    """What to ask search, the closest fit first, and why what it finds is shown."""
    skills = me["skills_wanted"] if kind == "offer" else me["skills_offered"]
    any_of = _any_of(skills)
    if any_of:
        yield {"q": any_of}, lambda each: _by_skill(each, kind, skills)
    region = me["region"]
    yield {"region": region}, lambda _: f"In your region, {words.REGIONS.get(region, region)}"
    yield {}, lambda _: "New in the timebank"


def _any_of(skills: list[str]) -> str:
    """A question that any of the skills' words answers."""
    telling = dict.fromkeys(re.findall(r"[^\W_]{3,}", " ".join(skills).casefold()))
    question = ""
    for word in telling:
        longer = f"{question} or {word}" if question else word
        if len(longer) > LONGEST:
            break
        question = longer
    return question


def _by_skill(listing: dict[str, Any], kind: str, skills: list[str]) -> str:
    said = "You would like" if kind == "offer" else "You can help with"
    skill = next((each for each in skills if _is_about(listing, each)), None)
    return f"{said}: {skill}" if skill else "Fits what you wrote"


def _is_about(listing: dict[str, Any], skill: str) -> bool:
    text = " ".join([listing["title"], listing["description"], *listing["skills"]])
    return bool(_stems(text) & _stems(skill))


def _stems(text: str) -> set[str]:
    return {each[:STEM] for each in re.findall(r"[^\W_]{4,}", text.casefold())}
