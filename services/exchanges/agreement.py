"""How two people come to agree: asked, amended, accepted, funded, or given up."""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.exchanges import errors, lifecycle, wish
from services.exchanges.exchange import OTHER, Exchange, Steps, Taken
from services.exchanges.listing import Listing
from services.exchanges.wish import Actor, Wish


@dataclasses.dataclass(frozen=True)
class Party:
    """One of the two; an asker who is not yet approved is heard when they are."""

    id: UUID
    region: str
    organisation: str | None
    approved: bool = True


def ask(
    exchange_id: UUID,
    listing: Listing,
    asker: Party,
    wished: Wish,
    message: str | None,
    now: datetime.datetime,
) -> Taken:
    """Ask for what a listing offers, or offer what it asks for.

    Raises:
        errors.StartsAtInvalid: the time proposed has passed or is too far ahead.
    """
    wish.check_starts_at(wished.starts_at, now)
    owner = Party(listing.owner_id, listing.region, listing.organisation)
    giver, receiver = (owner, asker) if listing.kind == "offer" else (asker, owner)
    asked = dataclasses.replace(
        opened(exchange_id, listing, giver, receiver, asker, now),
        message=message,
        minutes=wished.minutes or listing.minutes,
        starts_at=wished.starts_at,
        slot_id=wished.slot_id,
    )
    return Taken(asked, "ask", asker.id, now, "exchange_requested")


def opened(
    exchange_id: UUID,
    listing: Listing,
    giver: Party,
    receiver: Party,
    asker: Party,
    now: datetime.datetime,
) -> Exchange:
    """An exchange in which the other of the two is next; with an asker not let in, a rep."""
    other = "receiver" if asker == giver else "giver"
    next_actor = other if asker.approved else "rep"
    return Exchange(
        id=exchange_id,
        version=1,
        listing_id=listing.id,
        title=listing.title,
        category=listing.category,
        pathway=listing.pathway,
        giver_id=giver.id,
        receiver_id=receiver.id,
        asker_id=asker.id,
        region=receiver.region,
        giver_region=giver.region,
        receiver_region=receiver.region,
        giver_organisation=giver.organisation,
        receiver_organisation=receiver.organisation,
        recorded=False,
        message=None,
        requested_at=now,
        sent_at=now if asker.approved else None,
        state="requested",
        next_actor=next_actor,
        actor_id=asker.id,
        minutes=listing.minutes,
        stated_minutes=None,
        held_minutes=None,
        shortfall_minutes=None,
        starts_at=None,
        attempt=0,
        from_fund=False,
        ruled=False,
        sequence=0,
        entered_at=now,
        deadline=lifecycle.deadline("requested", next_actor, now, None),
        booked_at=None,
        completed_at=None,
        settled_at=None,
        reversal_asked_by=None,
    )


def let_in(exchange: Exchange, now: datetime.datetime) -> Steps:
    """Send what was kept back until its asker was let in; the days to answer begin."""
    asked = OTHER[exchange.side_of(exchange.asker_id) or "receiver"]
    after = exchange.moved(now, exchange.asker_id, "requested", asked, sent_at=now)
    return (Taken(after, "let_in", exchange.asker_id, now, "exchange_requested"),)


def accept(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    after = exchange.moved(
        now, actor.id, "accepted", "ledger", attempt=exchange.attempt + 1, from_fund=False
    )
    return (Taken(after, "accept", actor.id, now, "exchange_accepted", question(after)),)


def question(exchange: Exchange) -> dict[str, Any]:
    """What the ledger is told when it is asked for a hold."""
    return {
        "attempt": exchange.attempt,
        "hold_id": exchange.hold_id,
        "from_fund": exchange.from_fund,
    }


def decline(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    after = exchange.moved(now, actor.id, "declined", None)
    says = "exchange_declined"
    return (Taken(after, "decline", actor.id, now, says, reason=wished.reason),)


def amend(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    """Propose other minutes or another time; what was held is let go, the other is next.

    Raises:
        errors.NothingToChange: neither was given, or both are as they were.
        errors.StartsAtInvalid: the time proposed has passed or is too far ahead.
    """
    wish.check_starts_at(wished.starts_at, now)
    minutes = wished.minutes or exchange.minutes
    starts_at = wished.starts_at or exchange.starts_at
    if (minutes, starts_at) == (exchange.minutes, exchange.starts_at):
        raise errors.NothingToChange
    after = exchange.moved(
        now,
        actor.id,
        "requested",
        OTHER[actor.side or "giver"],
        minutes=minutes,
        starts_at=starts_at,
        held_minutes=None,
        shortfall_minutes=None,
        # What took place before it was written down is completed by the next yes, too.
        ruled=exchange.recorded_after_the_fact,
        booked_at=None,
        sequence=exchange.sequence + (exchange.state == "booked"),
    )
    released = {"hold_id": exchange.held_id}
    return (Taken(after, "amend", actor.id, now, "exchange_amended", released),)


def withdraw(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    after = exchange.moved(now, actor.id, "withdrawn", None)
    says, nothing_held = "exchange_withdrawn", {"hold_id": None}
    return (Taken(after, "withdraw", actor.id, now, says, nothing_held, wished.reason),)


def superseded(others: Iterable[Exchange], now: datetime.datetime) -> Steps:
    """Let go of those who were asked as well, because somebody has said yes.

    Nobody took this step: whoever answered first need not be known to the others.

    Args:
        others: exchanges of the same ask, in any state.
    """
    return tuple(
        Taken(each.moved(now, None, "withdrawn", None), "supersede", None, now,
              "exchange_superseded")
        for each in others
        if each.state == "requested"
    )  # fmt: skip


def ask_fund(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    """Ask the ledger again, and the community fund for what the receiver lacks."""
    after = exchange.moved(
        now,
        actor.id,
        "accepted",
        "ledger",
        attempt=exchange.attempt + 1,
        from_fund=True,
        shortfall_minutes=None,
    )
    return (Taken(after, "ask_fund", actor.id, now, "exchange_accepted", question(after)),)


def held(exchange: Exchange, minutes: int, now: datetime.datetime) -> Steps:
    """The ledger holds the minutes: booked, or at once completed when a rep has ruled so.

    Such a completion is the word of whoever asked for the hold: nobody was silent.
    """
    if exchange.ruled:
        asker = exchange.actor_id
        after = exchange.moved(
            now, asker, "completed", "ledger", held_minutes=minutes, completed_at=now
        )
        more = {"hold_id": after.hold_id, "completed_at": now}
        return (Taken(after, "held_as_ruled", asker, now, "exchange_completed", more),)
    after = exchange.moved(
        now, None, "booked", "both", held_minutes=minutes, shortfall_minutes=None, booked_at=now
    )
    more = {"hold_id": after.hold_id, "sequence": after.sequence}
    return (Taken(after, "held", None, now, "exchange_booked", more),)


def refused(exchange: Exchange, shortfall_minutes: int, now: datetime.datetime) -> Steps:
    """The receiver's credits do not cover it; the receiver has the ways out."""
    after = exchange.moved(now, None, "unfunded", "receiver", shortfall_minutes=shortfall_minutes)
    short = {"shortfall_minutes": shortfall_minutes}
    return (Taken(after, "refused", None, now, "exchange_unfunded", short),)


def expire(exchange: Exchange, now: datetime.datetime) -> Steps:
    after = exchange.moved(now, None, "expired", None)
    return (Taken(after, "expire", None, now, "exchange_expired"),)
