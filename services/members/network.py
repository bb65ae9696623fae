"""A network or community of practice that a member hosts: how many, and who hears how many came."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.members import errors

SHORTEST, LONGEST = 3, 80
"""Characters of a name: an abbreviation, and what still fits a heading on a phone."""
MOST = 5
"""At a time, of one host: staff networks and communities somebody truly runs."""
FEWEST_TOLD = 8
"""People from which on they are counted: fewer could be singled out (NHS England's rule)."""


@dataclass(frozen=True)
class Network:
    """A network that invites.

    Attributes:
        token: of its link; ``None`` once it has ended.
        brought: members who came by it and are members still.
    """

    id: UUID
    name: str
    token: str | None
    brought: int = 0

    @property
    def told(self) -> int | None:
        """How many it has brought, as its host is told; ``None`` for fewer than 8, or nobody."""
        return self.brought if self.brought >= FEWEST_TOLD else None


def require_room(held: Sequence[Network], name: str) -> None:
    """Check that a member may host one more network.

    Args:
        held: those they host.

    Raises:
        errors.NetworkYours, errors.NetworksEnough.
    """
    if any(each.name.lower() == name.lower() for each in held):
        raise errors.NetworkYours(pointer="/name")
    if len(held) >= MOST:
        raise errors.NetworksEnough(most=MOST)
