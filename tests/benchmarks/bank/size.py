"""How big a bank is, and the ids of everything in it, which follow from a number each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from services.contracts.words import REGIONS

FIRST_MS = 1_690_000_000_000
"""When the bank began, in milliseconds since 1970: all of it lies in the past."""
SPAN_MS = 63_072_000_000
"""Two years, over which members join and exchanges happen."""
PER_BUSY = 1000
"""Members for each one who gives far more often than the others."""


@dataclass(frozen=True)
class Size:
    """So many members and exchanges; a listing for every second member.

    Numbers begin at 0. The same formulas stand in ``prelude.sql``; a test compares them.
    """

    members: int
    exchanges: int

    @property
    def listings(self) -> int:
        return self.members // 2

    @property
    def busy(self) -> int:
        """The first so many members are the busy ones."""
        return max(1, self.members // PER_BUSY)

    def person(self, number: int) -> UUID:
        return id_at(FIRST_MS + number * (SPAN_MS // self.members), f"person {number}")

    def listing(self, number: int) -> UUID:
        return id_at(FIRST_MS + number * (SPAN_MS // self.listings), f"listing {number}")

    def owner(self, listing: int) -> int:
        """Number of the member who owns a listing."""
        return 2 * listing

    def is_open_offer(self, listing: int) -> bool:
        return listing % 5 != 0 and listing % 4 != 0

    @staticmethod
    def region(person: int) -> str:
        return REGIONS[person % len(REGIONS)]


def id_at(milliseconds: int, salt: str) -> UUID:
    """A UUIDv7 whose random part follows from a text."""
    digest = hashlib.md5(salt.encode(), usedforsecurity=False).hexdigest()
    return UUID(f"{milliseconds:012x}7{digest[:3]}8{digest[3:18]}")
