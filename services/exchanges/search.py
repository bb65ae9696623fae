"""What somebody looks for again and again, and how often they are told that something fits."""

import datetime
from dataclasses import dataclass
from uuid import UUID

MOST = 10
"""Saved searches of one person: each is looked through several times a day."""
MOST_TOLD = 10
"""Listings of one digest, the newest: what a person reads; the search itself shows the rest."""
LOOK_AGAIN = datetime.timedelta(hours=6)
"""After a look that found nothing: soon enough for somebody who needs help this week, and of a
million people who save searches fifty to be looked at in a second."""
AFTER_TELLING = datetime.timedelta(days=1)
"""After a digest: one a day at most."""
SETTLED = datetime.timedelta(minutes=10)
"""A listing older than this has been committed, or never will be: no transaction lasts so long
(the database ends one that waits after 2 minutes). What is newer is looked at again."""
REMEMBERED = datetime.timedelta(days=7)
"""For how long what was told is kept: longer than anything is looked at twice, and as long as
the page shows it."""
AHEAD = datetime.timedelta(days=1)
"""No id is made later than this from now, by whosever clock. Listings brought from an earlier bank
before migration 0011 have ids without a time, nearly all of them far beyond: they are found by
searching, and neither told nor taken for the newest."""


def first_id(at: datetime.datetime) -> UUID:
    """Where the ids of listings begin that are made from a moment on (UUIDs of version 7)."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def end(now: datetime.datetime) -> UUID:
    """Behind every id that has a time."""
    return first_id(now + AHEAD)


@dataclass(frozen=True)
class SavedSearch:
    """What somebody looks for; ``None`` where they do not care.

    Attributes:
        words: all of them must be there, as in a search on the web.
        within: region of the listing.
        saved_at: only what was published later is new.
        seen_id: listings up to this one were looked at for good.
    """

    id: UUID
    member_id: UUID
    words: str | None
    kind: str | None
    category: str | None
    within: str | None
    saved_at: datetime.datetime
    seen_id: UUID | None = None

    def seen(self, now: datetime.datetime) -> UUID | None:
        """Up to where it was looked through.

        Where an id without a time had been taken for that, and all that is new lay before it:
        what can have been told since is remembered, so that nothing is told twice.
        """
        lost = self.seen_id is not None and self.seen_id >= end(now)
        return first_id(now - REMEMBERED) if lost else self.seen_id


@dataclass(frozen=True)
class Digest:
    """When somebody's saved searches are looked through next, in one go.

    Attributes:
        region: whose pools look.
    """

    member_id: UUID
    region: str
