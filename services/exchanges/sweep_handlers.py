"""What happens by the clock: deadlines, questions asked again, listings expired, counts."""

from collections import Counter
from collections.abc import Iterable, Sequence

import structlog

from services.bus.transaction import Transaction
from services.contracts import exchanges as contract
from services.exchanges import (
    concern_handlers,
    exchange_store,
    lifecycle,
    listing_handlers,
    listing_store,
    step_handlers,
    steps,
)
from services.exchanges.exchange import Taken

log = structlog.get_logger(__name__)

BATCH = 100
"""Rows of one transaction: few enough that nobody waits long for one of them."""


def sweep(tx: Transaction, regions: Sequence[str], batch: int = BATCH) -> bool:
    """Do what is overdue in these regions, a batch of it.

    Several processes may sweep at once: each takes rows no other holds.

    Args:
        regions: slugs this process works for.
        batch: rows at most, of exchanges and of listings each.

    Returns:
        Whether there may be more.
    """
    overdue = exchange_store.lock_overdue(tx.conn, regions, tx.now, batch)
    taken = [step for found in overdue for step in steps.at_deadline(found, tx.now)]
    step_handlers.keep(tx, taken)
    _warn_of_silence(taken)
    expired = listing_store.expire(tx.conn, regions, tx.now, batch)
    for listing in expired:
        listing_handlers.say(tx, contract.ListingExpired, listing)
    escalated = concern_handlers.escalate(tx, regions, batch)
    return batch in (len(overdue), len(expired), escalated)


def _warn_of_silence(taken: Iterable[Taken]) -> None:
    """Tell the operator which questions the ledger has left unanswered."""
    asked_again = Counter(
        (step.exchange.state, step.exchange.region) for step in taken if step.action == "ask_again"
    )
    for (state, region), questions in asked_again.items():
        log.warning(
            "the ledger has not answered; asked again",
            state=state,
            region=region,
            questions=questions,
        )


def count(tx: Transaction, regions: Sequence[str]) -> dict[tuple[str, str], int]:
    """How many exchanges wait in each state and region; what emptied counts zero.

    Returns:
        Counts by (state, region).
    """
    waiting = sorted({wait.state for wait in lifecycle.WAITS})
    counts = {(state, region): 0 for state in waiting for region in regions}
    for found in exchange_store.count_by_state(tx.conn, regions, waiting):
        counts[found.state, found.region] = found.count
    return counts
