"""What waits for a representative: asked of members and exchanges, and ranked as one list."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway import asking, names
from gateway.ranking import Item, Ranked, ranked
from services.bus.caller import Caller

REMINDABLE = ("unanswered", "unconfirmed", "unfunded", "overdue")
_OF_A_JUDGE = {"dispute": "resolve", "reversal": "reverse"}
LOOK = "look"
CONCERN = "concern"
CONCERN_KINDS = {"safeguarding": "safeguarding", "serious": "serious", "low": "concern"}
"""What a concern is in the list for, by its severity."""


@dataclass(frozen=True)
class Queue:
    """A representative's list.

    Attributes:
        regions: slugs of those the reader answers for; none for national and Senate.
        ranked: everything that waits, in its order.
        own: how many exchanges of the reader's own are left to somebody else.
    """

    regions: list[str]
    ranked: list[Ranked]
    own: int


def load() -> Queue:
    """The caller's list.

    Raises:
        RpcError: the caller answers for no region, or a service is away.
    """
    people = asking.ask("members", "queue")
    answering = _answering()
    found = asking.ask(
        "exchanges",
        "queue",
        conflicts=answering,
        newcomers=[each["id"] for each in people["newcomers"]],
    )
    who, taking_part = asking.caller(), set(found["taking_part"])
    names.in_exchanges([each["exchange"] for each in found["items"]])
    items = [
        *(_joiner(each, who) for each in people["joiners"]),
        *(_newcomer(each, who) for each in people["newcomers"] if each["id"] not in taking_part),
        *(_concern(each, _moment(found["as_of"])) for each in _named(found["concerns"])),
        *(_of_exchanges(found["items"], answering)),
    ]
    return Queue(people["regions"], ranked(items, _moment(found["as_of"])), found["own"])


def _answering() -> dict[str, list[str]]:
    """Who answers for each region now: what is their own matter is the national team's, and so
    is all that belongs to no region."""
    return {**asking.ask_ourselves("members", "representatives", present=True), "national": []}


def acts(who: Caller, region: str) -> bool:
    """Whether somebody may do more than look; the services decide again."""
    return who.is_national or who.represents(region)


def _joiner(found: dict[str, Any], who: Caller) -> Item:
    return Item(
        kind="joiner",
        id=found["id"],
        region=found["region"],
        since=_moment(found["joined_at"]),
        due=_moment(found["due"]),
        late=found["escalated"],
        act="approve" if acts(who, found["region"]) else LOOK,
        about={
            "name": found["name"],
            "email": found.get("email"),
            "organisation": found["organisation_name"],
            "says": found["about"],
        },
    )


def _newcomer(found: dict[str, Any], who: Caller) -> Item:
    return Item(
        kind="newcomer",
        id=found["id"],
        region=found["region"],
        since=_moment(found["joined_at"]),
        act="nudge" if acts(who, found["region"]) else LOOK,
        about={"name": found["name"], "nudges": found["nudges"]},
    )


def _named(concerns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = names.cards(each["about_id"] for each in concerns)
    return [
        {**each, "name": known.get(each["about_id"], {}).get("name") or "a colleague"}
        for each in concerns
    ]


def _concern(found: dict[str, Any], now: datetime.datetime) -> Item:
    due = _moment(found["acknowledge_by"])
    return Item(
        kind=CONCERN_KINDS[found["severity"]],
        id=found["id"],
        region=found["region"],
        since=_moment(found["acted_at"]),
        due=due,
        late=found["state"] == "raised" and due <= now,
        act=CONCERN,
        about={"name": f"About {found['name']}", "concern": found},
    )


def _of_exchanges(
    found: list[dict[str, Any]], answering: Mapping[str, list[str]]
) -> Iterator[Item]:
    for each in found:
        exchange, kind = each["exchange"], each["kind"]
        wanted = _OF_A_JUDGE.get(kind, "remind")
        possible = wanted in exchange["allowed"] and (wanted != "remind" or each["may_remind"])
        yield Item(
            kind=kind,
            id=exchange["id"],
            region=exchange["region"],
            since=_moment(each["since"]),
            due=_moment(exchange["deadline"]) if exchange["deadline"] else None,
            late=kind == "dispute" and exchange["next_actor"] == "national",
            handed_on=_handed_on(exchange, answering),
            exhausted=kind in REMINDABLE and not each["may_remind"],
            act=wanted if possible else LOOK,
            about={"exchange": exchange, "reminders": each["reminders"]},
        )


def _handed_on(exchange: dict[str, Any], answering: Mapping[str, list[str]]) -> bool:
    """Whether all who answer for its region take part in it."""
    theirs = answering.get(exchange["region"], [])
    parties = {exchange[side]["id"] for side in ("giver", "receiver")}
    return bool(theirs) and parties.issuperset(theirs)


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)
