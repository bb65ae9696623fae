"""Who a token's address belongs to: asked of members, remembered for a moment."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from gateway.remembered import Remembered
from services.bus.caller import SERVICE, Caller

REMEMBERED = 2.0
"""Seconds: long enough to spare members a question per request, short enough that a role
taken away is gone before anybody can count on it."""
MOST_REMEMBERED = 10_000

Ask = Callable[..., Any]


class Identities:
    """Callers by e-mail address.

    Args:
        ask: puts a question to a service.
        clock: seconds that only grow.
    """

    def __init__(self, ask: Ask, clock: Callable[[], float]) -> None:
        self._ask = ask
        self._known: Remembered[Caller] = Remembered(REMEMBERED, MOST_REMEMBERED, clock)

    def of(self, email: str, correlation_id: str) -> Caller:
        """The member behind an address; without an id when there is none."""
        known = self._known.get(email)
        if known is not None:
            return known
        found = self._ask(
            "members", "identify", caller=SERVICE, correlation_id=correlation_id, email=email
        )
        if not found:
            return Caller()
        caller = _caller(found)
        self._known.keep(email, caller)
        return caller

    def forget(self, email: str) -> None:
        """After a member changed themselves: they read their own write."""
        self._known.forget(email)


def _caller(found: dict[str, Any]) -> Caller:
    return Caller(
        id=UUID(found["id"]),
        region=found["region"],
        organisation=found.get("organisation"),
        roles=frozenset(found.get("roles") or ()),
        approved=bool(found.get("approved")),
    )
