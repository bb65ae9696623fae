"""Another system that acts for members: what it may ask for, and for whom."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.members import errors

TOKEN = datetime.timedelta(minutes=10)
"""A token is good for so long: short enough to be no treasure, long enough that a system asks
for one rarely."""
ASSERTION = datetime.timedelta(minutes=5)
"""The longest an assertion may be good for; its id is remembered as long."""
LEEWAY = datetime.timedelta(seconds=30)
"""Two well-kept clocks may differ so much."""


@dataclass(frozen=True)
class Client:
    """A system the national team has registered.

    Attributes:
        organisation: who runs it, by ODS code or name.
        keys: its public keys, as JWKs.
        scopes: all it may ever be allowed.
        regions: whose members it may act for.
        withdrawn_at: from then on it is nobody.
    """

    id: UUID
    name: str
    organisation: str
    keys: list[dict[str, Any]]
    scopes: list[str]
    regions: list[str]
    registered_at: datetime.datetime
    withdrawn_at: datetime.datetime | None = None

    @property
    def active(self) -> bool:
        return self.withdrawn_at is None


@dataclass(frozen=True)
class Consent:
    """What one member lets one system do.

    Attributes:
        scopes: held now, in alphabetical order.
        since: when the first of them was given.
    """

    client_id: UUID
    client_name: str
    organisation: str
    scopes: list[str]
    since: datetime.datetime


@dataclass(frozen=True)
class Access:
    """A token that is good now.

    Attributes:
        scopes: it was given for, of those the system still has.
        regions: of the system.
    """

    client_id: UUID
    scopes: list[str]
    regions: list[str]


def granted(asked: Collection[str], found: Client) -> list[str]:
    """The scopes of a new token: those asked for, or all the system has.

    Raises:
        errors.ScopeNotGranted: one of them it was never given.
    """
    if not set(asked) <= set(found.scopes):
        raise errors.ScopeNotGranted(scopes=sorted(set(asked) - set(found.scopes)))
    return sorted(asked or found.scopes)


def good_until(expires_at: datetime.datetime, now: datetime.datetime) -> datetime.datetime:
    """Until when an assertion's id must be remembered.

    Raises:
        errors.AssertionRefused: it has expired, or is good for longer than we remember.
    """
    if not now - LEEWAY < expires_at <= now + ASSERTION + LEEWAY:
        raise errors.AssertionRefused
    return expires_at + LEEWAY


def still_known_by(key_id: str, found: Client) -> None:
    """Check that a key was not replaced while what it signed was being checked.

    Raises:
        errors.AssertionRefused.
    """
    if key_id not in [key.get("kid") for key in found.keys]:
        raise errors.AssertionRefused("The system is not known by this key any more.")


def may_be_agreed(found: Client, scopes: Collection[str], region: str) -> None:
    """Check that a member of ``region`` can let this system have ``scopes``.

    Raises:
        errors.ClientOtherRegion, errors.ScopeNotGranted.
    """
    if region not in found.regions:
        raise errors.ClientOtherRegion
    granted(scopes, found)


def effective(access: Access, agreed: Collection[str], region: str) -> list[str]:
    """What a system may do for a member now: what its token and the member both allow.

    What the member agreed to is looked at first: who has agreed to nothing is not
    even told apart from somebody who does not exist.

    Raises:
        errors.ConsentMissing, errors.ClientOtherRegion.
    """
    if not agreed:
        raise errors.ConsentMissing
    if region not in access.regions:
        raise errors.ClientOtherRegion
    return sorted(set(agreed) & set(access.scopes))
