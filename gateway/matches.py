"""Matches: who could help a member and whom they could help, each with the reasons in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway import asking, names, paging, regions
from gateway.blueprint import Blueprint
from gateway.schemas import matches as shapes

routes = Blueprint("matches", "Who could help a member, and whom they could help.")

KINDS = {"help": "offer", "give": "request"}
"""What is looked through for whom."""

_HELP: Mapping[str, str] = {
    "skill": "You would like: {skill}",
    "close": "Close to what you would like: {skill}",
    "in_return": "You could help them in return: {skill}",
    "not_asked": "Not asked by anybody lately",
}
_GIVE: Mapping[str, str] = {
    "skill": "You can help with: {skill}",
    "close": "Close to what you can help with: {skill}",
    "in_return": "They could help you in return: {skill}",
    "not_asked": "Nobody has offered yet",
}
_BOTH: Mapping[str, str] = {
    "region": "In your region, {region}",
    "online": "Can take place online",
    "new_connection": "You have not met yet",
    "known": "You have met before",
}
_SENTENCES = {"help": {**_HELP, **_BOTH}, "give": {**_GIVE, **_BOTH}}


@routes.get("/v1/matches")
@routes.arguments(shapes.MatchesQuery, location="query")
@routes.response(200, shapes.Matches)
def matches(wanted: dict[str, Any]) -> Any:
    """The listings that fit the caller best, of different people, with the reasons."""
    me = asking.ask("members", "me")
    return paging.page({"items": found(me, wanted["for_"], wanted["limit"]), "next": None})


def found(me: dict[str, Any], whom: str, limit: int) -> list[dict[str, Any]]:
    """Matches with names and sentences, the best first.

    Args:
        me: the caller's own profile, as members have it now.
        whom: ``help`` for who could help the caller, ``give`` for whom they could help.
    """
    answer = asking.ask(
        "exchanges",
        "matches",
        kind=KINDS[whom],
        limit=limit,
        offered=me["skills_offered"],
        wanted=me["skills_wanted"],
    )
    say = _sentence(whom, me["region"])
    items = [
        {"listing": each["listing"], "reasons": [say(reason) for reason in each["reasons"]]}
        for each in answer["items"]
    ]
    names.in_listings([each["listing"] for each in items])
    return items


def _sentence(whom: str, region: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """How a reason reads: a code newer than this gateway is left without a sentence."""
    called = regions.NAMES.get(region, region)

    def say(reason: dict[str, Any]) -> dict[str, Any]:
        pattern = _SENTENCES[whom].get(reason["code"], "It may fit")
        # Not ``format``: a skill is somebody's own words, braces and all.
        text = pattern.replace("{region}", called).replace("{skill}", reason["skill"] or "")
        return {"code": reason["code"], "skill": reason["skill"], "text": text}

    return say
