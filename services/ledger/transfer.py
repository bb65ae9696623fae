"""Movements of minutes between two accounts, each under an id its cause determines."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID, uuid5

from services.ledger.account import FUND, ISSUE, Account, Change


@dataclass(frozen=True)
class Cause:
    """What a movement or a hold goes back to.

    Attributes:
        region: slug of where it is announced.
        correlation_id: of the call that began it all.
        at: when it is decided, aware UTC.
    """

    region: str
    correlation_id: str
    at: datetime.datetime


@dataclass(frozen=True)
class Transfer:
    """An immutable movement.

    Attributes:
        id: made by whoever wants the movement; asking again under it moves nothing.
        kind: ``exchange``, ``grant``, ``donation``, ``fund`` (the fund makes up what a
            receiver lacks, or is given it back), ``reversal`` or ``leaving``.
        minutes: moved, above 0.
        region, correlation_id, posted_at: of its cause.
        exchange_id: of an exchange's posting and its reversal.
        hold_id: that an exchange is posted from, or that the fund helped to make.
        reason: a code, or a person's words.
        author_id: the person who decided it, if one did.
    """

    id: UUID
    kind: str
    from_account_id: UUID
    to_account_id: UUID
    minutes: int
    region: str
    correlation_id: str
    posted_at: datetime.datetime
    exchange_id: UUID | None = None
    hold_id: UUID | None = None
    reverses_transfer_id: UUID | None = None
    reason: str | None = None
    author_id: UUID | None = None


def exchange_transfer_id(exchange_id: UUID) -> UUID:
    """The id of the one transfer that settles an exchange."""
    return uuid5(exchange_id, "exchange")


def of_exchange(
    exchange_id: UUID, hold_id: UUID, payer: UUID, payee: UUID, minutes: int, cause: Cause
) -> Transfer:
    """Settles an exchange: the receiver pays the giver."""
    return Transfer(
        exchange_transfer_id(exchange_id), "exchange", payer, payee, minutes,
        cause.region, cause.correlation_id, cause.at, exchange_id=exchange_id, hold_id=hold_id,
    )  # fmt: skip


def reversal_id(exchange_id: UUID) -> UUID:
    """The id of the one transfer that takes an exchange's transfer back."""
    return uuid5(exchange_id, "reversal")


def reversal(of: Transfer, reason: str, cause: Cause) -> Transfer:
    """Takes the whole of an exchange's transfer back, below the giver's floor if need be."""
    assert of.exchange_id is not None, "only an exchange's transfer is reversed"
    return Transfer(
        reversal_id(of.exchange_id), "reversal", of.to_account_id, of.from_account_id, of.minutes,
        cause.region, cause.correlation_id, cause.at,
        exchange_id=of.exchange_id, reverses_transfer_id=of.id, reason=reason,
    )  # fmt: skip


def starter_grant(member_id: UUID, minutes: int, cause: Cause) -> Transfer:
    """The first minutes of a new member; its id lets no second one follow."""
    return Transfer(
        starter_grant_id(member_id), "grant", ISSUE, member_id, minutes,
        cause.region, cause.correlation_id, cause.at, reason="starter_grant",
    )  # fmt: skip


def starter_grant_id(member_id: UUID) -> UUID:
    """The id of the one transfer a new member begins with."""
    return uuid5(member_id, "starter-grant")


def opening_balance_id(member_id: UUID) -> UUID:
    """The id of the one transfer that brings a balance from an earlier bank."""
    return uuid5(member_id, "opening-balance")


def opening_balance(
    member_id: UUID, minutes: int, granted: int, author_id: UUID, cause: Cause
) -> Transfer | None:
    """What brings a new account to the balance its owner had in an earlier bank.

    The starter grant counts towards it, so the account opens at that balance, whatever was
    heard first. Nobody begins with less than a newcomer: for a lower balance there is none.

    Args:
        minutes: of the balance brought over.
        granted: minutes of the starter grant that was posted, 0 without one.
        author_id: who vouched for the balance.
    """
    if minutes <= granted:
        return None
    return Transfer(
        opening_balance_id(member_id), "grant", ISSUE, member_id, minutes - granted,
        cause.region, cause.correlation_id, cause.at, reason="opening_balance",
        author_id=author_id,
    )  # fmt: skip


def from_fund(hold_id: UUID, account_id: UUID, minutes: int, cause: Cause) -> Transfer:
    """The fund makes up what a receiver lacks for one hold."""
    return Transfer(
        uuid5(hold_id, "fund"), "fund", FUND, account_id, minutes,
        cause.region, cause.correlation_id, cause.at, hold_id=hold_id, reason="shortfall",
    )  # fmt: skip


def back_to_fund(hold_id: UUID, account_id: UUID, minutes: int, cause: Cause) -> Transfer:
    """What the fund gave for a hold and the exchange did not need."""
    return Transfer(
        uuid5(hold_id, "fund-back"), "fund", account_id, FUND, minutes,
        cause.region, cause.correlation_id, cause.at, hold_id=hold_id, reason="not_needed",
    )  # fmt: skip


def taken_back_to_fund(hold_id: UUID, account_id: UUID, minutes: int, cause: Cause) -> Transfer:
    """What the fund gave for an exchange that was settled and then reversed."""
    return Transfer(
        uuid5(hold_id, "fund-reversed"), "fund", account_id, FUND, minutes,
        cause.region, cause.correlation_id, cause.at, hold_id=hold_id, reason="reversed",
    )  # fmt: skip


def donation(transfer_id: UUID, donor_id: UUID, to: UUID, minutes: int, cause: Cause) -> Transfer:
    """A member's gift to a fund."""
    return Transfer(
        transfer_id, "donation", donor_id, to, minutes,
        cause.region, cause.correlation_id, cause.at, author_id=donor_id,
    )  # fmt: skip


def leaving(left: Account, cause: Cause) -> Transfer | None:
    """What brings the account of a member who left to nothing, as far as it can be now.

    Credit that no hold reserves goes to the fund; debt is taken over by it. What a
    hold still reserves follows when the exchange has ended the hold. The account's
    version in the id makes it one transfer per state of the account.
    """
    if left.balance_minutes < 0:
        payer, payee, minutes, reason = FUND, left.id, -left.balance_minutes, "debt_absorbed"
    elif left.credit_minutes:
        payer, payee, minutes, reason = left.id, FUND, left.credit_minutes, "credit_left"
    else:
        return None
    return Transfer(
        uuid5(left.id, f"leaving:{left.version}"), "leaving", payer, payee, minutes,
        cause.region, cause.correlation_id, cause.at, reason=reason,
    )  # fmt: skip


def changes(transfers: Iterable[Transfer]) -> Iterator[Change]:
    """What transfers do to balances; what they free of holds is the hold's to say."""
    for transfer in transfers:
        yield Change(transfer.from_account_id, balance_minutes=-transfer.minutes)
        yield Change(transfer.to_account_id, balance_minutes=transfer.minutes)
