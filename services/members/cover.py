"""Standing in for a representative who is away: who may, for how long, and what follows."""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from services.members import errors
from services.members.member import Member

LONGEST = datetime.timedelta(days=92)
"""Who is away for longer hands the role on instead."""


@dataclass(frozen=True)
class Cover:
    """A colleague answers for a region until a moment.

    Attributes:
        away_id: the representative.
        covering_id: the colleague.
        named_by: the representative, or somebody of the national team.
        ended_at: when it ended earlier than agreed.
    """

    id: UUID
    region: str
    away_id: UUID
    covering_id: UUID
    named_by: UUID
    reason: str
    since: datetime.datetime
    until: datetime.datetime
    ended_at: datetime.datetime | None = None

    def stands(self, now: datetime.datetime) -> bool:
        return self.ended_at is None and self.since <= now < self.until


def may_stand_in(colleague: Member, away: Member, region: str) -> None:
    """Check that a colleague may answer for the region of somebody who is away.

    Raises:
        errors.NotTheirRegion: who is away does not represent it.
        errors.OwnMatter: nobody stands in for themselves.
        errors.NoColleague: a representative or one of the national team can, nobody else.
    """
    if f"rep:{region}" not in away.roles:
        raise errors.NotTheirRegion
    if colleague.id == away.id:
        raise errors.OwnMatter
    if not any(role == "national" or role.startswith("rep:") for role in colleague.roles):
        raise errors.NoColleague


def until(wanted: datetime.datetime, now: datetime.datetime) -> datetime.datetime:
    """When it ends.

    Raises:
        errors.CoverTooLong: it has passed, or lies too far ahead.
    """
    if not now < wanted <= now + LONGEST:
        raise errors.CoverTooLong
    return wanted


def roles(held: Collection[str], covered: Iterable[str]) -> list[str]:
    """What somebody may act as, with the regions they cover now."""
    return [*held, *sorted({f"rep:{region}" for region in covered} - set(held))]
