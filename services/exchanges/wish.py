"""Who wants to take a step, and what they say with it."""

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.exchanges import errors

STARTS_AT_TOLERANCE = datetime.timedelta(minutes=5)
"""A person who says "now" has spent a moment typing, and clocks differ."""

FURTHEST_AHEAD = datetime.timedelta(days=366)


@dataclasses.dataclass(frozen=True)
class Actor:
    """A person as they stand to one exchange.

    Attributes:
        id: the member's id.
        side: ``giver``, ``receiver``, or ``None`` for anybody else.
        judges: a rep of the exchange's region, or of the national team.
    """

    id: UUID
    side: str | None = None
    judges: bool = False


@dataclasses.dataclass(frozen=True)
class Wish:
    """What came with an action; which parts matter depends on the action.

    Attributes:
        slot_id: of the listing's time that is taken with ``starts_at``.
    """

    minutes: int | None = None
    starts_at: datetime.datetime | None = None
    reason: str | None = None
    outcome: str | None = None
    slot_id: UUID | None = None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Wish":
        """What of a checked body matters here."""
        return cls(**{name: said[name] for name in _NAMES if name in said})


_NAMES = tuple(field.name for field in dataclasses.fields(Wish))


def check_starts_at(starts_at: datetime.datetime | None, now: datetime.datetime) -> None:
    """Refuse a time that has passed or lies more than a year ahead.

    Raises:
        errors.StartsAtInvalid: so it does.
    """
    if starts_at is None:
        return
    if not now - STARTS_AT_TOLERANCE <= starts_at <= now + FURTHEST_AHEAD:
        raise errors.StartsAtInvalid(field="starts_at")
