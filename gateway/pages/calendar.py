"""A booked exchange as a calendar file, for whoever did not get one by e-mail."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import icalendar

from gateway.pages import turns, words

KIND = "text/calendar"
TAKES_PLACE = ("booked", "awaiting_confirmation", "completed", "settled", "disputed", "reversed")
TAKES_NO_PLACE = ("cancelled", "no_show", "lapsed")


def offered(found: Mapping[str, Any]) -> bool:
    """Whether there is something for a calendar: a time, agreed or called off."""
    return bool(found["starts_at"]) and found["state"] in TAKES_PLACE + TAKES_NO_PLACE


def entry(
    found: Mapping[str, Any], me: str, link: str, now: datetime.datetime
) -> tuple[str, bytes]:
    """What the file asks of a calendar (``PUBLISH`` or ``CANCEL``), and the file.

    The same exchange is always the same entry, in this file and in those that came by e-mail:
    its id and its number are the exchange's own (RFC 7986, 5.3, wants no host in an id).

    Args:
        link: to the exchange.
    """
    cancelled = found["state"] in TAKES_NO_PLACE
    method = "CANCEL" if cancelled else "PUBLISH"
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//{words.SERVICE}//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = icalendar.Event()
    event.add("uid", found["id"])
    event.add("sequence", found["sequence"])
    event.add("dtstamp", now)
    begins = datetime.datetime.fromisoformat(found["starts_at"]).astimezone(datetime.UTC)
    event.add("dtstart", begins)
    event.add("dtend", begins + datetime.timedelta(minutes=found["minutes"]))
    event.add("summary", f"{found['title']}: {turns.heading(found, me)}")
    event.add("description", link)
    event.add("url", link)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    calendar.add_component(event)
    return method, calendar.to_ical()
