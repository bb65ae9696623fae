"""A region in which thirty things have waited for its representative long enough to be listed."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import psycopg

from deploy.client import Person
from deploy.local.installation import Installation
from tests.pages.helping import Two, joined, listed
from tests.pages.visiting import eventually

REGION, EMPLOYER = "east-of-england", "RGT"
REP = f"rep.{REGION}@dev.nhs.uk"
PLACE = (EMPLOYER, REGION)
JOINERS, UNANSWERED, UNDATED, NEWCOMERS = 12, 10, 4, 3
"""With one dispute, thirty."""


def joins(gateway: str, name: str) -> Person:
    """Somebody whose address lets nobody in by itself."""
    person = Person(gateway, f"{uuid.uuid4().hex}@example.org")
    body = {"name": name, "organisation": "A small care home", "region": REGION}
    person.post("/v1/members", body)
    return person


def pair(gateway: str, number: int = 0) -> Two:
    """Two people of the region, called by a number."""
    giver = joined(gateway, f"Gia Example {number}", PLACE)
    receiver = joined(gateway, f"Rae Example {number}", PLACE)
    return Two(giver, receiver, listed(giver, "Reading a balance sheet"))


def aged(platform: Installation, exchange_id: str, days: int) -> None:
    """Let an exchange have stood as it does for some days; its deadline is that much nearer."""
    _change(
        platform,
        "exchanges",
        "update exchange set entered_at = entered_at - %(ago)s, deadline = deadline - %(ago)s"
        " where id = %(id)s",
        exchange_id,
        days,
    )


def joined_before(platform: Installation, person: Person, days: int) -> None:
    """Let somebody have joined some days ago."""
    _change(
        platform,
        "members",
        "update member set joined_at = joined_at - %(ago)s where id = %(id)s",
        person.get("/v1/members/me")["id"],
        days,
    )


def _change(platform: Installation, service: str, statement: Any, row: str, days: int) -> None:
    with psycopg.connect(platform.database_urls[service]) as conn:
        conn.execute(statement, {"ago": datetime.timedelta(days=days), "id": row})


def disputed(two: Two) -> str:
    """An exchange the two see differently."""
    booked = two.accepted(minutes=30)
    two.giver.act(booked["id"], "done", minutes=30)
    two.receiver.act(booked["id"], "dispute", reason="It took a quarter of an hour.")
    return str(booked["id"])


def fill(platform: Installation) -> None:
    """Thirty things that wait."""
    gateway = platform.gateway_url
    for number in range(JOINERS):
        joins(gateway, f"Jo Example {number}")
    for number in range(NEWCOMERS):
        joined_before(platform, joined(gateway, f"Neo Example {number}", PLACE), days=9)
    two = pair(gateway)
    for _ in range(UNANSWERED):
        aged(platform, two.asked(minutes=15)["id"], days=3)
    for _ in range(UNDATED):
        aged(platform, two.accepted(minutes=15)["id"], days=8)
    disputed(two)
    eventually(lambda: len(waiting(platform)) == 30)


def waiting(platform: Installation) -> list[dict[str, Any]]:
    """The representative's list."""
    found: list[dict[str, Any]] = Person(platform.gateway_url, REP).get("/v1/queue")["items"]
    return found
