"""How a caller stands to what they ask for: member or not, party, rep, or nobody to it."""

from uuid import UUID

from services.bus.caller import Caller
from services.bus.transaction import Transaction
from services.exchanges import errors, listing_store
from services.exchanges.agreement import Party
from services.exchanges.exchange import Exchange
from services.exchanges.wish import Actor

NOBODY = UUID(int=0)
"""A rep or a service without a membership of its own: no party to anything."""


def member(caller: Caller) -> UUID:
    """The id of a caller who has joined, let in or still waiting.

    Raises:
        errors.NotAMember: they have not.
    """
    if caller.id is None:
        raise errors.NotAMember
    return caller.id


def approved_member(tx: Transaction, caller: Caller) -> UUID:
    """The id of a caller who has been let in, and who does not leave before it is done.

    The caller's own mark decides, or what was heard of them since: whichever is newer
    news lets them in, and only a departure shuts them out.

    Raises:
        errors.NotAMember, errors.NotApproved
    """
    member_id = member(caller)
    listing_store.hold_off_leaving(tx.conn, member_id)
    heard = listing_store.member_status(tx.conn, member_id)
    if heard in ("left", "refused"):
        raise errors.NotAMember
    if not caller.approved and heard != "approved":
        raise errors.NotApproved
    return member_id


def asker(tx: Transaction, caller: Caller) -> Party:
    """Who asks; of somebody who waits, what was heard since may already let them in.

    The person is held before any listing, here and where departures are heard: somebody who
    leaves at this moment leaves before, and is refused, or after, and takes this along. The row
    of somebody who waits is held, too, for their approval may come at this moment.

    Raises:
        errors.NotAMember
    """
    member_id = member(caller)
    listing_store.hold_off_leaving(tx.conn, member_id)
    status = (
        listing_store.member_status(tx.conn, member_id)
        if caller.approved
        else listing_store.hold_member(tx.conn, member_id)
    )
    if status in ("left", "refused"):
        raise errors.NotAMember
    approved = caller.approved or status == "approved"
    return Party(member_id, caller.region, caller.organisation, approved)


def actor(caller: Caller, found: Exchange) -> Actor:
    """The caller as they stand to one exchange."""
    judges = caller.is_national or caller.represents(found.region)
    return Actor(caller.id or NOBODY, found.side_of(caller.id), judges)


def may_see(caller: Caller, found: Exchange) -> bool:
    """Parties, once it is sent; reps of either region; national team, Senate and services."""
    if caller.id is not None and caller.id == found.asker_id:
        return True
    if found.side_of(caller.id):
        return found.sent_at is not None
    represents = caller.represents(found.giver_region) or caller.represents(found.receiver_region)
    return represents or caller.sees_everything or caller.is_service


def check_version(found: int, expected: int | None) -> None:
    """
    Raises:
        errors.VersionConflict: the caller decided on another version than there is.
    """
    if expected is not None and expected != found:
        raise errors.VersionConflict(version=found)
