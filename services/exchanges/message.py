"""What the two of an exchange write to each other: who may, until when, and how much."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from services.exchanges import errors
from services.exchanges.exchange import OTHER, Exchange

OPEN_FOR = datetime.timedelta(days=30)
"""After the end of an exchange: for as long a settlement can be challenged."""
MOST_A_DAY = 50
"""Messages of one person about one exchange in 24 hours: an hour of help is arranged in fewer,
and whoever is pestered has a bound to it before they block."""
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        number: counts the messages of an exchange from 1.
        text: ``None`` once its author has left.
    """

    exchange_id: UUID
    number: int
    author_id: UUID
    text: str | None
    written_at: datetime.datetime


@dataclass(frozen=True)
class Standing:
    """What was written so far, as one of the two meets it.

    Attributes:
        last: number of the newest message; 0 when there is none.
        lately: messages of this person in the last 24 hours.
        unseen: messages of this person that the other has not looked at.
        unread: messages of the other that this person has not looked at.
    """

    last: int
    lately: int
    unseen: int
    unread: int


def other(exchange: Exchange, member_id: UUID) -> UUID:
    """The other of the two."""
    side = OTHER[exchange.side_of(member_id) or "giver"]
    return exchange.giver_id if side == "giver" else exchange.receiver_id


def is_open(exchange: Exchange, now: datetime.datetime, *, blocked: bool) -> bool:
    """Whether the two can write to each other: while it is open, and for a month after.

    Args:
        blocked: whether one of them has blocked the other.
    """
    if blocked or exchange.sent_at is None:
        return False
    return exchange.next_actor is not None or now <= exchange.entered_at + OPEN_FOR


def write(
    exchange: Exchange, author_id: UUID, text: str, standing: Standing, now: datetime.datetime
) -> Message:
    """The next message.

    Raises:
        errors.TooManyMessages: this person has written too many in a day.
    """
    if standing.lately >= MOST_A_DAY:
        raise errors.TooManyMessages(most=MOST_A_DAY)
    return Message(exchange.id, standing.last + 1, author_id, text, now)
