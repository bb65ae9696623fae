"""Which step is possible for whom, and the one door through which every step is taken."""

import datetime
from collections.abc import Callable
from uuid import UUID

from services.exchanges import agreement, delivery, dispute, errors, lifecycle, reminding
from services.exchanges.exchange import Exchange, Steps, Taken
from services.exchanges.wish import Actor, Wish

BY_PEOPLE: dict[str, Callable[[Exchange, Actor, Wish, datetime.datetime], Steps]] = {
    "accept": agreement.accept,
    "decline": agreement.decline,
    "amend": agreement.amend,
    "withdraw": agreement.withdraw,
    "ask_fund": agreement.ask_fund,
    "reschedule": delivery.reschedule,
    "cancel": delivery.cancel,
    "done": delivery.done,
    "no_show": delivery.no_show,
    "confirm": delivery.confirm,
    "dispute": dispute.dispute,
    "resolve": dispute.resolve,
    "reverse": dispute.reverse,
    "remind": reminding.remind,
    "thank": delivery.thank,
}

JUDGED = ("resolve", "reverse", "remind")
"""What only somebody who is no party may do."""


def take(
    exchange: Exchange, action: str, actor: Actor, wished: Wish, now: datetime.datetime
) -> Steps:
    """Take a step, if it is possible for this person now.

    Raises:
        errors.UnknownAction: there is no such step at all.
        errors.StepNotAllowed: not in this state, or not this person's turn.
        errors.OwnMatter: a party would decide their own case.
        errors.NotAllowed: somebody who is no party would act as one.
        errors.Refused: what the step itself refuses.
    """
    if action not in BY_PEOPLE:
        raise errors.UnknownAction(action=action)
    if action not in allowed(exchange, actor, now):
        raise _refusal(exchange, action, actor, now)
    return BY_PEOPLE[action](exchange, actor, wished, now)


def allowed(exchange: Exchange, actor: Actor, now: datetime.datetime) -> tuple[str, ...]:
    """The actions this person may take now, in the order of the table."""
    return tuple(
        step.action
        for step in lifecycle.steps_in(exchange.state)
        if _may(step, exchange, actor) and _still(step, exchange, now)
    )


def _may(step: lifecycle.Step, exchange: Exchange, actor: Actor) -> bool:
    """Whether the row names this person; what is kept back can only be withdrawn."""
    if exchange.sent_at is None and step.action != "withdraw":
        return False
    return {
        "next": actor.side is not None and actor.side == exchange.next_actor,
        "giver": actor.side == "giver",
        "receiver": actor.side == "receiver",
        "either": actor.side is not None,
        "asker": actor.id == exchange.asker_id,
        "other": actor.side is not None and actor.id != exchange.actor_id,
        "rep": actor.side is None and actor.judges,
    }.get(step.by, False)


def _still(step: lifecycle.Step, exchange: Exchange, now: datetime.datetime) -> bool:
    """Whether the moment is right: neither too early nor too late."""
    if step.action == "no_show":
        return exchange.starts_at is None or exchange.starts_at <= now
    if (step.state, step.action) == ("no_show", "dispute"):
        return now <= exchange.entered_at + lifecycle.NO_SHOW_ANSWERABLE
    if step.action == "reverse":
        return now <= (exchange.settled_at or now) + lifecycle.REVERSIBLE
    return True


def _refusal(
    exchange: Exchange, action: str, actor: Actor, now: datetime.datetime
) -> errors.Refused:
    if action in JUDGED and actor.side is not None:
        return errors.OwnMatter() if actor.judges else errors.NotAllowed()
    if actor.side is None and not (action in JUDGED and actor.judges):
        return errors.NotAllowed()
    return errors.StepNotAllowed(state=exchange.state, allowed=list(allowed(exchange, actor, now)))


def at_deadline(exchange: Exchange, now: datetime.datetime) -> Steps:
    """What the clock does to an exchange whose deadline has passed."""
    outcome = lifecycle.outcome(exchange.state, exchange.next_actor)
    if outcome is None:
        return ()
    return BY_THE_CLOCK[outcome](exchange, now)


def ask_again(exchange: Exchange, now: datetime.datetime) -> Steps:
    """Put the unanswered question to the ledger once more; it answers what it knows."""
    after = exchange.moved(now, exchange.actor_id, exchange.state, "ledger")
    if exchange.state == "accepted":
        more = agreement.question(after)
        return (Taken(after, "ask_again", None, now, "exchange_accepted", more),)
    more = {"hold_id": after.hold_id, "completed_at": after.completed_at}
    return (Taken(after, "ask_again", None, now, "exchange_completed", more),)


BY_THE_CLOCK: dict[str, Callable[[Exchange, datetime.datetime], Steps]] = {
    "expire": agreement.expire,
    "ask_again": ask_again,
    "lapse": delivery.lapse,
    "confirmed_by_silence": delivery.confirmed_by_silence,
    "agreed_by_silence": delivery.agreed_by_silence,
    "escalate": dispute.escalate,
    "settle_lower": dispute.settle_lower,
}


def left(exchange: Exchange, member_id: UUID, now: datetime.datetime) -> Steps:
    """A party has left: what has not taken place ends, and what is held is let go.

    Help that was already given is brought to its end instead: a leaver whose word is
    awaited counts as silent now, and otherwise the other still has the word, or the rep.
    """
    if exchange.state == "awaiting_confirmation":
        theirs = exchange.side_of(member_id) == exchange.next_actor
        return at_deadline(exchange, now) if theirs else ()
    step = lifecycle.step(exchange.state, "left")
    if step is None:
        return ()
    if step.then == ("cancelled",):
        return delivery.cancelled(exchange, "left", None, now)
    after = exchange.moved(now, None, "withdrawn", None)
    # While the ledger has yet to answer, the hold is named so that it is never made.
    more = {"hold_id": exchange.hold_id if exchange.state == "accepted" else None}
    return (Taken(after, "left", None, now, "exchange_withdrawn", more),)
