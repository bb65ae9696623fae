"""A representative takes a step for a party: attributed, and never the word that pays."""

import dataclasses
import datetime

from services.exchanges import errors, steps
from services.exchanges.exchange import Exchange, Steps
from services.exchanges.wish import Actor, Wish

FOR_MEMBERS = (
    "accept",
    "decline",
    "amend",
    "withdraw",
    "reschedule",
    "cancel",
    "done",
    "no_show",
)
"""What may be done for somebody who is on the telephone and not on the page. To confirm, to
dispute and to thank is one's own word; the fund is asked by who owes it."""
OF_THE_GIVER_ONLY = ("done",)
"""The receiver's word that it took place pays at once, so only they give it."""


def allowed_for(
    exchange: Exchange, rep: Actor, side: str, now: datetime.datetime
) -> tuple[str, ...]:
    """The steps a representative may take for one party now.

    Args:
        rep: who would act; a party never does.
        side: ``giver`` or ``receiver``.
    """
    if rep.side is not None or not rep.judges or exchange.recorded_after_the_fact:
        return ()
    possible = steps.allowed(exchange, party(exchange, side), now)
    return tuple(action for action in possible if _may_be_taken_for(action, side))


def _may_be_taken_for(action: str, side: str) -> bool:
    return action in FOR_MEMBERS and (side == "giver" or action not in OF_THE_GIVER_ONLY)


def party(exchange: Exchange, side: str) -> Actor:
    """One of the two, as they stand to their exchange."""
    return Actor(exchange.giver_id if side == "giver" else exchange.receiver_id, side)


def take_for(
    exchange: Exchange, rep: Actor, side: str, action: str, wished: Wish, now: datetime.datetime
) -> Steps:
    """Take a step for a party, as the representative who takes it.

    From now on the receiver's silence confirms nothing of this exchange: it counts as set
    down by a representative, and without the receiver's own word it lapses.

    Raises:
        errors.OwnMatter: the representative is a party.
        errors.NotAllowed: no representative here, or a step one takes oneself only.
        errors.StepNotAllowed: not in this state, or not that party's turn.
        errors.Refused: what the step itself refuses.
    """
    if rep.side is not None:
        raise errors.OwnMatter
    if not rep.judges or not _may_be_taken_for(action, side):
        raise errors.NotAllowed
    possible = allowed_for(exchange, rep, side, now)
    if action not in possible:
        raise errors.StepNotAllowed(state=exchange.state, allowed=list(possible))
    actor = Actor(rep.id, side)
    taken = steps.BY_PEOPLE[action](exchange, actor, wished, now)
    return tuple(
        dataclasses.replace(step, exchange=dataclasses.replace(step.exchange, recorded=True))
        for step in taken
    )
