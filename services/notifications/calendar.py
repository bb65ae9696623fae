"""The calendar file that comes with a booking, follows its changes and removes it."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

import icalendar

METHODS = {"booked": "REQUEST", "rescheduled": "REQUEST", "cancelled": "CANCEL"}
"""What the file asks of a calendar, by notice; the others carry none."""


@dataclass(frozen=True)
class Entry:
    """A calendar file, ready to be attached.

    Attributes:
        method: ``REQUEST`` or ``CANCEL``; the attachment's type must name it too.
    """

    method: str
    content: bytes


@dataclass(frozen=True)
class Guest:
    name: str
    email: str


def entry(
    template: str,
    facts: Mapping[str, Any],
    *,
    title: str,
    link: str,
    guests: tuple[Guest, ...],
    organiser: str,
) -> Entry | None:
    """The file for a notice, if it needs one and a time is agreed.

    Args:
        facts: of the notice.
        title: what the entry is called.
        link: to the exchange.
        guests: the two parties.
        organiser: our own address with its name: an answer of a calendar comes to us,
            not to a colleague's inbox.
    """
    method = METHODS.get(template)
    if method is None or "starts_at" not in facts:
        return None
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Talent Timebank//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(_event(method, facts, title, link, guests, organiser))
    return Entry(method, calendar.to_ical())


def _event(
    method: str,
    facts: Mapping[str, Any],
    title: str,
    link: str,
    guests: tuple[Guest, ...],
    organiser: str,
) -> icalendar.Event:
    starts_at = datetime.datetime.fromisoformat(facts["starts_at"]).astimezone(datetime.UTC)
    event = icalendar.Event()
    # The exchange's own id is unique in the world (RFC 7986, 5.3); the file that the exchange's
    # page offers has the same, so that nobody gets an entry twice.
    event.add("uid", facts["exchange_id"])
    event.add("sequence", facts["sequence"])
    event.add("dtstamp", datetime.datetime.fromisoformat(facts["happened_at"]))
    event.add("dtstart", starts_at)
    event.add("dtend", starts_at + datetime.timedelta(minutes=facts["minutes"]))
    event.add("summary", title)
    event.add("description", link)
    event.add("url", link)
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("organizer", _address(*parseaddr(organiser)))
    for guest in guests:
        event.add("attendee", _attendee(guest))
    return event


def _attendee(guest: Guest) -> icalendar.vCalAddress:
    """Both have agreed already: no calendar needs to ask them."""
    address = _address(guest.name, guest.email)
    address.params["PARTSTAT"] = icalendar.vText("ACCEPTED")
    address.params["RSVP"] = icalendar.vText("FALSE")
    return address


def _address(name: str, email: str) -> icalendar.vCalAddress:
    address = icalendar.vCalAddress(f"mailto:{email}")
    # Quotes cannot be written in a parameter at all.
    address.params["CN"] = icalendar.vText(name.replace('"', "'"))
    return address
