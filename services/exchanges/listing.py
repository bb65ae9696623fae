"""What a member offers or asks for, how long it stands, and how much of it at once."""

import dataclasses
import datetime
from typing import Any
from uuid import UUID

from services.exchanges import errors

LIFE = datetime.timedelta(days=90)
LONGEST_LIFE = datetime.timedelta(days=366)

ACTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "pause": (("open",), "paused"),
    "renew": (("open", "paused", "expired"), "open"),
    "close": (("open", "paused", "expired"), "closed"),
}
"""Per action: the states it is possible in, and the state it leads to."""


@dataclasses.dataclass(frozen=True)
class Listing:
    """An offer or a request.

    Attributes:
        minutes: what its owner expects one exchange to take.
        capacity: exchanges open at once, at most; ``None`` for any number.
        open_exchanges: how many are open now.
    """

    id: UUID
    version: int
    owner_id: UUID
    kind: str
    title: str
    description: str
    category: str | None
    pathway: str | None
    minutes: int
    online: bool
    place: str | None
    skills: list[str]
    capacity: int | None
    state: str
    region: str
    organisation: str | None
    published_at: datetime.datetime
    expires_at: datetime.datetime
    open_exchanges: int = 0

    def stands(self, now: datetime.datetime) -> bool:
        """Whether others may ask: open, and not beyond its time."""
        return self.state == "open" and now < self.expires_at

    def require_askable_by(self, member_id: UUID, now: datetime.datetime) -> None:
        """Refuse who cannot ask.

        Raises:
            errors.OwnListing, errors.ListingClosed, errors.CapacityFull
        """
        if self.owner_id == member_id:
            raise errors.OwnListing
        if not self.stands(now):
            state = "expired" if self.state == "open" else self.state
            raise errors.ListingClosed(state=state)
        if self.capacity is not None and self.open_exchanges >= self.capacity:
            raise errors.CapacityFull(capacity=self.capacity)


def expiry(wanted: datetime.datetime | None, now: datetime.datetime) -> datetime.datetime:
    """When a listing published or changed now expires.

    Raises:
        errors.ExpiresAtInvalid: the time wanted has passed or is too far ahead.
    """
    if wanted is None:
        return now + LIFE
    if not now < wanted <= now + LONGEST_LIFE:
        raise errors.ExpiresAtInvalid(field="expires_at")
    return wanted


def edited(listing: Listing, changes: dict[str, Any], now: datetime.datetime) -> Listing:
    """A copy with the owner's changes; a closed listing stays as it was.

    Raises:
        errors.ListingClosed: it is closed.
        errors.ExpiresAtInvalid: the new expiry has passed or is too far ahead.
    """
    if listing.state == "closed":
        raise errors.ListingClosed(state=listing.state)
    if "expires_at" in changes:
        changes = {**changes, "expires_at": expiry(changes["expires_at"], now)}
    return dataclasses.replace(listing, version=listing.version + 1, **changes)


def acted(listing: Listing, action: str, now: datetime.datetime) -> Listing:
    """A copy after its owner paused, renewed or closed it.

    Raises:
        errors.UnknownAction: there is no such action.
        errors.StepNotAllowed: not in this state.
    """
    if action not in ACTIONS:
        raise errors.UnknownAction(action=action)
    possible, after = ACTIONS[action]
    if listing.state not in possible:
        raise errors.StepNotAllowed(state=listing.state, allowed=allowed(listing))
    expires_at = now + LIFE if action == "renew" else listing.expires_at
    return dataclasses.replace(
        listing, version=listing.version + 1, state=after, expires_at=expires_at
    )


def allowed(listing: Listing) -> list[str]:
    """The actions possible in this state."""
    return [action for action, (possible, _) in ACTIONS.items() if listing.state in possible]
