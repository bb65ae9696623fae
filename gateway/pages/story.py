"""The story of an exchange so far: each step as a sentence, for one reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway import names
from gateway.pages import turns, words

A_REP = "A representative"

_BY_SOMEBODY: Mapping[str, str] = {
    "accept": "{who} said yes.",
    "decline": "{who} said no.",
    "amend": "{who} suggested a change: {minutes}, or another time.",
    "withdraw": "{who} took it back.",
    "ask_fund": "{who} asked the community fund for what was missing.",
    "reschedule": "{who} changed the time.",
    "cancel": "{who} cancelled it.",
    "done": "{who} said that it took place.",
    "confirm": "{who} confirmed {minutes}.",
    "no_show": "{who} said that you did not meet.",
    "dispute": "{who} did not agree.",
    "resolve": "{who} decided.",
    "reverse": "{who} undid it.",
    "thank": "{who} said thank you.",
    "remind": "{who} sent a reminder.",
    "record": "{who} wrote down {minutes} of help by {giver} for {receiver}.",
    "let_in": "The request was sent.",
    "end": "{who} ended it.",
    "held_as_ruled": "The hours were held, as decided.",
}
_BY_ITSELF: Mapping[str, str] = {
    "held": "It was booked, and {minutes} set aside.",
    "refused": "There were too few credits to book it.",
    "expire": "Nobody answered in time.",
    "lapse": "Nobody said that it took place.",
    "confirmed_by_silence": "Nobody objected in time, so it counts as it was stated.",
    "agreed_by_silence": "Nobody objected in time, so it counts as agreed.",
    "posted": "{minutes} moved from {receiver} to {giver}.",
    "escalate": "The national team was asked to decide.",
    "settle_lower": "Nobody decided in time, so the lower figure counts.",
    "supersede": "Somebody else who was asked said yes first.",
    "left": "One of the two left the timebank.",
}
_OF_WHAT_TOOK_PLACE: Mapping[str, str] = {
    "accept": "{who} said that it is right.",
    "decline": "{who} said that it is not right.",
    "held_as_ruled": "Set aside for it: {minutes}.",
}
"""Of what was written down afterwards, where a yes means something else."""
UNTOLD = ("ask_again",)
"""Steps between our own parts, of which people need not hear."""


def so_far(found: Mapping[str, Any], me: str) -> list[dict[str, Any]]:
    """Every step: ``text``, when it was (``at``), and the ``reason`` somebody gave."""
    known = _names(found, me)
    told: list[dict[str, Any]] = []
    before = None
    for step in found.get("history", ()):
        same = (step["action"], step["actor_id"], step["at"])
        if step["action"] not in UNTOLD and same != before:
            text = _sentence(step, found, known) + _by_system(step, known)
            told.append({"text": text, "at": step["at"], "reason": step["reason"]})
        before = same
    return told


def _names(found: Mapping[str, Any], me: str) -> dict[str, str]:
    """What everybody in the story is called: the reader is "you"."""
    known = {found[each]["id"]: turns.name(found, each) for each in turns.OTHER}
    third = {step["actor_id"] for step in found.get("history", ())} - {*known, me, None}
    cards = names.cards(third) if third else {}
    for each in third:
        called = cards.get(each, {}).get("name")
        known[each] = f"{called}, a representative," if called else A_REP
    return {**known, me: "you"}


def _sentence(step: Mapping[str, Any], found: Mapping[str, Any], known: Mapping[str, str]) -> str:
    who = known.get(step["actor_id"] or "", A_REP)
    if step.get("for_id"):
        who = f"{who.rstrip(',')}, for {known[step['for_id']]},"
    facts = {
        "who": who,
        "minutes": words.duration(step["minutes"]),
        "giver": known[found["giver"]["id"]],
        "receiver": known[found["receiver"]["id"]],
    }
    text = _pattern(step, found).format(**facts)
    return text[:1].upper() + text[1:]


def _by_system(step: Mapping[str, Any], known: Mapping[str, str]) -> str:
    """That it was not the person at the keyboard."""
    if not step.get("client_id"):
        return ""
    return f" Another system did this for {known.get(step['actor_id'] or '', 'them')}."


def _pattern(step: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    action = step["action"]
    if action == "ask":
        offered = step["actor_id"] == found["giver"]["id"]
        return "{who} offered {minutes} of help." if offered else "{who} asked for {minutes}."
    if action == "record" and step["actor_id"] == found["giver"]["id"]:
        return "{who} wrote down {minutes} of help for {receiver}."
    if action == "record" and step["actor_id"] == found["receiver"]["id"]:
        return "{who} wrote down {minutes} of help by {giver}."
    if found.get("took_place_before") and action in _OF_WHAT_TOOK_PLACE:
        return _OF_WHAT_TOOK_PLACE[action]
    if action == "confirm" and step["state"] == "awaiting_confirmation":
        return "{who} said that it took less time."
    if step["actor_id"] is None and action in _BY_ITSELF:
        return _BY_ITSELF[action]
    return _BY_SOMEBODY.get(action) or _BY_ITSELF.get(action) or "{who} did something."
