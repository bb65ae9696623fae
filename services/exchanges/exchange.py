"""One agreed piece of help between a giver and a receiver, and what a step leaves of it."""

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from services.exchanges import lifecycle


@dataclasses.dataclass(frozen=True)
class Exchange:
    """An exchange as it stands after its last step.

    Attributes:
        region: the receiver's home region, fixed when it was requested.
        recorded: set down after the fact or by a rep, so silence never confirms it.
        sent_at: when the one asked could first see it; ``None`` while its asker waits
            to be let in.
        next_actor: who must act: ``giver``, ``receiver``, ``both``, ``rep``,
            ``national`` or ``ledger``; ``None`` when nobody must.
        actor_id: who took the last step; ``None`` when a deadline or a service did.
        minutes: what is agreed so far; once completed, what was really given.
        stated_minutes: the figure now waiting for the other's word.
        held_minutes: what the ledger holds for it now.
        attempt: counts the questions for a hold; each has a hold id of its own.
        ruled: a rep has decided what is due, so a hold completes it at once.
        sequence: of the calendar entry.
        entered_at: since when the state and the next actor are what they are.
        slot_id: of the time of the listing that was chosen, until another is agreed.
        ask_id: of the ask this came of, where several givers were asked at once.
    """

    id: UUID
    version: int
    listing_id: UUID
    title: str
    category: str | None
    pathway: str | None
    giver_id: UUID
    receiver_id: UUID
    asker_id: UUID
    region: str
    giver_region: str
    receiver_region: str
    giver_organisation: str | None
    receiver_organisation: str | None
    recorded: bool
    message: str | None
    requested_at: datetime.datetime
    sent_at: datetime.datetime | None
    state: str
    next_actor: str | None
    actor_id: UUID | None
    minutes: int
    stated_minutes: int | None
    held_minutes: int | None
    shortfall_minutes: int | None
    starts_at: datetime.datetime | None
    attempt: int
    from_fund: bool
    ruled: bool
    sequence: int
    entered_at: datetime.datetime
    deadline: datetime.datetime | None
    booked_at: datetime.datetime | None
    completed_at: datetime.datetime | None
    settled_at: datetime.datetime | None
    reversal_asked_by: UUID | None
    ask_id: UUID | None = None
    slot_id: UUID | None = None

    @property
    def hold_id(self) -> UUID:
        """Of the current attempt; the ledger finds the same by itself."""
        return uuid5(self.id, f"hold:{self.attempt}")

    @property
    def held_id(self) -> UUID | None:
        """The hold to be released when this ends here; none once it was let go."""
        return self.hold_id if self.held_minutes is not None else None

    @property
    def recorded_after_the_fact(self) -> bool:
        """Whether it took place before it was written down: agreeing to it completes it."""
        return self.recorded and self.ruled

    @property
    def transfer_id(self) -> UUID:
        return uuid5(self.id, "exchange")

    @property
    def agreed_end(self) -> datetime.datetime | None:
        return _end(self.starts_at, self.minutes)

    @property
    def lower_minutes(self) -> int:
        """The lower of what is stated and what is held: what silence agrees to."""
        return min(self.stated_minutes or self.minutes, self.held_minutes or self.minutes)

    def side_of(self, member_id: UUID | None) -> str | None:
        """``giver`` or ``receiver``; ``None`` for anybody who is no party."""
        if member_id is None:
            return None
        return {self.giver_id: "giver", self.receiver_id: "receiver"}.get(member_id)

    def moved(
        self,
        now: datetime.datetime,
        actor_id: UUID | None,
        state: str,
        next_actor: str | None,
        **changes: Any,
    ) -> "Exchange":
        """A copy one step on: entered now, with the deadline the table gives it."""
        if changes.get("starts_at", self.starts_at) != self.starts_at:
            changes["slot_id"] = None  # the time that was chosen is free again
        end = _end(
            changes.get("starts_at", self.starts_at), changes.get("minutes", self.minutes)
        )  # known beforehand, because a copy of so many fields is dear
        return dataclasses.replace(
            self,
            version=self.version + 1,
            actor_id=actor_id,
            state=state,
            next_actor=next_actor,
            entered_at=now,
            deadline=lifecycle.deadline(state, next_actor, now, end),
            **changes,
        )

    def noted(self, **changes: Any) -> "Exchange":
        """A copy one version on whose state, turn and deadline stay what they were."""
        return dataclasses.replace(self, version=self.version + 1, **changes)


def _end(starts_at: datetime.datetime | None, minutes: int) -> datetime.datetime | None:
    return None if starts_at is None else starts_at + datetime.timedelta(minutes=minutes)


OTHER = {"giver": "receiver", "receiver": "giver"}


@dataclasses.dataclass(frozen=True)
class Taken:
    """A step that was taken: what stands afterwards, and what is to be said.

    Attributes:
        exchange: as it is after the step.
        action: the table's name of the step.
        actor_id: who took it.
        says: name of the event, if one is said.
        more: fields of that event beyond what every exchange event carries.
        reason: the actor's own words, kept in the history only.
    """

    exchange: Exchange
    action: str
    actor_id: UUID | None
    at: datetime.datetime
    says: str | None = None
    more: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    reason: str | None = None


Steps = tuple[Taken, ...]
