"""Being signed in on a browser, and the link that signs in: how long each of them is good."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

TRUSTED = datetime.timedelta(days=30)
"""A member's own device stays signed in for so long, used or not."""
IDLE = datetime.timedelta(hours=1)
"""Without a page asked for, a device that may be shared signs a member out."""
IDLE_WITH_RIGHTS = datetime.timedelta(minutes=15)
"""The same for people who see or decide other people's matters, on any device."""
LONGEST = datetime.timedelta(hours=12)
"""The longest day on a device that is not trusted, or with such rights."""
NOTED = datetime.timedelta(seconds=30)
"""How old the noted last use may become: not every page is a write."""

LINK = datetime.timedelta(minutes=15)
"""A link by e-mail is good for so long."""
LINKS_AN_HOUR = 5
"""To one address, so that nobody's mailbox can be flooded through us."""


@dataclass(frozen=True)
class Session:
    """Somebody signed in on one browser.

    Attributes:
        email: the address they proved to own.
        trusted: they said that the device is their own.
    """

    email: str
    trusted: bool
    created_at: datetime.datetime
    seen_at: datetime.datetime


@dataclass(frozen=True)
class Link:
    """A link sent by e-mail."""

    email: str
    sent_at: datetime.datetime
    used_at: datetime.datetime | None


def has_rights(roles: Collection[str]) -> bool:
    """Whether somebody sees or decides other people's matters."""
    return any(role in ("national", "senate") or role.startswith("rep:") for role in roles)


def alive(found: Session, roles: Collection[str], now: datetime.datetime) -> bool:
    """Whether somebody is still signed in.

    Args:
        roles: held now, so that a role given today counts today.
    """
    if found.trusted and not has_rights(roles):
        return now < found.created_at + TRUSTED
    idle = IDLE_WITH_RIGHTS if has_rights(roles) else IDLE
    return now < min(found.seen_at + idle, found.created_at + LONGEST)


def usable(found: Link, now: datetime.datetime) -> bool:
    """Whether a link still signs in: once, and for a quarter of an hour."""
    return found.used_at is None and now < found.sent_at + LINK
