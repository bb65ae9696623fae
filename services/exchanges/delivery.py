"""How help that is booked comes to be given, confirmed and paid, or comes to nothing."""

import datetime
from uuid import UUID

from services.exchanges import errors, wish
from services.exchanges.exchange import Exchange, Steps, Taken
from services.exchanges.wish import Actor, Wish


def reschedule(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    """Move it to another time; it stays booked.

    Raises:
        errors.NothingToChange: no time was given, or the one that stands.
        errors.StartsAtInvalid: the time has passed or is too far ahead.
    """
    wish.check_starts_at(wished.starts_at, now)
    if wished.starts_at is None or wished.starts_at == exchange.starts_at:
        raise errors.NothingToChange
    after = exchange.moved(
        now,
        actor.id,
        "booked",
        "both",
        starts_at=wished.starts_at,
        sequence=exchange.sequence + 1,
    )
    says, more = "exchange_rescheduled", {"sequence": after.sequence}
    return (Taken(after, "reschedule", actor.id, now, says, more),)


def cancel(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    return cancelled(exchange, "cancel", actor.id, now, wished.reason)


def cancelled(
    exchange: Exchange,
    action: str,
    actor_id: UUID | None,
    now: datetime.datetime,
    reason: str | None = None,
) -> Steps:
    """End it without payment, and let go of what is held."""
    after = exchange.moved(
        now, actor_id, "cancelled", None, held_minutes=None, sequence=exchange.sequence + 1
    )
    more = {"hold_id": exchange.held_id, "sequence": after.sequence}
    return (Taken(after, action, actor_id, now, "exchange_cancelled", more, reason),)


def no_show(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    after = exchange.moved(now, actor.id, "no_show", None, held_minutes=None)
    released = {"hold_id": exchange.held_id}
    return (Taken(after, "no_show", actor.id, now, "exchange_no_show", released, wished.reason),)


def lapse(exchange: Exchange, now: datetime.datetime) -> Steps:
    after = exchange.moved(now, None, "lapsed", None, held_minutes=None)
    released = {"hold_id": exchange.held_id}
    return (Taken(after, "lapse", None, now, "exchange_lapsed", released),)


def done(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    """Say how many minutes it took: the receiver's word completes, the giver's waits for it.

    Raises:
        errors.HoldTooSmall: the receiver says more than is held.
    """
    minutes = wished.minutes or exchange.minutes
    if actor.side == "receiver":
        return completed(exchange, "done", actor.id, minutes, now)
    return _stated(exchange, "done", actor.id, minutes, "receiver", now)


def confirm(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    """Answer the figure that was stated.

    The receiver may confirm it or more at once; fewer need the giver's agreement. The
    giver may agree to what the receiver offered, and to no other figure.

    Raises:
        errors.HoldTooSmall: the receiver says more than is held.
        errors.MinutesNotAgreed: the giver says another figure than was offered.
    """
    stated = exchange.stated_minutes or exchange.minutes
    minutes = wished.minutes or stated
    if actor.side == "giver" and minutes != stated:
        raise errors.MinutesNotAgreed(offered_minutes=stated)
    if minutes < stated:
        _require_held(exchange, minutes)
        return _stated(exchange, "confirm", actor.id, minutes, "giver", now)
    return completed(exchange, "confirm", actor.id, minutes, now)


def confirmed_by_silence(exchange: Exchange, now: datetime.datetime) -> Steps:
    """The receiver said nothing: the lower of stated and booked counts."""
    if exchange.recorded:
        return lapse(exchange, now)
    return completed(exchange, "confirmed_by_silence", None, exchange.lower_minutes, now)


def agreed_by_silence(exchange: Exchange, now: datetime.datetime) -> Steps:
    """The giver said nothing to the lower figure the receiver offered."""
    return completed(exchange, "agreed_by_silence", None, exchange.lower_minutes, now)


def completed(
    exchange: Exchange,
    action: str,
    actor_id: UUID | None,
    minutes: int,
    now: datetime.datetime,
) -> Steps:
    """Complete it for so many minutes: the ledger is asked to post them.

    Raises:
        errors.HoldTooSmall: more than is held.
    """
    _require_held(exchange, minutes)
    after = exchange.moved(now, actor_id, "completed", "ledger", minutes=minutes, completed_at=now)
    more = {"hold_id": after.hold_id, "completed_at": now}
    return (Taken(after, action, actor_id, now, "exchange_completed", more),)


def posted(exchange: Exchange, now: datetime.datetime) -> Steps:
    """The ledger has moved the minutes."""
    after = exchange.moved(now, None, "settled", None, held_minutes=None, settled_at=now)
    more = {"transfer_id": after.transfer_id, "completed_at": after.completed_at}
    return (Taken(after, "posted", None, now, "exchange_settled", more),)


def thank(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    return (Taken(exchange.noted(), "thank", actor.id, now, "exchange_thanked"),)


def _stated(
    exchange: Exchange,
    action: str,
    actor_id: UUID,
    minutes: int,
    next_actor: str,
    now: datetime.datetime,
) -> Steps:
    after = exchange.moved(
        now, actor_id, "awaiting_confirmation", next_actor, stated_minutes=minutes
    )
    more = {"stated_minutes": minutes}
    return (Taken(after, action, actor_id, now, "exchange_done", more),)


def _require_held(exchange: Exchange, minutes: int) -> None:
    if minutes > (exchange.held_minutes or 0):
        raise errors.HoldTooSmall(
            hold_id=str(exchange.hold_id),
            minutes=minutes,
            held_minutes=exchange.held_minutes,
            region=exchange.region,
        )
