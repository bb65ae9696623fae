"""Joiners on their way to a first exchange: whom to encourage, and how often."""

import datetime
from collections.abc import Sequence

from services.members import errors

QUIET = datetime.timedelta(days=7)
"""After joining: time to look round before anybody asks."""
WINDOW = datetime.timedelta(days=60)
"""After joining: who has not begun by then was asked often enough."""
AGAIN_AFTER = datetime.timedelta(days=7)
MOST = 3
"""Encouragements anybody gets; more would be a reason to leave."""


def require_room(
    joined_at: datetime.datetime, nudged: Sequence[datetime.datetime], now: datetime.datetime
) -> None:
    """Check that somebody may be encouraged now.

    Args:
        nudged: when they were before.

    Raises:
        errors.NudgedEnough: lately, or as often as anybody is, or only just joined.
    """
    lately = any(now < moment + AGAIN_AFTER for moment in nudged)
    if lately or len(nudged) >= MOST or now < joined_at + QUIET:
        raise errors.NudgedEnough(times=len(nudged))
