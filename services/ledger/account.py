"""What an account is, what it can spend, and when its owner deserves a nudge."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

ISSUE = UUID("ffffffff-ffff-8fff-bfff-fffffffffffe")
"""The national issue account: where every minute comes from, so its balance is never above 0."""
FUND = UUID("ffffffff-ffff-8fff-bfff-ffffffffffff")
"""The community fund. It and the issue account have the last ids there are, so that locking
accounts in the order of their ids locks these two, which everyone may need, for the shortest
time, and locking them late breaks no order."""

FEW_AVAILABLE = 60
"""Under this many available minutes the next hour of help may fail: time for a nudge to give."""
MANY_CREDITS = 2400
"""From 40 hours up minutes lie idle: time for a nudge to ask, or to donate."""

Side = Literal["floor", "ceiling"]


@dataclass(frozen=True)
class Account:
    """An account as it stands.

    Attributes:
        id: a member's account has the member's id.
        kind: ``member``, ``issue`` or ``fund``.
        region: slug of the owner's home region.
        floor_minutes: how low the balance may be spent; ``None`` is unlimited.
        held_minutes: reserved for booked exchanges.
        version: entries so far.
        member_version: of the newest event heard about the member; 0 before the first.
        closed: the member has left.
    """

    id: UUID
    kind: str
    region: str
    floor_minutes: int | None
    balance_minutes: int
    held_minutes: int
    version: int
    member_version: int
    closed: bool

    @property
    def available_minutes(self) -> int | None:
        """What can be spent now; ``None`` is unlimited."""
        if self.floor_minutes is None:
            return None
        return self.balance_minutes - self.held_minutes - self.floor_minutes

    @property
    def credit_minutes(self) -> int:
        """What is owned and not reserved: what can be given away, debt allowed or not."""
        return max(0, self.balance_minutes - self.held_minutes)


@dataclass(frozen=True)
class Terms:
    """What a region grants a new member, and how much a member there may owe."""

    region: str
    floor_minutes: int
    starter_grant_minutes: int


@dataclass(frozen=True)
class Change:
    """What a batch does to one account, in minutes."""

    account_id: UUID
    balance_minutes: int = 0
    held_minutes: int = 0


def after(accounts: Mapping[UUID, Account], changes: Iterable[Change]) -> dict[UUID, Account]:
    """The accounts touched, as they stand once all changes have happened.

    Changes of accounts not among ``accounts`` are left out.
    """
    sums: dict[UUID, list[int]] = {}
    for change in changes:
        total = sums.setdefault(change.account_id, [0, 0])
        total[0] += change.balance_minutes
        total[1] += change.held_minutes
    return {
        account_id: replace(
            accounts[account_id],
            balance_minutes=accounts[account_id].balance_minutes + balance,
            held_minutes=accounts[account_id].held_minutes + held,
        )
        for account_id, (balance, held) in sums.items()
        if account_id in accounts
    }


def limits_neared(
    before: Mapping[UUID, Account], later: Mapping[UUID, Account]
) -> Iterator[tuple[Account, Side]]:
    """The members' accounts that crossed a mark between two states, as they stand later."""
    for account_id, now in later.items():
        was = before[account_id]
        if now.kind != "member" or now.closed:
            continue
        if _few(now) and not _few(was):
            yield now, "floor"
        if now.balance_minutes >= MANY_CREDITS > was.balance_minutes:
            yield now, "ceiling"


def _few(account: Account) -> bool:
    available = account.available_minutes
    return available is not None and available < FEW_AVAILABLE
