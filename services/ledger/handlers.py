"""What the ledger hears and answers, and who may ask."""

from dataclasses import replace
from typing import Any

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.subscription import Subscription, subscriptions
from services.bus.transaction import Transaction, new_id
from services.contracts import exchanges, members
from services.ledger import account as ledger_account
from services.ledger import account_handlers, answers, errors, hold_handlers, store
from services.ledger.account import Account
from services.ledger.account_handlers import BalanceNamed, MemberNamed
from services.ledger.hold_handlers import Accepted, Completed, Ended, Reversed
from services.ledger.limit import LimitChange

# Holds, transfers and accounts are themselves the record of what was heard: every
# subscription has a natural key, and the inbox stays empty. In this order waiting events
# are handled: what frees minutes before what needs them, a hold before its posting.
SUBSCRIPTIONS = subscriptions(
    Subscription(members.MemberJoined, MemberNamed, account_handlers.welcome, natural_key=True),
    Subscription(members.MemberApproved, MemberNamed, account_handlers.welcome, natural_key=True),
    Subscription(members.MemberChanged, MemberNamed, account_handlers.welcome, natural_key=True),
    Subscription(
        members.BalanceImported, BalanceNamed, account_handlers.bring_over, natural_key=True
    ),
    Subscription(exchanges.ExchangeAmended, Ended, hold_handlers.release, natural_key=True),
    Subscription(exchanges.ExchangeWithdrawn, Ended, hold_handlers.release, natural_key=True),
    Subscription(exchanges.ExchangeCancelled, Ended, hold_handlers.release, natural_key=True),
    Subscription(exchanges.ExchangeLapsed, Ended, hold_handlers.release, natural_key=True),
    Subscription(exchanges.ExchangeNoShow, Ended, hold_handlers.release, natural_key=True),
    Subscription(exchanges.ExchangeAccepted, Accepted, hold_handlers.reserve, natural_key=True),
    Subscription(exchanges.ExchangeCompleted, Completed, hold_handlers.settle, natural_key=True),
    Subscription(exchanges.ExchangeReversed, Reversed, hold_handlers.reverse, natural_key=True),
    Subscription(members.MemberLeft, MemberNamed, account_handlers.say_farewell, natural_key=True),
)


def account(tx: Transaction, caller: Caller, member_id: Any = None) -> dict[str, Any]:
    """The account of a member, the caller's own by default.

    One's own is opened on the spot: nobody who has just joined waits for an event.

    Raises:
        NotYourAccount: another's, and the caller is not of the national team or Senate.
        AccountUnknown: there is none.
    """
    return answers.account(_readable(tx, caller, member_id))


def statement(
    tx: Transaction, caller: Caller, limit: Any = 20, cursor: Any = None, member_id: Any = None
) -> dict[str, Any]:
    """The entries of an account, newest first, a page at a time.

    Raises:
        NotYourAccount, AccountUnknown: as ``account``.
        CursorNotValid: a limit beyond 1 to 100, or a foreign cursor.
    """
    size, before = answers.page(limit, cursor)
    found = _readable(tx, caller, member_id)
    lines = store.statement(tx.conn, found.id, before, size + 1)
    more = str(lines[size - 1].version) if len(lines) > size else None
    return {"items": [answers.row(line) for line in lines[:size]], "next": more}


def balance_at(tx: Transaction, caller: Caller, time: Any, member_id: Any = None) -> dict[str, Any]:
    """The balance at a past moment, computed from the entries.

    Raises:
        NotYourAccount, AccountUnknown: as ``account``.
        CursorNotValid: ``time`` is not ISO 8601 with its offset.
    """
    at = answers.moment(time)
    found = _readable(tx, caller, member_id)
    return {"id": str(found.id), "balance_minutes": store.balance_at(tx.conn, found.id, at)}


def enlarge_hold(tx: Transaction, caller: Caller, hold_id: Any, minutes: Any) -> dict[str, Any]:
    """Reserve more minutes under a hold, for exchanges when more was given than booked.

    Raises:
        NotAllowed: the caller is no service.
        HoldUnknown: the question for it has not arrived.
        HoldNotEnlarged: it has ended, or the account has not the minutes.
        MinutesNotValid: beyond what one exchange may be.
    """
    caller.require_service()
    return hold_handlers.enlarge(tx, answers.member_id(hold_id), answers.exchange_minutes(minutes))


def donate(tx: Transaction, caller: Caller, to: Any, minutes: Any) -> dict[str, Any]:
    """Give credit one owns to the community fund; what may be owed is not given away.

    Raises:
        AccountUnknown: ``to`` is no fund.
        NotEnoughMinutes: less credit than that; ``available_minutes`` tells how much.
        MinutesNotValid: not a multiple of 15 above 0.
    """
    given = answers.minutes(minutes)
    if to not in ("fund", str(ledger_account.FUND)):
        raise errors.AccountUnknown
    return account_handlers.donate(tx, caller, ledger_account.FUND, given)


def set_limit(
    tx: Transaction,
    caller: Caller,
    member_id: Any = None,
    region: Any = None,
    floor_minutes: Any = None,
    reason: Any = None,
    starter_grant_minutes: Any = None,
) -> dict[str, Any]:
    """Change how much one member, or the members of a region, may owe.

    Args:
        floor_minutes: 0 or below; ``None`` lets a member follow the region again.
        reason: kept with the author in the history.
        starter_grant_minutes: of a region, for those who join from now on.

    Raises:
        NotAllowed: the caller is not of the national team.
        AccountUnknown: no such member or region.
        LimitNotValid: the figures or the reason will not do.
    """
    if not caller.is_national:
        raise NotAllowed
    if (member_id is None) == (region is None):
        raise errors.LimitNotValid
    if region is None:
        change = _members_limit(tx, member_id, floor_minutes, starter_grant_minutes)
    else:
        change = _regions_limit(tx, region, floor_minutes, starter_grant_minutes)
    change = replace(change, reason=answers.reason(reason), author_id=caller.id)
    store.add_limit_changes(tx.conn, [change])
    return answers.row(store.limit_changes(tx.conn, change.account_id, change.region)[0])


def _members_limit(tx: Transaction, member_id: Any, floor: Any, grant: Any) -> LimitChange:
    found = _existing(tx, member_id)
    if found.kind == "issue":
        raise errors.AccountUnknown
    if grant is not None:
        raise errors.LimitNotValid("A starter grant is a region's, not a member's.")
    wanted = None if floor is None else answers.floor(floor)
    return LimitChange(new_id(), account_id=found.id, floor_minutes=wanted, valid_from=tx.now)


def _regions_limit(tx: Transaction, region: Any, floor: Any, grant: Any) -> LimitChange:
    return LimitChange(
        new_id(),
        region=_region(tx, region),
        floor_minutes=answers.floor(floor),
        starter_grant_minutes=None if grant is None else answers.grant(grant),
        valid_from=tx.now,
    )


def limits(
    tx: Transaction, caller: Caller, member_id: Any = None, region: Any = None
) -> dict[str, Any]:
    """The history of an account's or a region's limit, newest first.

    Raises:
        NotYourAccount, AccountUnknown: as ``account``; a region's is open to all.
    """
    if region is not None:
        history = store.limit_changes(tx.conn, None, _region(tx, region))
    else:
        history = store.limit_changes(tx.conn, _readable(tx, caller, member_id).id, None)
    return {"items": [answers.row(change) for change in history], "next": None}


def _readable(tx: Transaction, caller: Caller, member_id: Any) -> Account:
    wanted = caller.id if member_id is None else answers.member_id(member_id)
    if wanted is None:
        raise errors.AccountUnknown
    if wanted == caller.id:
        return account_handlers.own(tx, caller)
    if not (caller.sees_everything or caller.is_service):
        raise errors.NotYourAccount
    return _existing(tx, str(wanted))


def _existing(tx: Transaction, member_id: Any) -> Account:
    found = store.account(tx.conn, answers.member_id(member_id))
    if found is None:
        raise errors.AccountUnknown
    return found


def _region(tx: Transaction, region: Any) -> str:
    if not isinstance(region, str) or region not in store.terms(tx.conn):
        raise errors.AccountUnknown("There is no such region.")
    return region
