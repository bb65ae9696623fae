"""Adds people's names to answers, by one batched question to members for each answer."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import structlog

from gateway import asking
from services.bus.rpc import RpcError

log = structlog.get_logger(__name__)

REMEMBERED = 5.0
"""Seconds a name is remembered: the two parties of an exchange are shown again and again
while they deal with each other. Whoever changes their own sees it at once."""
MOST_REMEMBERED = 20_000
AT_ONCE = 500
"""Ids in one question; only what is exported has more."""

Cards = dict[str, dict[str, Any]]


def cards(ids: Iterable[str | None]) -> Cards:
    """Name, region and organisation of members, by id; those unknown are absent.

    A missing name is no reason to keep back an answer that may follow a step already
    taken: when members cannot be asked, those not known are absent.
    """
    wanted = {each for each in ids if each}
    kept = asking.door().cards
    found = {each: card for each in wanted if (card := kept.get(each))}
    missing = sorted(wanted - found.keys())
    if not missing:
        return found
    try:
        for start in range(0, len(missing), AT_ONCE):
            ids = missing[start : start + AT_ONCE]
            asked: Cards = asking.ask_ourselves("members", "cards", ids=ids)
            found.update(asked)
            for each, card in asked.items():
                kept.keep(each, card)
    except RpcError as error:
        log.warning("names left out", reason=error.code)
    return found


def in_exchanges(exchanges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same exchanges, with the names of both parties."""
    known = cards(party["id"] for each in exchanges for party in _parties(each))
    for each in exchanges:
        for party in _parties(each):
            party["name"] = known.get(party["id"], {}).get("name")
    return exchanges


def _parties(exchange: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield exchange["giver"]
    yield exchange["receiver"]


def in_listings(listings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same listings, with their owners."""
    for each in listings:
        owner = each.get("owner")
        each["owner"] = owner if isinstance(owner, dict) else {"id": each.pop("owner_id", owner)}
    known = cards(each["owner"]["id"] for each in listings)
    for each in listings:
        owner = each["owner"]
        card = known.get(owner["id"], {})
        each["owner"] = {
            "id": owner["id"],
            "name": card.get("name"),
            "region": card.get("region") or owner.get("region") or each.get("region"),
            "organisation_name": card.get("organisation_name") or card.get("organisation"),
        }
    return listings


def in_entries(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same statement entries, with the other side of each."""
    known = cards(each.get("counterpart_id") for each in entries)
    for each in entries:
        other = each.pop("counterpart_id", None)
        card = known.get(other) if other else None
        each["counterpart"] = {"id": other, "name": (card or {}).get("name")} if other else None
    return entries


def in_notices(notices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same notices, their sentences speaking of people by name."""
    known = cards(person for each in notices for person in each.get("people", ()))
    for each in notices:
        people = each.pop("people", [])
        pattern = each.pop("pattern", None)
        called = [known.get(person, {}).get("name") for person in people]
        if pattern and all(called):
            each["text"] = _filled(pattern, called)
    return notices


def _filled(pattern: str, called: list[str | None]) -> str:
    """The pattern with ``{0}``, ``{1}`` replaced, in one pass: a name may look like one."""
    return re.sub(r"\{(\d)\}", lambda found: str(called[int(found[1])]), pattern)
