"""What notifications refuses.

Refused
├── NoSuchNotice
├── BadLimit
├── BadCursor
├── UnknownPreference
└── VersionConflict
NotAllowed
└── NotAMember
"""

from services.bus.errors import NotAllowed, Refused


class NoSuchNotice(Refused):
    """There is no such notice."""

    code = "not_found"


class BadLimit(Refused):
    """A page cannot have that many items."""

    code = "invalid"


class BadCursor(Refused):
    """There is no such page."""

    code = "bad_cursor"


class UnknownPreference(Refused):
    """There is no such choice about notices."""

    code = "invalid"


class VersionConflict(Refused):
    """Your choices were changed elsewhere since you read them."""

    code = "version_conflict"


class NotAMember(NotAllowed):
    """Only somebody who has joined has notices."""

    code = "not_a_member"
