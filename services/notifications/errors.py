"""What notifications refuses.

Refused
├── NoSuchNotice
├── BadLimit
├── BadCursor
├── UnknownPreference
├── BadLink
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


class BadLink(Refused):
    """A link in our mails leads to our own pages."""

    code = "invalid"


class VersionConflict(Refused):
    """Your choices were changed elsewhere since you read them."""

    code = "version_conflict"


class NotAMember(NotAllowed):
    """Only somebody who has joined has notices."""

    code = "not_a_member"
