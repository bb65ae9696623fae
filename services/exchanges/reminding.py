"""Reminding the people an exchange waits for: seldom, and not for ever."""

import datetime
from collections.abc import Sequence

from services.exchanges import errors
from services.exchanges.exchange import Exchange, Steps, Taken
from services.exchanges.wish import Actor, Wish

AGAIN_AFTER = datetime.timedelta(days=3)
"""Between two reminders: long enough to come back from a few days off."""
MOST = 3
"""Reminders of one thing; who has not answered to three is reached in another way."""


def remind(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    """Whoever is next is told once more; nothing else changes."""
    return (Taken(exchange.noted(), "remind", actor.id, now, "exchange_reminded"),)


def require_room(reminded: Sequence[datetime.datetime], now: datetime.datetime) -> None:
    """Check that another reminder may go out.

    Args:
        reminded: when reminders of the same thing went out before.

    Raises:
        errors.RemindedEnough, errors.RemindedLately
    """
    if len(reminded) >= MOST:
        raise errors.RemindedEnough(reminders=len(reminded))
    if any(now < moment + AGAIN_AFTER for moment in reminded):
        raise errors.RemindedLately(reminders=len(reminded))
