"""Makes faults under a real Prometheus, and sees that each calls somebody and its end lets them go.

python -m tests.faults.called, or `make alerts`
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

from deploy import audit, audit_watch
from deploy.local import broker, certificates, programs
from deploy.local.installation import Installation
from tests.faults import calling
from tests.faults.platform import Platform
from tests.system.watching import Watcher, free_port, until, watching

INSTANCE = "called"

Fault = Callable[[Installation], AbstractContextManager[None]]
Group = Mapping[Fault, tuple[str, ...]]

BOOKS: Group = {
    calling.wrong_balance: ("TimebankAuditNotZero",),
    calling.unsaid_event: ("TimebankAuditBehind", "TimebankOutboxOld"),
    calling.parked_message: ("TimebankMessagesParked",),
    calling.silent_feed: ("TimebankHeartbeatMissing",),
    calling.certificate_that_ends: ("TimebankCertificateEnds",),
    calling.requests_without_end: ("TimebankMailFailing",),
    partial(calling.stuttering, service="members"): ("TimebankEventLoopStalls",),
}
"""What the audit has to see, so before a database is away, and what goes wrong by itself."""
MAIL: Group = {calling.mail_server_stands: ("TimebankMailWaiting",)}
"""After it nothing is sent, and so nothing refused."""
PROCESSES: Group = {
    partial(calling.database_away, service="reporting"): (
        "TimebankDatabaseAway", "TimebankAuditOld",
    ),
    partial(calling.stopped, service="notifications"): (
        "TimebankProcessGone", "TimebankServiceGone", "TimebankRegionWithoutConsumer",
        "TimebankQueueStuck",
    ),
    partial(calling.shut_out, service="reporting"): ("TimebankLinkDown",),
    partial(calling.without_queue, queue="notifications.south-west"): ("TimebankQueueMissing",),
    calling.asked_in_vain: (
        "TimebankGatewayErrorsFast", "TimebankGatewayErrorsSlow", "TimebankGatewaySlow",
    ),
}  # fmt: skip
BROKER: Group = {
    calling.broker_short_of_memory: ("TimebankBrokerAlarm", "TimebankPublishingBlocked"),
}
"""After what needs events in queues: from here on none gets there."""
AFTERWARDS = ("TimebankRegionBehind",)
"""Who had been stopped hears late of what was said meanwhile."""


def make(watcher: Watcher, place: Installation) -> dict[str, float]:
    """Seconds until each alert fired, counted from when its fault was made.

    Raises:
        AssertionError: one did not fire, or did not go with its fault.
    """
    found: dict[str, float] = {}
    until(lambda: not watcher.firing(), watcher.firing)
    with ExitStack() as made:
        for group in (BOOKS, MAIL, PROCESSES, BROKER):
            for fault in group:
                made.enter_context(fault(place))
            found |= _called(watcher, [name for names in group.values() for name in names])
    found |= _called(watcher, AFTERWARDS)
    found["(nobody any more)"] = until(lambda: not watcher.firing(), watcher.firing)
    return found


def _called(watcher: Watcher, wanted: Sequence[str]) -> dict[str, float]:
    """An alert counts once it was seen: a fault beside it may hide it again."""
    began, found = time.monotonic(), dict[str, float]()

    def look() -> bool:
        for name in watcher.firing() & set(wanted):
            found.setdefault(name, time.monotonic() - began)
        return len(found) == len(wanted)

    until(look, lambda: f"nobody was called for {set(wanted) - set(found)}")
    return found


def _watched(place: Installation) -> dict[str, str]:
    file = calling.certify(place, certificates.LIFE)
    return {audit_watch.CERTIFICATES.name: str(file)}


def main() -> int:
    programs.ensure_prometheus()
    port = free_port()
    platform = Platform(INSTANCE, {broker.METRICS_PORT: str(port)})
    platform.fresh()
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            watching(platform.at, port, Path(folder), _watched(platform.at)) as watcher,
        ):
            seconds = make(watcher, platform.at)
        figures = audit.run(platform.at.audit_urls, 0, platform.at.amqp_url)
    finally:
        platform.down()
    for name, after in seconds.items():
        print(f"{name:32} {after:6.1f} s")
    print(f"audit afterwards: {sum(map(bool, figures.values()))} figures differ from zero")
    return 1 if any(figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
