"""Minutes, moments and closed lists in the words of the screens: said here and nowhere else."""

import datetime
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from gateway import regions

LONDON = ZoneInfo("Europe/London")

SERVICE = "Talent Timebank"

REGIONS = regions.NAMES
CATEGORIES: Mapping[str, str] = {
    "leadership": "Career and leadership development",
    "digital-and-data": "Digital and data skills",
    "projects": "Project and programme advice",
    "coaching-and-mentoring": "Coaching and mentoring",
    "shadowing": "Shadowing and exposure opportunities",
    "problem-solving": "Practical problem-solving and knowledge sharing",
}
PATHWAYS: Mapping[str, str] = {
    "get-ready": "Get Ready",
    "get-in": "Get In",
    "get-on": "Get On",
    "go-further": "Go Further",
}
LISTING_KINDS: Mapping[str, str] = {"offer": "Offer", "request": "Request"}
LISTING_STATES: Mapping[str, str] = {
    "open": "Open",
    "paused": "Paused",
    "closed": "Closed",
    "expired": "Expired",
}
EXCHANGE_STATES: Mapping[str, str] = {
    "requested": "Waiting for an answer",
    "accepted": "Accepted",
    "unfunded": "Not enough credits yet",
    "booked": "Booked",
    "awaiting_confirmation": "Waiting to be confirmed",
    "completed": "Took place",
    "disputed": "Being looked at",
    "settled": "Done",
    "declined": "Declined",
    "withdrawn": "Taken back",
    "expired": "Not answered in time",
    "cancelled": "Cancelled",
    "lapsed": "Ended without taking place",
    "no_show": "Did not take place",
    "reversed": "Undone",
}
SUPERSEDED = "Somebody else said yes"
"""What is said instead where a request ended because another giver was quicker."""
TRANSFERS: Mapping[str, tuple[str, str]] = {
    "exchange": ("Help given", "Help received"),
    "grant": ("Hours to begin with", "Hours taken back"),
    "donation": ("Donation to you", "Donation"),
    "fund": ("From the community fund", "To the community fund"),
    "reversal": ("An exchange was undone", "An exchange was undone"),
    "leaving": ("From somebody who left", "Given up on leaving"),
}
"""What a line of a statement is called when minutes came in, and when they went out."""

SCOPES: Mapping[str, str] = {
    "listings:read": "See what members offer and ask for",
    "exchanges:read": "See your exchanges",
    "exchanges:book": "Book for you, change and cancel",
    "account:read": "See your hours and your statement",
}
"""What another system may do."""

SEVERITIES: Mapping[str, str] = {
    "low": "Something is not right",
    "serious": "Somebody was treated badly",
    "safeguarding": "Somebody may be at risk of harm",
}
CONCERN_STATES: Mapping[str, str] = {
    "raised": "Not looked into yet",
    "acknowledged": "Being looked into",
    "closed": "Closed",
}

SAID: Mapping[str, str] = {
    "signed-out": "You are signed out.",
    "joined": "You have joined.",
    "changed": "Your profile is changed.",
    "e-mails-changed": "What you get by e-mail is changed.",
    "privacy-changed": "What others see is changed.",
    "address-asked": "We have sent a link there. It works once, for an hour.",
    "address-added": "The address is added: you can sign in with it, too.",
    "address-removed": "The address is removed.",
    "address-main": "Your e-mails go there from now on.",
    "network-added": "The network is added. Its link and QR code are below.",
    "network-ended": "The network’s invitation has ended.",
    "systems-changed": "What other systems may do for you is changed.",
    "left": "You have left, and what was held about you is erased.",
    "published": "It is published: others can find it now.",
    "listing-changed": "It is changed.",
    "search-saved": "It is saved. You hear from us when something new fits.",
    "search-removed": "It is removed.",
    "time-added": "The time is shown with your offer.",
    "time-removed": "The time is gone.",
    "listing-pause": "It is paused: nobody finds it until you show it again.",
    "listing-renew": "It is shown for another 90 days.",
    "listing-close": "It is closed.",
    "signed-out-everywhere": "You are signed out on every device.",
    "asked": "It is on its way. You will hear as soon as there is an answer.",
    "asked-several": "It is on its way to all of them. Whoever says yes first helps you.",
    "step-accept": "You said yes.",
    "step-confirm": "You confirmed it.",
    "step-correct": "You said how long it took.",
    "step-ask_fund": "You asked the community fund.",
    "step-reschedule": "The time is set.",
    "step-done": "You said that it took place.",
    "step-amend": "You suggested a change.",
    "step-decline": "You said no.",
    "step-withdraw": "You took it back.",
    "step-no_show": "You said that you did not meet.",
    "step-cancel": "You cancelled it.",
    "step-dispute": "You said that you do not agree. A representative will decide.",
    "step-resolve": "You decided.",
    "step-reverse": "You asked for it to be undone.",
    "step-thank": "You said thank you.",
    "step-remind": "A reminder is on its way.",
    "parked-put_back": "It is put back, and will be tried again in a moment.",
    "parked-discard": "It is discarded.",
    "parked-gone": "This message is not put aside any more.",
    "recorded": "It is written down. The other person is asked to confirm it.",
    "message-sent": "Your message is sent.",
    "feedback-yes": "Thank you. Nobody else sees what you said.",
    "feedback-partly": "Thank you. Nobody else sees what you said.",
    "feedback-no": "Thank you. Nobody else sees what you said. If something went wrong, you can "
    "raise a concern below.",
    "concern-raised": "Your concern is sent. You hear when somebody looks into it.",
    "concern-acted": "It stands in the record.",
    "concern-closed": "The concern is closed, and whoever raised it is told.",
    "concern-handed-on": "The national team has it now.",
    "blocked": "They are blocked. They are not told.",
    "unblocked": "They are not blocked any more.",
    "acted-for": "It is done, with your name beside it.",
    "let-in": "They are let in.",
    "refused": "They are not let in, and are told so.",
    "cover-named": "Your colleague answers for the region until then.",
    "cover-ended": "The cover has ended.",
    "sheet-done": "It is done. The table below says what became of each row.",
    "limit-set": "The limit is changed.",
    "role-set": "The role is changed.",
}
"""What a page says first about what was just done, by the word in its address."""


REFUSALS: Mapping[str, str] = {
    "idempotency_key_reused": "You have sent this page before, with other answers. If you want to "
    "send these as well, press the button again.",
    "idempotency_still_running": "What you sent is still being worked on. Wait a minute and look "
    "whether it is done before you send it again.",
}
"""What a person is told instead of a service's words, which here are meant for programs."""


def duration(minutes: int) -> str:
    """``1 hour 30 minutes``; below zero ``minus 1 hour``."""
    hours, rest = divmod(abs(minutes), 60)
    parts = [_counted(hours, "hour")] if hours else []
    if rest or not hours:
        parts.append(_counted(rest, "minute"))
    return ("minus " if minutes < 0 else "") + " ".join(parts)


def credits(minutes: int) -> str:
    """``1.5 credits``: 60 minutes are one."""
    return f"{minutes / 60:g} credit{'' if abs(minutes) == 60 else 's'}"


def day(moment: str | None) -> str:
    """``5 May 2026``, by the clocks of England; empty for no moment."""
    if not moment:
        return ""
    local = _local(moment)
    return f"{local.day} {local:%B %Y}"


def day_and_time(moment: str | None) -> str:
    """``Tuesday 5 May 2026 at 2pm``, by the clocks of England; empty for no moment."""
    return f"{_local(moment):%A} {date_and_time(moment)}" if moment else ""


def date_and_time(moment: str) -> str:
    """``5 May 2026 at 2pm``, by the clocks of England: where many stand below each other."""
    return f"{day(moment)} at {_clock(_local(moment))}"


def exchange_state(found: Mapping[str, Any]) -> str:
    """What the state of an exchange is called, as the exchanges service tells it."""
    return SUPERSEDED if found.get("superseded") else EXCHANGE_STATES[found["state"]]


def transfer(kind: str, minutes: int) -> str:
    """What a line of a statement is called."""
    came_in, went_out = TRANSFERS.get(kind, ("Correction", "Correction"))
    return came_in if minutes > 0 else went_out


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 listing``, ``1,200 listings``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _counted(number: int, noun: str) -> str:
    return count(number, noun)


def _local(moment: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(moment).astimezone(LONDON)


def _clock(local: datetime.datetime) -> str:
    """As the NHS writes times: 9am, 2:30pm, midday, midnight."""
    if local.minute == 0 and local.hour in (0, 12):
        return "midday" if local.hour else "midnight"
    minutes = f":{local.minute:02}" if local.minute else ""
    return f"{local.hour % 12 or 12}{minutes}{'am' if local.hour < 12 else 'pm'}"
