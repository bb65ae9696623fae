"""Whose turn it is in an exchange, by when, and what they may do: in words, for one reader."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.pages import words

Found = Mapping[str, Any]
"""An exchange as the exchanges service tells it, with names."""

YOU, OTHERS, AHEAD, FINISHED = "you", "others", "ahead", "finished"
GROUPS: Mapping[str, str] = {
    YOU: "Waiting on you",
    AHEAD: "Coming up",
    OTHERS: "Waiting for somebody else",
    FINISHED: "Finished",
}
"""What exchanges are listed under, in this order."""

OTHER = {"giver": "receiver", "receiver": "giver"}
SOMEBODY = "a colleague"


@dataclass(frozen=True)
class Turn:
    """What an exchange asks of whoever looks at it.

    Attributes:
        group: one of ``GROUPS``.
        text: what happens next and until when.
        primary: the one step that leads on; ``None`` when there is none to take.
    """

    group: str
    text: str
    primary: str | None = None


def side(found: Found, me: str) -> str | None:
    """``giver`` or ``receiver``; ``None`` for somebody who is no party."""
    for each in OTHER:
        if found[each]["id"] == me:
            return each
    return None


def name(found: Found, which: str) -> str:
    """What a party is called."""
    return found[which].get("name") or SOMEBODY


def other(found: Found, me: str) -> str:
    """What the other party is called; for a third person, the giver."""
    mine = side(found, me)
    return name(found, OTHER[mine] if mine else "giver")


def heading(found: Found, me: str) -> str:
    """Who helps whom: ``Ben helps you``."""
    mine = side(found, me)
    if mine == "giver":
        return f"You help {name(found, 'receiver')}"
    receiver = "you" if mine else name(found, "receiver")
    return f"{opening(name(found, 'giver'))} helps {receiver}"


def turn(found: Found, me: str, now: datetime.datetime) -> Turn:
    """What is next in an exchange, for one reader."""
    state, mine = found["state"], side(found, me)
    until = words.day_and_time(found["deadline"])
    if found["next_actor"] is None:
        return Turn(FINISHED, _ended(found, me))
    if state == "booked":
        return _booked(found, me, until, now)
    if mine is not None and found["next_actor"] == mine:
        return _mine(found, me, until)
    return Turn(OTHERS, opening(_theirs(found, until)), _first(found, "resolve"))


def _mine(found: Found, me: str, until: str) -> Turn:
    who = opening(other(found, me))
    minutes = words.duration(found["minutes"])
    if found["state"] == "requested" and found.get("took_place_before"):
        helped = "you helped them" if side(found, me) == "giver" else "they helped you"
        claim = f"{who} says that {helped} for {minutes}. Is that right?"
        text = f"{claim} Without an answer by {until} it ends, and no hours move."
        return Turn(YOU, text, _first(found, "accept"))
    if found["state"] == "requested":
        text = f"{_asked(found, me, who, minutes)} Answer by {until}; after that it ends by itself."
        return Turn(YOU, text, _first(found, "accept"))
    if found["state"] == "unfunded":
        short = words.duration(found["shortfall_minutes"] or 0)
        text = f"{who} has said yes, but you need {short} more. Choose what to do by {until}."
        return Turn(YOU, text, _first(found, "ask_fund", "amend"))
    stated = words.duration(found["stated_minutes"] or found["minutes"])
    claim = f"{who} says that it took place and took {stated}."
    silence = "it counts as confirmed" if side(found, me) == "receiver" else "it counts as agreed"
    if found.get("recorded") and side(found, me) == "receiver":
        silence = "it ends, and no hours move"
    text = f"{claim} Is that right? Without an answer by {until}, {silence}."
    return Turn(YOU, text, _first(found, "confirm"))


def _asked(found: Found, me: str, who: str, minutes: str) -> str:
    when = f", {words.day_and_time(found['starts_at'])}" if found["starts_at"] else ""
    if found["asker_id"] == me:
        return f"{who} suggests a change: {minutes}{when}."
    verb = "asks you for" if side(found, me) == "giver" else "offers you"
    return f"{who} {verb} {minutes} of help{when}."


def _booked(found: Found, me: str, until: str, now: datetime.datetime) -> Turn:
    if side(found, me) is None:
        return Turn(OTHERS, f"The two have until {until} to say that it took place.")
    ends = f"by {until}; after that it ends, and the hours held go back."
    if not found["starts_at"]:
        text = f"No time is agreed yet. Agree one, or say that it took place, {ends}"
        return Turn(YOU, text, _first(found, "reschedule", "done"))
    if ends_at(found) <= now:
        return Turn(YOU, f"Has it taken place? Say so {ends}", _first(found, "done"))
    return Turn(AHEAD, f"It is booked for {words.day_and_time(found['starts_at'])}.")


def ends_at(found: Found) -> datetime.datetime:
    """When what is agreed will be over."""
    begins = datetime.datetime.fromisoformat(found["starts_at"])
    return begins + datetime.timedelta(minutes=found["minutes"])


def _theirs(found: Found, until: str) -> str:
    state, whose = found["state"], found["next_actor"]
    if whose == "ledger":
        if state == "accepted":
            return "The hours are being set aside. This usually takes a few seconds."
        return "The hours are being moved. This usually takes a few seconds."
    if state == "requested" and whose == "rep":
        return "The request goes out as soon as a representative has let its sender in."
    if state == "disputed":
        judge = "The national team" if whose == "national" else "A representative of the region"
        return f"{judge}, who is neither of the two, decides by {until}."
    who = name(found, whose)
    if state == "unfunded":
        return f"{who} has too few credits for this, and until {until} to choose what to do."
    if state == "awaiting_confirmation":
        stated = words.duration(found["stated_minutes"] or found["minutes"])
        return f"{who} has until {until} to confirm {stated}."
    return f"{who} has until {until} to answer."


def _ended(found: Found, me: str) -> str:
    minutes, mine = words.duration(found["minutes"]), side(found, me)
    giver = "you" if mine == "giver" else name(found, "giver")
    receiver = "you" if mine == "receiver" else name(found, "receiver")
    if found.get("superseded"):
        thanks = "Thank you for being there." if mine == "giver" else "Nothing is left to do."
        return f"Somebody else who was asked said yes first. {thanks}"
    said = {
        "settled": f"It took place. {minutes} went from {receiver} to {giver}.",
        "declined": "The answer was no. Nothing was taken from anybody.",
        "withdrawn": "It ended before it was booked. No hours moved.",
        "expired": "Nobody answered in time, so it ended by itself. No hours moved.",
        "cancelled": "It was cancelled. The hours that were held went back.",
        "lapsed": "Nobody said that it took place, so it ended. The hours held went back.",
        "no_show": "It did not take place. The hours that were held went back. "
        "Only the two of you can see this.",
        "reversed": f"It was undone: {minutes} went back from {giver} to {receiver}.",
    }
    return said.get(found["state"], "Nothing is left to do.")


def _first(found: Found, *steps: str) -> str | None:
    """The first of some steps that is allowed."""
    return next((each for each in steps if each in found["allowed"]), None)


def opening(text: str) -> str:
    """With a capital, as a sentence begins."""
    return text[:1].upper() + text[1:]
