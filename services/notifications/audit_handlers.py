"""Which decisions notifications keeps, and where each of them is read."""

from services.bus.audit import OF_THE_NATION, Source
from services.notifications import audit_store

DECIDED = (
    Source(audit_store.ASKED, ("ask_subscription",), OF_THE_NATION),
    Source(audit_store.APPROVED, ("approve_subscription",), OF_THE_NATION),
    Source(audit_store.ENDED, ("end_subscription",), OF_THE_NATION),
)
