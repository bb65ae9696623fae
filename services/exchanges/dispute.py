"""What happens when two people differ, or when a payment turns out wrong."""

import datetime

from services.exchanges import agreement, delivery, errors, lifecycle
from services.exchanges.exchange import Exchange, Steps, Taken
from services.exchanges.wish import Actor, Wish


def dispute(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    after = exchange.moved(now, actor.id, "disputed", "rep")
    figure = {"stated_minutes": after.stated_minutes}
    return (Taken(after, "dispute", actor.id, now, "exchange_disputed", figure, wished.reason),)


def escalate(exchange: Exchange, now: datetime.datetime) -> Steps:
    """The rep has not decided: the national team is next."""
    after = exchange.moved(now, None, "disputed", "national")
    figure = {"stated_minutes": after.stated_minutes}
    return (Taken(after, "escalate", None, now, "exchange_disputed", figure),)


def resolve(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    """Decide for both: settle for so many minutes, or cancel.

    A no-show let go of its hold; settling one asks the ledger for a new hold first.

    Raises:
        errors.HoldTooSmall: the ruling is for more than is held.
    """
    settles = wished.outcome == "settle"
    minutes = wished.minutes or exchange.lower_minutes
    ruling = exchange.noted(**({"minutes": minutes} if settles else {}))
    more = {"outcome": wished.outcome}
    said = Taken(ruling, "resolve", actor.id, now, "exchange_resolved", more, wished.reason)
    if not settles:
        return (said, *delivery.cancelled(ruling, "resolve", actor.id, now))
    if exchange.held_minutes is None:
        return (said, *_hold_anew(ruling, actor, now))
    return (said, *delivery.completed(ruling, "resolve", actor.id, minutes, now))


def _hold_anew(ruling: Exchange, actor: Actor, now: datetime.datetime) -> Steps:
    after = ruling.moved(
        now,
        actor.id,
        "accepted",
        "ledger",
        attempt=ruling.attempt + 1,
        from_fund=False,
        ruled=True,
    )
    question = agreement.question(after)
    return (Taken(after, "resolve", actor.id, now, "exchange_accepted", question),)


def settle_lower(exchange: Exchange, now: datetime.datetime) -> Steps:
    """Nobody has decided: the lower of the two figures counts.

    Of a disputed no-show nothing is held and nothing was stated: the lower figure is none.
    """
    action = "settle_lower"
    if exchange.held_minutes is None:
        return delivery.cancelled(exchange, action, None, now)
    return delivery.completed(exchange, action, None, exchange.lower_minutes, now)


def reverse(exchange: Exchange, actor: Actor, wished: Wish, now: datetime.datetime) -> Steps:
    """Take a payment back; a large one only when a second person agrees.

    Raises:
        errors.SecondApproverNeeded: the same person asked for it before.
    """
    if exchange.minutes > lifecycle.SECOND_APPROVER_ABOVE_MINUTES:
        if exchange.reversal_asked_by is None:
            waiting = exchange.noted(reversal_asked_by=actor.id)
            return (Taken(waiting, "reverse", actor.id, now, reason=wished.reason),)
        if exchange.reversal_asked_by == actor.id:
            raise errors.SecondApproverNeeded
    after = exchange.moved(now, actor.id, "reversed", None)
    more = {"transfer_id": after.transfer_id, "reason": "reversed_by_rep"}
    return (Taken(after, "reverse", actor.id, now, "exchange_reversed", more, wished.reason),)
