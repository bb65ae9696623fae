"""What a notice may tell: of every event the fields that are needed for it, and no others."""

import datetime
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Step:
    """What a notice tells about one step in the life of an exchange."""

    exchange_id: UUID
    state: str
    giver_id: UUID
    receiver_id: UUID
    asker_id: UUID
    actor_id: UUID | None
    next_actor: str | None
    minutes: int
    starts_at: datetime.datetime | None
    deadline: datetime.datetime | None
    happened_at: datetime.datetime
    giver_region: str
    """For other systems, which hear of exchanges that cross their region; see ``facts``."""

    @property
    def subject(self) -> UUID:
        return self.exchange_id


@dataclass(frozen=True)
class Unfunded(Step):
    shortfall_minutes: int


@dataclass(frozen=True)
class Scheduled(Step):
    """A step that writes, moves or removes a calendar entry."""

    sequence: int


@dataclass(frozen=True)
class Stated(Step):
    stated_minutes: int | None


@dataclass(frozen=True)
class Completed(Step):
    completed_at: datetime.datetime


@dataclass(frozen=True)
class Resolved(Step):
    outcome: str


@dataclass(frozen=True)
class Written:
    """That one of two wrote to the other; what they wrote is nobody else's to know."""

    exchange_id: UUID
    giver_id: UUID
    receiver_id: UUID
    actor_id: UUID
    first_unread: bool

    @property
    def subject(self) -> UUID:
        return self.exchange_id


@dataclass(frozen=True)
class Concern:
    """What a notice tells about a reported problem: that there is one, never what it is."""

    concern_id: UUID
    severity: str
    holder: str
    raised_by_id: UUID
    concerned_id: UUID
    acknowledge_by: datetime.datetime

    @property
    def subject(self) -> UUID:
        return self.concern_id


@dataclass(frozen=True)
class Membership:
    """What a notice tells about somebody's own membership."""

    member_id: UUID
    status: str

    @property
    def subject(self) -> UUID:
        return self.member_id


@dataclass(frozen=True)
class Limit:
    """What a notice tells about an account near one of its limits."""

    account_id: UUID
    side: str
    balance_minutes: int
    available_minutes: int

    @property
    def subject(self) -> UUID:
        return self.account_id


@dataclass(frozen=True)
class Invited:
    """What a letter tells somebody who has not joined: who would like them to."""

    invitation_id: UUID
    invited_by: UUID

    @property
    def subject(self) -> UUID:
        return self.invitation_id


@dataclass(frozen=True)
class Found:
    """What a notice tells about new listings that fit what somebody looks for."""

    digest_id: UUID
    member_id: UUID
    listings: int

    @property
    def subject(self) -> UUID:
        return self.digest_id


Told = Step | Written | Concern | Membership | Limit | Invited | Found
