"""What of the exchanges a representative should look at: which, of what kind, since when."""

import datetime
from dataclasses import dataclass

from services.exchanges import reminding
from services.exchanges.exchange import Exchange

UNANSWERED_AFTER = datetime.timedelta(days=2)
"""A request waits a week at most: after two days there is time to remind, and to find
somebody else before it ends."""
UNFUNDED_AFTER = datetime.timedelta(days=2)
UNDATED_AFTER = datetime.timedelta(days=7)
"""Half of the fortnight a booking without a time has."""
UNSAID_AFTER = datetime.timedelta(days=2)
"""After the agreed end: somebody could have said by now whether it took place."""
UNCONFIRMED_AFTER = datetime.timedelta(days=5)

KINDS = {
    "requested": "unanswered",
    "unfunded": "unfunded",
    "booked": "overdue",
    "awaiting_confirmation": "unconfirmed",
    "disputed": "dispute",
    "settled": "reversal",
}
"""What an exchange in the list is there for, by its state."""


@dataclass(frozen=True)
class Due:
    """The moments before which something must have begun to be listed.

    Attributes:
        reminded: an exchange reminded of later than this is left alone.
    """

    unanswered: datetime.datetime
    unfunded: datetime.datetime
    undated: datetime.datetime
    unsaid: datetime.datetime
    unconfirmed: datetime.datetime
    reminded: datetime.datetime


def due(now: datetime.datetime) -> Due:
    """What is listed at a moment."""
    return Due(
        unanswered=now - UNANSWERED_AFTER,
        unfunded=now - UNFUNDED_AFTER,
        undated=now - UNDATED_AFTER,
        unsaid=now - UNSAID_AFTER,
        unconfirmed=now - UNCONFIRMED_AFTER,
        reminded=now - reminding.AGAIN_AFTER,
    )


def kind(exchange: Exchange) -> str:
    return KINDS[exchange.state]


def since(exchange: Exchange) -> datetime.datetime:
    """Since when it has been waiting: a booking with a time, since that was over."""
    if exchange.state == "booked" and exchange.agreed_end is not None:
        return max(exchange.agreed_end, exchange.entered_at)
    return exchange.entered_at
