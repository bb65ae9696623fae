"""A member: how one is let in, who decides, what others may see, and what leaving erases."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from services.members import errors

WAITING, APPROVED, REFUSED, LEFT = "waiting", "approved", "refused", "left"

FORMER = "Former member"
"""The name on the card of somebody who has left and been erased."""

UNWRITTEN = frozenset(' ,;<>"()[]\\')
"""What no address has that anybody can sign in with; lists of addresses have it between them."""

PATIENCE = 2
"""Working days a joiner waits for a representative before the national team is shown them."""


@dataclass(frozen=True)
class Profile:
    """What a member says about themselves.

    Attributes:
        organisation_code: ODS code of the employer; ``None`` where there is none.
        organisation_written: its name in the member's words; ``None`` beside a code.
        shows_employer: whether other members see where they work.
        shows_email: whether the other party of a booked exchange is told their address.
    """

    name: str
    about: str | None
    skills_offered: list[str]
    skills_wanted: list[str]
    organisation_code: str | None
    organisation_written: str | None
    region: str
    shows_employer: bool = True
    shows_email: bool = True


@dataclass(frozen=True)
class Member:
    """A person in the bank, or what is left of one: after leaving, a pseudonym.

    Attributes:
        email: ``None`` once the member has left, as are the other personal fields.
        organisation_name: of the register where there is a code, else as written.
        granted: the roles held now beyond plain membership.
        version: counts every change, for ``ETag`` and for readers of the events.
    """

    id: UUID
    email: str | None
    name: str | None
    about: str | None
    skills_offered: list[str]
    skills_wanted: list[str]
    organisation_code: str | None
    organisation_name: str | None
    region: str
    status: str
    version: int
    joined_at: datetime.datetime
    granted: list[str]
    shows_employer: bool = True
    shows_email: bool = True

    @property
    def roles(self) -> list[str]:
        """What the member may act as: nothing before being let in or after leaving."""
        return ["member", *self.granted] if self.status == APPROVED else []

    @property
    def approved(self) -> bool:
        return self.status == APPROVED


def address(email: str | None) -> str:
    """The address somebody joins with.

    Raises:
        errors.NoAddress: the token carries none, or one no letter could reach.
    """
    text = (email or "").strip()
    local, at, domain = text.partition("@")
    plain = text.isprintable() and text.isascii() and not UNWRITTEN & set(text)
    reached = "." in domain and "@" not in domain and all(domain.split("."))
    if not (local and at and reached and plain and len(text) <= 254):
        raise errors.NoAddress
    return text


def status_on_joining(email: str, known_domains: Collection[str]) -> str:
    """Let in at once at a known domain or one of its sub-domains; others wait for a rep."""
    domain = email.rpartition("@")[2].lower()
    known = any(domain == name or domain.endswith(f".{name}") for name in known_domains)
    return APPROVED if known else WAITING


def may_decide(actor: UUID | None, joiner: Member, *, represents: bool, national: bool) -> None:
    """Check that ``actor`` may approve or refuse ``joiner``.

    Args:
        represents: whether the actor represents the joiner's region.
        national: whether the actor is of the national team.

    Raises:
        errors.OwnMatter, errors.NotYourRegion, errors.AlreadyDecided.
    """
    if actor == joiner.id:
        raise errors.OwnMatter
    if not (represents or national):
        raise errors.NotYourRegion
    if joiner.status != WAITING:
        raise errors.AlreadyDecided(status=joiner.status)


def unchanged_since(found: Member, expected_version: int | None) -> None:
    """Check that the caller has seen the newest version.

    Raises:
        errors.VersionConflict: somebody changed the profile in between.
    """
    if expected_version is not None and expected_version != found.version:
        raise errors.VersionConflict(version=found.version)


def escalates_at(joined_at: datetime.datetime) -> datetime.datetime:
    """When a waiting joiner is shown to the national team: two working days later.

    Saturdays and Sundays (UTC) do not count; public holidays do, which errs on the
    side of the person who waits.
    """
    moment, days = joined_at, PATIENCE
    while days:
        moment += datetime.timedelta(days=1)
        days -= moment.weekday() < 5
    return moment


def escalated(found: Member, now: datetime.datetime) -> bool:
    """Whether this joiner has waited too long for a representative."""
    return found.status == WAITING and now >= escalates_at(found.joined_at)
