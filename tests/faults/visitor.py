"""Single members of a platform, for steps that the crowd of clients does not take."""

from __future__ import annotations

import uuid
from typing import Any

from deploy.client import Person
from tests.faults.platform import Platform


def member(platform: Platform, name: str) -> Person:
    """Somebody new, let in at once."""
    person = Person(platform.at.gateway_url, f"{name}.{uuid.uuid4().hex}@dev.nhs.uk")
    person.post("/v1/members", {"name": "Vi Invented", "organisation": "RJ1", "region": "london"})
    return person


def listing_of(giver: Person) -> dict[str, Any]:
    """An offer of theirs, as it is published."""
    offer = {
        "kind": "offer",
        "title": "Help with rotas",
        "description": "Bring your own.",
        "category": "problem-solving",
        "minutes": 60,
        "online": True,
        "skills": ["Rotas"],
    }
    published: dict[str, Any] = giver.post("/v1/listings", offer)
    return published
