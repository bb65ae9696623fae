"""Whether the asking member's credits will do, shown before and after asking."""

from typing import Any

import structlog

from gateway import asking
from services.bus.rpc import RpcError

log = structlog.get_logger(__name__)

WAYS_OUT = ("fewer_minutes", "community_fund", "give_first")


def of(minutes: int) -> dict[str, Any] | None:
    """How ``minutes`` compare with what the caller has available.

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
        "ways_out": list(WAYS_OUT) if short else [],
    }
