"""A reported problem: who looks into it, by when, and what becomes of it."""

import dataclasses
import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.exchanges import errors

SEVERITIES = ("low", "serious", "safeguarding")
ACKNOWLEDGED_WITHIN: Mapping[str, datetime.timedelta] = {
    # A representative is there half a day a week: this much waits for that.
    "low": datetime.timedelta(days=7),
    "serious": datetime.timedelta(days=2),
    # Somebody may be at risk: the national team is told at once, too, and acts in a day.
    "safeguarding": datetime.timedelta(days=1),
}
QUIET = datetime.timedelta(days=7)
"""An acknowledged concern comes back to the list when nothing was done about it for so long."""
FORGOTTEN = datetime.timedelta(days=14)
"""After so long without a step the national team sees it, whoever holds it."""
MOST_OPEN = 5
"""Open concerns of one person: they reach a handler all the same, and no list is flooded."""

REP, NATIONAL = "rep", "national"
ACTIONS = ("acknowledge", "note", "refer", "hand_on", "close")


@dataclass(frozen=True)
class Concern:
    """A concern as it stands after its last step.

    Attributes:
        region: of whoever raised it.
        holder: ``rep`` of the region, or ``national``.
        acknowledge_by: until then somebody has said that they look into it.
        acted_at: when anything was last done about it.
        answer: what whoever raised it was told when it was closed.
    """

    id: UUID
    version: int
    region: str
    exchange_id: UUID | None
    about_id: UUID
    raised_by: UUID
    severity: str
    text: str
    state: str
    holder: str
    raised_at: datetime.datetime
    acknowledge_by: datetime.datetime
    acknowledged_at: datetime.datetime | None
    acted_at: datetime.datetime
    closed_at: datetime.datetime | None
    answer: str | None


@dataclass(frozen=True)
class Handler:
    """Somebody who wants to look into a concern.

    Attributes:
        represents: whether they represent the concern's region.
    """

    id: UUID
    represents: bool
    national: bool


@dataclass(frozen=True)
class Step:
    """What was done about a concern, and what stands afterwards.

    Attributes:
        text: words for the record.
    """

    concern: Concern
    action: str
    actor_id: UUID | None
    text: str | None
    at: datetime.datetime


def raised(
    concern_id: UUID,
    author: UUID,
    region: str,
    about_id: UUID,
    exchange_id: UUID | None,
    severity: str,
    text: str,
    representatives: Collection[UUID],
    now: datetime.datetime,
) -> Step:
    """Raise a concern with the representative of the author's region.

    Nobody decides about themselves or a close colleague: where one of those who represent the
    region is the author or whom it is about, or nobody represents it, the national team has it.

    Args:
        representatives: of the region, those who cover it included.

    Raises:
        errors.NotWithOneself
    """
    if author == about_id:
        raise errors.NotWithOneself
    theirs = not representatives or {author, about_id} & set(representatives)
    new = Concern(
        id=concern_id,
        version=1,
        region=region,
        exchange_id=exchange_id,
        about_id=about_id,
        raised_by=author,
        severity=severity,
        text=text,
        state="raised",
        holder=NATIONAL if theirs else REP,
        raised_at=now,
        acknowledge_by=now + ACKNOWLEDGED_WITHIN[severity],
        acknowledged_at=None,
        acted_at=now,
        closed_at=None,
        answer=None,
    )
    return Step(new, "raise", author, None, now)


def may_see(concern: Concern, handler: Handler) -> bool:
    """Whoever could look into it: never who is in it, as author or as whom it is about."""
    if handler.id in (concern.about_id, concern.raised_by):
        return False
    return handler.national or (concern.holder == REP and handler.represents)


def allowed(concern: Concern, handler: Handler) -> tuple[str, ...]:
    """What somebody may do about it now, in the order it is offered."""
    if not may_see(concern, handler):
        return ()
    if concern.state == "closed":
        return ("note",)
    return tuple(
        action
        for action in ACTIONS
        if not (action == "acknowledge" and concern.state != "raised")
        and not (action == "hand_on" and concern.holder == NATIONAL)
    )


def act(
    concern: Concern,
    handler: Handler,
    action: str,
    text: str | None,
    answer: str | None,
    now: datetime.datetime,
) -> Step:
    """Do something about it; whatever is done first acknowledges it.

    Args:
        text: for the record: what was done or decided. Only who handles concerns reads it.
        answer: for whoever raised it, when it is closed.

    Raises:
        errors.NotAllowed: they are in it, or somebody else looks into it.
        errors.ConcernClosed
        errors.StepNotAllowed: it is with the national team already, or acknowledged.
    """
    possible = allowed(concern, handler)
    if not possible:
        raise errors.NotAllowed
    if action not in possible:
        closed = concern.state == "closed"
        raise errors.ConcernClosed if closed else errors.StepNotAllowed(allowed=list(possible))
    after = _acted(concern, now)
    if action == "hand_on":
        after = dataclasses.replace(after, holder=NATIONAL)
    if action == "close":
        after = dataclasses.replace(after, state="closed", closed_at=now, answer=answer)
    return Step(after, action, handler.id, text, now)


def _acted(concern: Concern, now: datetime.datetime) -> Concern:
    first = concern.state == "raised"
    return dataclasses.replace(
        concern,
        version=concern.version + 1,
        state="acknowledged" if first else concern.state,
        acknowledged_at=now if first else concern.acknowledged_at,
        acted_at=now,
    )


def escalated(concern: Concern, now: datetime.datetime) -> Step:
    """Nobody has said in time that they look into it: the national team has it now."""
    after = dataclasses.replace(concern, version=concern.version + 1, holder=NATIONAL)
    return Step(after, "escalate", None, None, now)


def require_room(open_ones: int) -> None:
    """
    Args:
        open_ones: concerns of the same person that are not closed.

    Raises:
        errors.TooManyConcerns
    """
    if open_ones >= MOST_OPEN:
        raise errors.TooManyConcerns(most=MOST_OPEN)
