"""The addresses of one member: how many, how they are proved, and which may go."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.members import errors

MOST = 3
"""Work, the next work, and a personal one."""
LINK = datetime.timedelta(hours=1)
"""A link to a new address is good for so long: the mailbox may be on another machine."""
LINKS_AN_HOUR = 5
"""That one member may ask for, whatever the addresses."""


@dataclass(frozen=True)
class Link:
    """A link sent to an address that a member wants to add."""

    member_id: UUID
    email: str
    sent_at: datetime.datetime
    used_at: datetime.datetime | None


def same(one: str, other: str) -> bool:
    """Whether two addresses are one, whatever the letters' case."""
    return one.lower() == other.lower()


def require_room(held: Sequence[str], email: str) -> None:
    """Check that a member may add an address.

    Args:
        held: the addresses they have.

    Raises:
        errors.AddressYours, errors.AddressesEnough.
    """
    if any(same(each, email) for each in held):
        raise errors.AddressYours
    if len(held) >= MOST:
        raise errors.AddressesEnough(most=MOST)


def usable(found: Link, member_id: UUID | None, now: datetime.datetime) -> bool:
    """Whether a link still adds its address: once, in time, for who asked for it."""
    mine = found.member_id == member_id
    return mine and found.used_at is None and now < found.sent_at + LINK


def main_without(held: Sequence[str], main: str, gone: str) -> str:
    """Where notices go once an address is gone: where they go now, or to the next one.

    Args:
        held: the member's addresses.

    Raises:
        errors.AddressNotFound: it is none of theirs.
        errors.LastAddress: nobody could sign in any more.
    """
    if not any(same(each, gone) for each in held):
        raise errors.AddressNotFound
    left = [each for each in held if not same(each, gone)]
    if not left:
        raise errors.LastAddress
    return main if not same(main, gone) else left[0]
