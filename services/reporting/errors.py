"""What reporting refuses.

Refused
├── UnknownGrouping
├── UnknownRegion
└── BadPeriod
NotAllowed
├── ForMembersOnly
└── ForRepresentativesOnly
"""

from services.bus import errors


class UnknownGrouping(errors.Refused):
    """Totals cannot be grouped that way."""

    code = "grouping_invalid"


class UnknownRegion(errors.Refused):
    """There is no such region."""

    code = "region_invalid"


class BadPeriod(errors.Refused):
    """A period runs from one date, written YYYY-MM-DD, to the same or a later one."""

    code = "period_invalid"


class ForMembersOnly(errors.NotAllowed):
    """Figures are for members who have been let in."""

    code = "not_allowed"


class ForRepresentativesOnly(errors.NotAllowed):
    """Figures by organisation are for representatives, the national team and the Senate."""

    code = "not_allowed"
