"""Reporting's table of contents: what it hears, what it answers, what it tells."""

from typing import Any, ClassVar

from services.bus.audit import Audited
from services.bus.entrypoints import Bus, every, receive, rpc
from services.bus.parking import Parking
from services.contracts import readers
from services.reporting import handlers, total_handlers
from services.telemetry import metrics


class Reporting(Parking, Audited):
    """What it adds up to."""

    name = "reporting"
    bus = Bus(readers.TOPOLOGY)
    told: ClassVar[dict[tuple[str, str], int]] = {}
    """Minutes by grouping and key as Prometheus was told last, for the life of the process."""

    @receive(handlers.SUBSCRIPTIONS)
    def hear(self, batch: Any) -> Any:
        return self.bus.handle(batch)

    @rpc
    def totals(
        self,
        call: Any,
        by: Any = None,
        date_from: Any = None,
        date_to: Any = None,
        region: Any = None,
    ) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.totals(tx, call.caller, by, date_from, date_to, region)

    @rpc
    def overview(self, call: Any) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.overview(tx, call.caller)

    @rpc
    def definitions(self, call: Any) -> dict[str, Any]:
        return handlers.definitions()

    @every(seconds=15)
    def count_again(self) -> None:
        total_handlers.count_due(self.bus.transaction)

    # Every process tells the whole, so panels take the maximum over processes, never the sum.
    @every(seconds=15)
    def measure(self) -> None:
        with self.bus.transaction() as tx:
            gauges = handlers.gauges(tx, self.told)
        for gauge in gauges:
            metrics.reported(gauge.by, gauge.key, gauge.exchanges, gauge.minutes)
            self.told[gauge.by, gauge.key] = gauge.minutes
