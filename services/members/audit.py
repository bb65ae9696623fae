"""The audit: what is written down, and what one may look for in it."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

ACTIONS = (
    "approve", "refuse", "leave", "import", "import_people", "invite_people",
    "grant", "revoke", "name_cover", "end_cover",
    "add_address", "remove_address", "change_main_address",
    "register", "replace_keys", "withdraw", "consent", "end_consent",
    "export_audit",
)  # fmt: skip
"""Everything that is written down; a word is never taken back, for its lines stay."""

MOST_EXPORTED = 5_000
"""Lines of one export: it travels as one answer, and a spreadsheet is read by a person."""


@dataclass(frozen=True)
class Line:
    """One thing that was done.

    Attributes:
        actor: ``None`` for an operator's command.
        about: what the subject is: ``member``, ``system``, or ``none`` where the line is about
            nobody in particular.
    """

    id: UUID
    at: datetime.datetime
    actor: UUID | None
    action: str
    subject: UUID
    about: str
    detail: str | None
    reason: str | None


@dataclass(frozen=True)
class Search:
    """What is looked for; ``None`` where anything will do.

    Attributes:
        actors, subjects: ids of those it may be.
        since: this moment or later.
        before: earlier than this moment.
    """

    actors: Sequence[UUID] | None = None
    subjects: Sequence[UUID] | None = None
    action: str | None = None
    since: datetime.datetime | None = None
    before: datetime.datetime | None = None
