"""The ledger service: what it hears and answers."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.bus import idempotency
from services.bus.audit import Audited
from services.bus.entrypoints import Bus, receive, rpc
from services.bus.envelope import Outgoing
from services.bus.parking import Parking
from services.contracts import ledger as contract
from services.contracts import readers, scopes
from services.ledger import audit_handlers, handlers
from services.telemetry import metrics

TRANSFERS = frozenset(
    schema.event
    for schema in contract.EVENTS.values()
    if issubclass(schema, contract.TransferEvent)
)


def moved(said: Sequence[Outgoing]) -> None:
    """Count the minutes that were just posted."""
    minutes: Counter[tuple[str, str]] = Counter()
    for event in said:
        if event.event in TRANSFERS:
            transfer = json.loads(event.body)
            if _is_new(transfer, event):
                minutes[transfer["kind"], event.region] += transfer["minutes"]
    for (kind, region), moved_minutes in minutes.items():
        metrics.minutes_transferred(kind, region, moved_minutes)


def _is_new(transfer: dict[str, Any], event: Outgoing) -> bool:
    """Whether it was posted by what says so here; else it is said again, to whoever asked."""
    posted, said = transfer["posted_at"], event.headers["ce-time"]
    return datetime.fromisoformat(posted) == datetime.fromisoformat(said)


class Ledger(Parking, Audited):
    """The only place where minutes move."""

    name = "ledger"
    bus = Bus(readers.TOPOLOGY, after_commit=moved)
    decided = audit_handlers.DECIDED

    @receive(handlers.SUBSCRIPTIONS)
    def hear(self, batch: Any) -> Any:
        return self.bus.handle(batch)

    @rpc(scope=scopes.READ_ACCOUNT)
    def account(self, call: Any, member_id: str | None = None) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.account(tx, call.caller, member_id)

    @rpc(scope=scopes.READ_ACCOUNT)
    def statement(
        self, call: Any, limit: int = 20, cursor: str | None = None, member_id: str | None = None
    ) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.statement(tx, call.caller, limit, cursor, member_id)

    @rpc
    def balance_at(self, call: Any, time: str, member_id: str | None = None) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.balance_at(tx, call.caller, time, member_id)

    @rpc
    def enlarge_hold(self, call: Any, hold_id: str, minutes: int) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.enlarge_hold(tx, call.caller, hold_id, minutes)

    @rpc
    def donate(self, call: Any, to: str = "fund", minutes: int = 0) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: handlers.donate(tx, call.caller, to, minutes)
            )

    @rpc
    def set_limit(
        self,
        call: Any,
        member_id: str | None = None,
        region: str | None = None,
        floor_minutes: int | None = None,
        reason: str | None = None,
        starter_grant_minutes: int | None = None,
    ) -> Any:
        change = (member_id, region, floor_minutes, reason, starter_grant_minutes)
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: handlers.set_limit(tx, call.caller, *change)
            )

    @rpc
    def limits(self, call: Any, member_id: str | None = None, region: str | None = None) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.limits(tx, call.caller, member_id, region)
