"""One of the two wants nothing more to do with the other: what has not taken place ends."""

import datetime
from uuid import UUID

from services.exchanges import delivery, errors, lifecycle
from services.exchanges.exchange import Exchange, Steps, Taken

MOST = 200
"""Members one may block: with more, it is the bank somebody wants to leave, and what is hidden
from them travels with every search."""


def require_room(blocked: int) -> None:
    """
    Args:
        blocked: how many are blocked already.

    Raises:
        errors.TooManyBlocked
    """
    if blocked >= MOST:
        raise errors.TooManyBlocked(most=MOST)


def part(exchange: Exchange, member_id: UUID, now: datetime.datetime) -> Steps:
    """End it as the member who blocks: hours held go back.

    Help that was given already runs its course, so that nobody blocks instead of paying.
    """
    step = lifecycle.step(exchange.state, "end")
    if step is None:
        return ()
    if step.then == ("cancelled",):
        return delivery.cancelled(exchange, "end", member_id, now)
    after = exchange.moved(now, member_id, "withdrawn", None)
    # While the ledger has yet to answer, the hold is named so that it is never made.
    more = {"hold_id": exchange.hold_id if exchange.state == "accepted" else None}
    return (Taken(after, "end", member_id, now, "exchange_withdrawn", more),)
