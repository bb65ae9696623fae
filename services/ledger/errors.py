"""What the ledger refuses, postpones, or cannot make sense of.

Refused
├── AccountUnknown          not_found
├── MinutesNotValid         minutes_not_valid
├── LimitNotValid           limit_not_valid
├── CursorNotValid          cursor_not_valid
├── NotEnoughMinutes        not_enough_minutes
└── HoldNotEnlarged         hold_not_enlarged
NotAllowed
└── NotYourAccount          not_allowed
TryLater
├── HoldUnknown             hold_unknown
└── TransferUnknown         transfer_unknown
Broken
├── HoldEnded               hold_ended
└── Contradiction           contradiction
"""

from services.bus.errors import Broken, NotAllowed, Refused, TryLater


class AccountUnknown(Refused):
    """There is no such account."""

    code = "not_found"


class MinutesNotValid(Refused):
    """Minutes must be a whole number above 0 and a multiple of 15."""

    code = "minutes_not_valid"


class LimitNotValid(Refused):
    """A limit needs a member or a region, a floor of 0 or below in steps of 15, and a reason."""

    code = "limit_not_valid"


class CursorNotValid(Refused):
    """This cursor or limit does not belong to this list."""

    code = "cursor_not_valid"


class NotEnoughMinutes(Refused):
    """There is not enough credit for this."""

    code = "not_enough_minutes"


class HoldNotEnlarged(Refused):
    """The receiver has not the minutes to enlarge what is held."""

    code = "hold_not_enlarged"


class NotYourAccount(NotAllowed):
    """You may see only your own account."""


class HoldUnknown(TryLater):
    """The hold has not been asked for yet."""

    code = "hold_unknown"


class TransferUnknown(TryLater):
    """The transfer has not been posted yet."""

    code = "transfer_unknown"


class HoldEnded(Broken):
    """The hold ended otherwise before."""

    code = "hold_ended"


class Contradiction(Broken):
    """Two messages about the same thing do not agree."""

    code = "contradiction"
