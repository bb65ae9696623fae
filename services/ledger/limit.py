"""How much an account or the accounts of a region may owe, and every change of it."""

import datetime
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class LimitChange:
    """One line in the history of a limit; writing it changes the limit.

    Attributes:
        valid_from: aware UTC.
        account_id: whose limit, or
        region: slug of the region whose accounts follow it.
        floor_minutes: 0 or below; ``None`` lets an account follow its region again.
        floor_before_minutes: noted by the database.
        starter_grant_minutes: of a region, for those who join from now on.
        reason: why, in the author's words.
        author_id: ``None`` when the ledger itself does it.
    """

    id: UUID
    valid_from: datetime.datetime
    account_id: UUID | None = None
    region: str | None = None
    floor_before_minutes: int | None = None
    floor_minutes: int | None = None
    starter_grant_minutes: int | None = None
    reason: str = ""
    author_id: UUID | None = None
