"""Messages no service could handle: every service asked, what to say of each in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway import asking, names
from gateway.blueprint import Blueprint
from gateway.schemas import parked as shapes
from services.bus.rpc import RpcError
from services.contracts.readers import READERS

routes = Blueprint("parked messages", "Messages that no service could handle.")

SERVICES = tuple(sorted(READERS))
"""Who hears messages, and so may fail to handle one."""
_WHY: tuple[tuple[str, str], ...] = (
    (r"begun \d+ times", "Whenever it was handled, the whole process ended."),
    ("the broker delivered", "It was handed out again and again, and nobody came to an end."),
    ("nobody here handles", "This part of the platform does not know this kind of message."),
    ("not an event|the body is|the event has", "It is damaged, or not a message of ours."),
    (r"[a-z_]+\.[a-z_]+: \{", "It lacks something that belongs into a message of its kind."),
    (r"RpcError|TryLater|\w*Away\b", "Another part of the platform did not answer it in time."),
    (r"\w*(Violation|IntegrityError|CheckViolation)\b",
     "The database refused it: a rule of the bank would have been broken."),
)  # fmt: skip
"""Beginnings of what a service writes down, and what a person is told; the first that fits."""
_ELSE = "Handling it failed every time."


@dataclass(frozen=True)
class Parked:
    """What all services have parked.

    Attributes:
        items: the messages, each with its ``service``, the longest parked first.
        totals: how many there are, by service; more than the items where they are many.
        silent: services that do not answer.
    """

    items: list[dict[str, Any]]
    totals: Mapping[str, int]
    silent: list[str]


def load() -> Parked:
    """Ask every service; one that is away keeps nothing back of the others.

    Raises:
        RpcError: the caller may not see it.
    """
    items: list[dict[str, Any]] = []
    totals: dict[str, int] = {}
    silent: list[str] = []
    for service in SERVICES:
        try:
            found = asking.ask(service, "parked")
        except RpcError as error:
            if error.family != "try_later":
                raise
            silent.append(service)
            continue
        totals[service] = found["total"]
        items += [_message(service, each) for each in found["items"]]
    return Parked(sorted(items, key=lambda each: each["first_failed_at"]), totals, silent)


def _message(service: str, found: dict[str, Any]) -> dict[str, Any]:
    event = found["routing_key"].rpartition(".")[2]
    return {**found, "service": service, "event": event, "why": why(found["failure"])}


def why(failure: str) -> str:
    """What a service wrote down of its failure, in a sentence for a person."""
    for beginning, sentence in _WHY:
        if re.match(beginning, failure):
            return sentence
    return _ELSE


def decisions(before: str | None = None) -> list[dict[str, Any]]:
    """What was decided in all services, the newest first, with the names of who decided."""
    found: list[dict[str, Any]] = []
    for service in SERVICES:
        asked = asking.ask(service, "parked_decisions", before=before)["items"]
        found += [_message(service, each) for each in asked]
    known = names.cards(each["actor"] for each in found)
    for each in found:
        each["actor_name"] = known.get(each["actor"] or "", {}).get("name")
    return sorted(found, key=lambda each: each["at"], reverse=True)


@routes.get("/v1/parked-messages")
@routes.response(200, shapes.ParkedMessages)
def parked_messages() -> Any:
    """Messages no service could handle, for the national team and the Senate."""
    found = load()
    return {"items": found.items, "next": None, "silent": found.silent}


@routes.get("/v1/parked-messages/decisions")
@routes.arguments(shapes.DecisionsQuery, location="query")
@routes.response(200, shapes.Decisions)
def decided(wanted: dict[str, Any]) -> Any:
    """What was decided about parked messages, by whom and why, the newest first."""
    return {"items": decisions(**wanted), "next": None}


@routes.post("/v1/parked-messages/decisions")
@routes.creates
@routes.arguments(shapes.DecisionBody)
@routes.raises(404, 409)
@routes.response(201, shapes.Decided)
def decide(wanted: dict[str, Any]) -> Any:
    """Put parked messages of a service back, or discard them; for the national team."""
    return asking.tell(wanted.pop("service"), "decide_parked", **wanted)
