"""The public feed: what other systems hear of us, as signals without any data.

A signal says that something happened, where, and where to ask about it; who may know more is
decided by the gateway when they ask. An exchange is public from the request to its end, so that
whoever has noted it hears what became of it. What is left out is left out on purpose:

- who ended it and why: declined, withdrawn and expired are one signal, and so are cancelled,
  lapsed and not turned up;
- what lies between the two people: an acceptance that waits for minutes, minutes that are
  missing, one side's word before the other's, disputes, thanks, concerns;
- members, accounts and notices: their ids stand for persons.
"""

from dataclasses import dataclass
from typing import ClassVar

SOURCE = "uk.nhs.talent-timebanking"
"""The ``source`` of every signal, as NHS systems name a service."""
SAYERS = ("exchanges",)
"""Services that say signals."""


@dataclass(frozen=True)
class Signal:
    """One type of signal.

    Attributes:
        type: product, what happened, major version; a breaking change is a new type.
        meaning: for who subscribes.
        about: what the subject is.
        path: below the gateway's address, where to ask about the subject (``{}``).
        events: internal events that are told as this one.
    """

    type: str
    meaning: str
    about: str
    path: str
    events: tuple[str, ...] = ()
    source: ClassVar[str] = SOURCE

    @property
    def name(self) -> str:
        """What happened, without product and version, such as ``exchange-completed``."""
        return self.type.removeprefix("timebank-").rpartition("-")[0]


def _exchange(what: str, meaning: str, *events: str) -> Signal:
    return Signal(
        f"timebank-exchange-{what}-1", meaning, "the exchange's id", "/v1/exchanges/{}", events
    )


def _listing(what: str, meaning: str, *events: str) -> Signal:
    return Signal(
        f"timebank-listing-{what}-1", meaning, "the listing's id", "/v1/listings/{}", events
    )


HEARTBEAT = Signal(
    "timebank-heartbeat-1",
    "The region is being worked for; said once a minute, so that silence can be told from a fault.",
    "the region's slug",
    "/_status",
    ("heartbeat_said",),
)

SIGNALS = (
    _listing("published", "An offer or a request can be found (again).", "listing_published"),
    _listing(
        "closed", "It can no longer be found, whoever closed it.", "listing_closed",
        "listing_expired",
    ),
    _exchange(
        "requested", "Somebody asked for an exchange, or wrote down one that took place.",
        "exchange_requested", "exchange_recorded",
    ),
    _exchange(
        "amended", "Other minutes or another time were proposed; if it was booked, it no longer "
        "is.", "exchange_amended",
    ),
    _exchange("booked", "Both agreed, and the minutes are held.", "exchange_booked"),
    _exchange("rescheduled", "It is booked for another time.", "exchange_rescheduled"),
    _exchange(
        "closed", "It came to nothing before it was booked.", "exchange_declined",
        "exchange_withdrawn", "exchange_superseded", "exchange_expired",
    ),
    _exchange(
        "cancelled", "It was booked and came to nothing; where that is disputed, a completion may "
        "follow.", "exchange_cancelled", "exchange_lapsed", "exchange_no_show",
    ),
    _exchange("completed", "Both say that it took place.", "exchange_completed"),
    _exchange("settled", "The minutes have moved.", "exchange_settled"),
    _exchange("reversed", "The minutes go back.", "exchange_reversed"),
    HEARTBEAT,
)  # fmt: skip

BY_EVENT = {event: signal for signal in SIGNALS for event in signal.events}
"""The signal each public event is told as; an event that is not here stays inside."""


def sample(signal: Signal) -> dict[str, str]:
    """How a signal of this type looks, attribute by attribute."""
    subject = "london" if signal is HEARTBEAT else "0199b4a0-3c00-7a30-8000-0000000000e5"
    return {
        "specversion": "1.0",
        "id": "0199b4a0-3c00-7a30-8000-0000000000aa",
        "source": signal.source,
        "type": signal.type,
        "time": "2026-10-05T09:00:00Z",
        "subject": subject,
        "dataref": signal.path.format(subject),
    }
