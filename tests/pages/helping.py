"""Two invented people who help each other, so that a test shares nobody with another."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import requests

from deploy.client import Person
from tests.pages.visiting import TIMEOUT, csrf_of, eventually, session_of

GIVER, RECEIVER = ("RH8", "south-west"), ("R0A", "north-west")
"""Employer and region of each: an exchange of theirs belongs to the receiver's region."""


def joined(gateway: str, name: str, place: tuple[str, str]) -> Person:
    """Somebody new, called as given, with an address of their own."""
    person = Person(gateway, f"{uuid.uuid4().hex}@dev.nhs.uk")
    employer, region = place
    person.post("/v1/members", {"name": name, "organisation": employer, "region": region})
    return person


def listed(person: Person, title: str, kind: str = "offer", minutes: int = 60) -> str:
    """The id of something a person now offers or asks for."""
    body = {"kind": kind, "title": title, "description": "In my own words.", "minutes": minutes}
    return str(person.post("/v1/listings", body)["id"])


@dataclass(frozen=True)
class Two:
    """A giver with an offer, and a receiver who may ask for it."""

    giver: Person
    receiver: Person
    offer: str

    def asked(self, **body: Any) -> dict[str, Any]:
        """The exchange after the receiver has asked."""
        wanted = {"listing_id": self.offer, "minutes": 60, **body}
        found: dict[str, Any] = self.receiver.post("/v1/exchanges", wanted)
        return found

    def accepted(self, state: str = "booked", **body: Any) -> dict[str, Any]:
        """The exchange after the giver has said yes and the ledger has answered."""
        asked = self.asked(**body)
        self.giver.act(asked["id"], "accept")
        return self.reached(asked["id"], state)

    def settled(self) -> dict[str, Any]:
        """An exchange that took place and was paid."""
        booked = self.accepted()
        self.receiver.act(booked["id"], "done", minutes=60)
        return self.reached(booked["id"], "settled")

    def reached(self, exchange_id: str, state: str) -> dict[str, Any]:
        path = f"/v1/exchanges/{exchange_id}"
        eventually(lambda: self.receiver.get(path)["state"] == state)
        found: dict[str, Any] = self.receiver.get(path)
        return found


def two(gateway: str, giver: str = "Gwen Example", receiver: str = "Ravi Example") -> Two:
    """Two people who have just joined."""
    gives, receives = joined(gateway, giver, GIVER), joined(gateway, receiver, RECEIVER)
    return Two(gives, receives, listed(gives, "Reading a balance sheet"))


@dataclass(frozen=True)
class Visit:
    """Somebody's browser without a screen."""

    http: requests.Session
    gateway: str

    @classmethod
    def of(cls, person: Person) -> Visit:
        return cls(session_of(person.gateway, person.email), person.gateway)

    def get(self, path: str) -> requests.Response:
        return self.http.get(self.gateway + path, timeout=TIMEOUT)

    def send(self, path: str, **fields: str) -> requests.Response:
        """What comes of a form filled in; its proof is fetched unless given as ``csrf``."""
        csrf = fields.pop("csrf", None) or csrf_of(self.get(path).text)
        return self.http.post(self.gateway + path, data={"csrf": csrf, **fields}, timeout=TIMEOUT)
