"""Which decisions the ledger keeps, and where each of them is read."""

from services.bus.audit import OF_BOTH, OF_REGIONS, Source
from services.ledger import audit_store

DECIDED = (
    Source(audit_store.LIMITS, ("change_limit",), OF_BOTH),
    Source(audit_store.DONATED, ("donate",), OF_REGIONS),
    Source(audit_store.OF_THE_FUND, ("from_fund", "back_to_fund"), OF_REGIONS),
    Source(audit_store.LEFT_BEHIND, ("leave_balance",), OF_REGIONS),
    Source(audit_store.BROUGHT, ("opening_balance",), OF_REGIONS),
    Source(audit_store.BY_HAND, ("grant_minutes",), OF_BOTH),
)
