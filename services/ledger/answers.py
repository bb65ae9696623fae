"""Accounts, statements and limits as JSON, and what callers send as values."""

import datetime
from typing import Any
from uuid import UUID

from services.ledger import errors
from services.ledger.account import Account

STEP = 15
"""Minutes come in multiples of this."""
EXCHANGE_MAX = 1440
"""Minutes of one exchange, at most."""
PAGE_MAX = 100
"""Lines of a statement at once, at most."""


def account(found: Account) -> dict[str, Any]:
    """What the owner sees."""
    return {
        "id": str(found.id),
        "balance_minutes": found.balance_minutes,
        "held_minutes": found.held_minutes,
        "available_minutes": found.available_minutes,
        "floor_minutes": found.floor_minutes,
        "version": found.version,
    }


def row(found: Any) -> dict[str, Any]:
    """Any frozen dataclass of ids, times and numbers."""
    return {name: _plain(value) for name, value in vars(found).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
    return value


def member_id(text: Any) -> UUID:
    """
    Raises:
        AccountUnknown: not a UUID, so nobody's account.
    """
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError):
        raise errors.AccountUnknown from None


def minutes(value: Any) -> int:
    """Minutes to be moved.

    Raises:
        MinutesNotValid: not a whole number above 0 and a multiple of 15.
    """
    if not _whole(value) or value <= 0 or value % STEP:
        raise errors.MinutesNotValid
    return int(value)


def exchange_minutes(value: Any) -> int:
    """Minutes of one exchange: 15 to 1,440.

    Raises:
        MinutesNotValid: anything else.
    """
    if minutes(value) > EXCHANGE_MAX:
        raise errors.MinutesNotValid
    return int(value)


def floor(value: Any) -> int:
    """A limit in minutes.

    Raises:
        LimitNotValid: not a whole number, above 0, or not a multiple of 15.
    """
    if not _whole(value) or value > 0 or value % STEP:
        raise errors.LimitNotValid
    return int(value)


def grant(value: Any) -> int:
    """A starter grant in minutes.

    Raises:
        LimitNotValid: not a multiple of 15 from 0 to a day.
    """
    if not _whole(value) or not 0 <= value <= 1440 or value % STEP:
        raise errors.LimitNotValid("A starter grant is a multiple of 15 from 0 to 1,440 minutes.")
    return int(value)


def reason(text: Any) -> str:
    """
    Raises:
        LimitNotValid: no text, or more than 500 characters of it.
    """
    if not isinstance(text, str) or not 1 <= len(text.strip()) <= 500 or "\x00" in text:
        raise errors.LimitNotValid
    return text.strip()


def page(limit: Any, cursor: Any) -> tuple[int, int | None]:
    """How many lines, and before which version.

    Raises:
        CursorNotValid: a limit beyond 1 to 100, or a cursor this list did not give.
    """
    if not _whole(limit) or not 1 <= limit <= PAGE_MAX:
        raise errors.CursorNotValid
    if cursor is None:
        return limit, None
    if not isinstance(cursor, str) or not cursor.isascii() or not cursor.isdigit():
        raise errors.CursorNotValid
    if len(cursor) > 18:  # more would not fit the database's number
        raise errors.CursorNotValid
    return limit, int(cursor)


def moment(text: Any) -> datetime.datetime:
    """
    Raises:
        CursorNotValid: not an ISO 8601 time with its offset.
    """
    try:
        found = datetime.datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise errors.CursorNotValid("A time is ISO 8601 with its offset.") from None
    if found.tzinfo is None:
        raise errors.CursorNotValid("A time is ISO 8601 with its offset.")
    return found


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
