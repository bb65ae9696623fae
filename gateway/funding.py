"""Whether the asking member's credits will do, shown before and after asking."""

from typing import Any

import structlog

from gateway import asking
from services.bus.rpc import RpcError

log = structlog.get_logger(__name__)

BEFORE_ASKING = ("fewer_minutes", "ask_fund", "give_first")
WHEN_ASKED = ("amend", "ask_fund", "withdraw")
"""Ways out when credits will not do; once asked, they are actions of the exchange."""


def of(minutes: int, ways_out: tuple[str, ...]) -> dict[str, Any] | None:
    """How ``minutes`` compare with what the caller has available.

    Args:
        minutes: that would be held.
        ways_out: named when they are too many.

    Returns:
        The figures, or ``None`` when the ledger cannot say: it is an extra that must
        not keep back the answer it stands in.
    """
    try:
        account = asking.ask("ledger", "account")
    except RpcError as error:
        log.warning("funding left out", reason=error.code)
        return None
    available = account["available_minutes"]
    short = max(0, minutes - available)
    return {
        "enough": short == 0,
        "available_minutes": available,
        "shortfall_minutes": short,
        "ways_out": list(ways_out) if short else [],
    }
