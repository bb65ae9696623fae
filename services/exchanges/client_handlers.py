"""What another system may do in a member's name, and the record that it did."""

from collections.abc import Sequence

from services.bus.caller import Caller
from services.bus.transaction import Transaction
from services.contracts import scopes
from services.exchanges import client_store, errors
from services.exchanges.client_store import Act
from services.exchanges.exchange import Taken


def require_open(caller: Caller, action: str) -> None:
    """Keep to people what only people can say.

    Raises:
        errors.OnlyInPerson: a system wants more than to ask, agree and cancel.
    """
    if caller.client and action not in scopes.BOOKING:
        raise errors.OnlyInPerson(action=action)


def record(tx: Transaction, caller: Caller, taken: Sequence[Taken]) -> None:
    """Keep which system took the first of these steps, and for whom; the rest follow from it."""
    if caller.client and caller.id and taken:
        step = taken[0]
        after = step.exchange
        act = Act(after.id, after.version, caller.client, caller.id, step.action, tx.now)
        client_store.add_act(tx.conn, act)
