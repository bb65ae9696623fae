"""An exchange that took place before anybody wrote it down."""

import dataclasses
import datetime
from uuid import UUID

from services.exchanges import agreement, errors, listing
from services.exchanges.agreement import Party
from services.exchanges.exchange import Taken
from services.exchanges.listing import Listing

FURTHEST_BACK = datetime.timedelta(days=90)
"""As long as an exchange can be undone: of what is older nobody is sure any more."""


@dataclasses.dataclass(frozen=True)
class Recorded:
    """What somebody sets down.

    Attributes:
        minutes: the giver's time.
        took_place_at: when it began; ``None`` where nobody remembers.
    """

    title: str
    minutes: int
    took_place_at: datetime.datetime | None
    category: str | None = None
    pathway: str | None = None


def heading(
    listing_id: UUID, recorded: Recorded, recorder: Party, gives: bool, now: datetime.datetime
) -> Listing:
    """What it stands under, since every exchange has a listing: closed, so nobody finds it."""
    return Listing(
        id=listing_id,
        version=1,
        owner_id=recorder.id,
        kind="offer" if gives else "request",
        title=recorded.title,
        description="",
        category=recorded.category,
        pathway=recorded.pathway,
        minutes=recorded.minutes,
        online=False,
        place=None,
        skills=[],
        capacity=None,
        state="closed",
        region=recorder.region,
        organisation=recorder.organisation,
        published_at=now,
        expires_at=now + listing.LIFE,
    )


def record(
    exchange_id: UUID,
    under: Listing,
    recorded: Recorded,
    recorder: Party,
    other: Party,
    actor_id: UUID,
    now: datetime.datetime,
) -> Taken:
    """Set down what took place; the other's yes confirms it, and their silence ends it.

    The other is asked as for any request, with their ways to say no or to name other
    minutes. Once they have said yes and the ledger holds the minutes, it is completed.

    Args:
        recorder: in whose name it is set down.
        actor_id: who does so: the recorder, or a representative.

    Raises:
        errors.TookPlaceInvalid: it lies ahead, or too far back.
    """
    _require_past(recorded.took_place_at, now)
    gives = under.kind == "offer"
    giver, receiver = (recorder, other) if gives else (other, recorder)
    asked = agreement.opened(exchange_id, under, giver, receiver, recorder, now)
    set_down = dataclasses.replace(
        asked,
        actor_id=actor_id,
        minutes=recorded.minutes,
        starts_at=recorded.took_place_at,
        recorded=True,
        ruled=True,
    )
    return Taken(set_down, "record", actor_id, now, "exchange_recorded")


def _require_past(moment: datetime.datetime | None, now: datetime.datetime) -> None:
    if moment is not None and not now - FURTHEST_BACK <= moment <= now:
        raise errors.TookPlaceInvalid(field="took_place_at")
