"""Somebody a representative has invited by their address, and how often they are written to."""

import datetime
from dataclasses import dataclass
from uuid import UUID

AGAIN_AFTER = datetime.timedelta(days=30)
"""Between two invitations to the same address, whoever sends them."""
MOST = 3
"""Invitations to one address: more would be a nuisance to somebody who does not want to join."""
KEPT = datetime.timedelta(days=90)
"""After the last invitation the address is forgotten, with that it was ever invited."""


@dataclass(frozen=True)
class Invitee:
    """An address that was written to.

    Attributes:
        name: as the representative wrote it; empty where they did not.
        region: slug of the region they are invited to.
        times: how often they were written to.
    """

    id: UUID
    email: str
    name: str
    region: str
    invited_by: UUID
    invited_at: datetime.datetime
    times: int


def written_enough(found: Invitee, now: datetime.datetime) -> bool:
    """Whether an address is to be left alone: written to lately, or often enough."""
    return found.times >= MOST or now < found.invited_at + AGAIN_AFTER


def vouched_for(found: Invitee | None, region: str) -> bool:
    """Whether somebody joining in a region was invited there by name, and needs no second yes."""
    return found is not None and found.region == region
