"""Which decisions the exchanges service keeps, and where each of them is read."""

from services.bus.audit import OF_BOTH, OF_REGIONS, Source
from services.exchanges import audit_store, concern

DECIDED = (
    Source(
        audit_store.RULINGS,
        ("resolve_dispute", "reverse_exchange", "escalate_dispute", "settle_dispute"),
        OF_REGIONS,
    ),
    Source(audit_store.FOR_MEMBERS, ("step_for_member",), OF_REGIONS),
    Source(audit_store.BY_SYSTEMS, ("step_by_system",), OF_REGIONS),
    Source(
        audit_store.CONCERNS,
        tuple(f"{action}_concern" for action in (*concern.ACTIONS, "escalate")),
        OF_BOTH,
    ),
)
