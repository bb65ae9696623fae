"""A time at which the owner of an offer can help, and which one person can take."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.exchanges import errors, wish

MOST = 20
"""Of one offer: every working day of a month; more is a calendar, which people have elsewhere."""
FREE_AGAIN = ("declined", "withdrawn", "expired", "cancelled", "lapsed", "no_show")
"""States in which nothing took place: somebody else can take the time, if it lies ahead."""


@dataclass(frozen=True)
class Time:
    """When something could take place, and for how many minutes."""

    starts_at: datetime.datetime
    minutes: int

    @property
    def ends_at(self) -> datetime.datetime:
        return self.starts_at + datetime.timedelta(minutes=self.minutes)

    def overlaps(self, other: "Time") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True)
class Slot:
    """A time of one offer.

    Attributes:
        taken: whether an exchange stands at this time.
    """

    id: UUID
    listing_id: UUID
    starts_at: datetime.datetime
    minutes: int
    taken: bool = False


def check(
    wanted: Sequence[Time], kind: str, now: datetime.datetime, standing: Sequence[Time] = ()
) -> None:
    """Refuse times that nobody could take.

    Args:
        wanted: new times of a listing.
        kind: of the listing: the owner of a request does not say when they can help.
        standing: what the listing has already.

    Raises:
        errors.Invalid: of a request, past, too far ahead, or two at once; says which.
    """
    if wanted and kind != "offer":
        raise _wrong("", "Only offers have times.")
    for place, each in enumerate(wanted):
        if not now < each.starts_at <= now + wish.FURTHEST_AHEAD:
            raise _wrong(f"/{place}/starts_at", "Must lie ahead, at most a year.")
        if any(each.overlaps(other) for other in (*wanted[:place], *standing)):
            raise _wrong(f"/{place}/starts_at", "Overlaps with another of the times.")


def check_fits(slot: Slot, minutes: int, starts_at: datetime.datetime | None) -> None:
    """Refuse to take a time for something else than it is.

    Raises:
        errors.Invalid: more minutes than it has, or another time.
    """
    if minutes > slot.minutes:
        message = f"This time has {slot.minutes} minutes."
        raise errors.Invalid(errors=[_problem("/minutes", message)])
    if starts_at not in (None, slot.starts_at):
        message = "Not when this time begins; it need not be said."
        raise errors.Invalid(errors=[_problem("/starts_at", message)])


def _wrong(pointer: str, message: str) -> errors.Invalid:
    return errors.Invalid(errors=[_problem(f"/slots{pointer}", message)])


def _problem(pointer: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "message": message, "code": "invalid"}
