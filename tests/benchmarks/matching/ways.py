"""Two ways to three people who could help: plain search as the first screen did it, and matches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.transaction import Transaction
from services.exchanges import listing_handlers, match_handlers
from tests.benchmarks.matching.population import Person

SHOWN = 3
LOOKED_AT = 20
LONGEST = 180
"""Characters of a question to search."""


def caller(who: Person) -> Caller:
    return Caller(who.id, who.region, None, frozenset({"member"}), approved=True)


def by_matches(tx: Transaction, who: Person, kind: str) -> list[UUID]:
    """As ``GET /v1/matches`` asks."""
    query = {"kind": kind, "limit": SHOWN, "offered": who.offered, "wanted": who.wanted}
    found = match_handlers.matches(tx, caller(who), query)
    return [UUID(each["listing"]["id"]) for each in found["items"]]


def by_search(tx: Transaction, who: Person, kind: str) -> list[UUID]:
    """Any word of what is looked for, then one's region, then the newest."""
    found: dict[str, UUID] = {}
    for query in _questions(who, kind):
        wanted = {"kind": kind, "limit": LOOKED_AT, **query}
        answer = listing_handlers.search(tx, caller(who), wanted)
        for each in answer["items"]:
            found.setdefault(each["owner"]["id"], UUID(each["id"]))
        if len(found) >= SHOWN:
            break
    return list(found.values())[:SHOWN]


def _questions(who: Person, kind: str) -> Iterator[dict[str, Any]]:
    skills = who.wanted if kind == "offer" else who.offered
    telling = dict.fromkeys(re.findall(r"[^\W_]{3,}", " ".join(skills).casefold()))
    question = ""
    for word in telling:
        longer = f"{question} or {word}" if question else word
        if len(longer) > LONGEST:
            break
        question = longer
    if question:
        yield {"q": question}
    yield {"region": who.region}
    yield {}
