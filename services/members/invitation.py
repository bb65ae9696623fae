"""An invitation: who invites, and for which network."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Invitation:
    """What a link stands for, and what is kept of it with who joins by it.

    Attributes:
        inviter_id: whose link it is; of a network, who hosts it.
        network_id: ``None`` for a member's own link.
        network: its name; ``None`` also once its host has left.
    """

    inviter_id: UUID
    network_id: UUID | None = None
    network: str | None = None
