"""Every metric, declared once: its kind, its meaning, and where to look when it moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds; 25, 100 and 250 ms are what we promise for a booking and for settling."""
_LAGS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
"""Seconds; half an hour is when an operator has long been called."""
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        kind: ``Counter``, ``Gauge`` or ``Histogram`` of the Prometheus client.
        meaning: what is counted, with its unit.
        look: where to look when it rises.
    """

    name: str
    kind: Any
    labels: tuple[str, ...]
    meaning: str
    look: str
    buckets: tuple[float, ...] = ()


METRICS = (
    Metric(
        "timebank_queue_lag_seconds",
        Histogram,
        ("service", "region"),
        "Seconds from an event being said to it being handled.",
        "Is a pool of the region stopped, the database slow, or a poison being bisected?",
        _LAGS,
    ),
    Metric(
        "timebank_batch_messages",
        Histogram,
        ("service",),
        "Messages handled in one transaction.",
        "Large batches mean a backlog is being drained; add pools if they stay large.",
        _SIZES,
    ),
    Metric(
        "timebank_handler_seconds",
        Histogram,
        ("service",),
        "Seconds one batch took, commit included.",
        "Slow statements in the service's database.",
        _FAST,
    ),
    Metric(
        "timebank_events_total",
        Counter,
        ("service", "type", "outcome"),
        "Messages by what became of them: handled, repeated, redelivered, retried, parked.",
        "Retried and parked: `python -m services.bus.parked list` shows the reasons.",
    ),
    Metric(
        "timebank_outbox_rows",
        Gauge,
        ("service",),
        "Events decided and not yet confirmed by the broker.",
        "Broker away or blocked, or an event no queue is bound to.",
    ),
    Metric(
        "timebank_outbox_age_seconds",
        Gauge,
        ("service",),
        "Age of the oldest unconfirmed event, in seconds.",
        "Broker away or blocked, or an event no queue is bound to.",
    ),
    Metric(
        "timebank_published_total",
        Counter,
        ("service", "outcome"),
        "Events published: confirmed, returned (no queue), refused, timed_out.",
        "Returned: is a queue missing? Timed out: is the broker under an alarm?",
    ),
    Metric(
        "timebank_retry_rows",
        Gauge,
        ("service",),
        "Messages waiting for another try.",
        "Their reasons: `python -m services.bus.parked list --waiting`.",
    ),
    Metric(
        "timebank_parked_rows",
        Gauge,
        ("service",),
        "Messages parked until an operator sends them again.",
        "`python -m services.bus.parked list`, then `resend` once the cause is mended.",
    ),
    Metric(
        "timebank_event_loop_stall_seconds",
        Histogram,
        ("service",),
        "Seconds the event loop woke later than asked.",
        "Something blocks the whole process: heavy CPU, or a driver that does not yield.",
        _FAST,
    ),
    Metric(
        "timebank_link_up",
        Gauge,
        ("service", "link"),
        "1 while the connection to the broker stands; links are in, out and feed.",
        "Is the broker up, and are the credentials right?",
    ),
    Metric(
        "timebank_check_up",
        Gauge,
        ("service", "check"),
        "1 while a thing the process needs is there, asked at every scrape: as in /_status.",
        "What is 0: database and broker are away, publishing is blocked, consuming has stopped.",
    ),
    Metric(
        "timebank_rpc_seconds",
        Histogram,
        ("service", "method", "outcome"),
        "Seconds a call took where it was answered.",
        "Slow statements, or too few connections: see TIMEBANK_DATABASE_POOL.",
        _FAST,
    ),
    Metric(
        "timebank_rpc_asked_seconds",
        Histogram,
        ("service", "method", "outcome"),
        "Seconds a call took where it was asked, waiting included.",
        "Compare with timebank_rpc_seconds: the rest was spent waiting.",
        _FAST,
    ),
    Metric(
        "timebank_http_seconds",
        Histogram,
        ("method", "route", "status"),
        "Seconds the gateway took for a request, by route template.",
        "Compare with timebank_rpc_asked_seconds of the same method.",
        _FAST,
    ),
    Metric(
        "timebank_exchanges",
        Gauge,
        ("state", "region"),
        "Exchanges in each state now.",
        "Growing accepted or completed: is the ledger consuming?",
    ),
    Metric(
        "timebank_minutes_transferred_total",
        Counter,
        ("kind", "region"),
        "Minutes the ledger posted, by kind of transfer.",
        "Compare with timebank_reported_minutes: the two must agree.",
    ),
    Metric(
        "timebank_notices_total",
        Counter,
        ("channel", "template", "outcome"),
        "Notices by what became of them: sent, failed, suppressed.",
        "Failed: is the mail server refusing?",
    ),
    Metric(
        "timebank_webhooks_total",
        Counter,
        ("outcome",),
        "Signals for webhooks by what became of them: delivered, postponed, failed.",
        "Failed: one receiver away for days; its subscription's `failing_since` says which.",
    ),
    Metric(
        "timebank_reported_exchanges",
        Gauge,
        ("by", "key"),
        "Exchanges settled and not reversed, as reported.",
        "A drop means reversals, or a rebuild in progress.",
    ),
    Metric(
        "timebank_reported_minutes",
        Gauge,
        ("by", "key"),
        "Minutes given, as reported; equal to the ledger's exchange transfers less reversals.",
        "A difference from the ledger is a fault: `make audit`.",
    ),
    Metric(
        "timebank_audit_figure",
        Gauge,
        ("code",),
        "Each figure of the audit as it was found last; all must be zero.",
        "An incident: `make audit` says what each figure counts.",
    ),
    Metric(
        "timebank_audit_last_timestamp_seconds",
        Gauge,
        ("outcome",),
        "Unix time of the last audit, by whether it was complete or could not look (failed).",
        "Complete should never be old: is a database away, or the audit slow?",
    ),
    Metric(
        "timebank_heartbeat_last_timestamp_seconds",
        Gauge,
        ("region",),
        "Unix time of the minute whose heartbeat a region said last to other systems.",
        "It only falls behind: does no process of exchanges work for the region?",
    ),
    Metric(
        "timebank_replicas",
        Gauge,
        ("service",),
        "Replicas that follow a service's database server, as the audit's process sees them.",
        "When it falls: which server is gone? The next loss of the primary costs more.",
    ),
    Metric(
        "timebank_replica_behind_bytes",
        Gauge,
        ("service", "replica"),
        "Bytes of its log a database server has written and a replica has not replayed.",
        "Is the replica's disk slow, a long question holding it up, or the network full?",
    ),
    Metric(
        "timebank_certificate_ends_timestamp_seconds",
        Gauge,
        ("kind", "at"),
        "Unix time at which a certificate ends that broker, database or gateway shows at an"
        " address, or that a file holds.",
        "It only falls when somebody puts an older one in place.",
    ),
)

_made: dict[str, Any] = {
    metric.name: (
        metric.kind(metric.name, metric.meaning, metric.labels, buckets=metric.buckets)
        if metric.buckets
        else metric.kind(metric.name, metric.meaning, metric.labels)
    )
    for metric in METRICS
}


def batch_handled(service: str, messages: int, seconds: float) -> None:
    _made["timebank_batch_messages"].labels(service).observe(messages)
    _made["timebank_handler_seconds"].labels(service).observe(seconds)


def lagged(service: str, region: str, seconds: float) -> None:
    _made["timebank_queue_lag_seconds"].labels(service, region).observe(max(0.0, seconds))


def events(service: str, type_: str, outcome: str, count: int = 1) -> None:
    _made["timebank_events_total"].labels(service, type_, outcome).inc(count)


def outbox(service: str, rows: int, age_seconds: float) -> None:
    _made["timebank_outbox_rows"].labels(service).set(rows)
    _made["timebank_outbox_age_seconds"].labels(service).set(age_seconds)


def published(service: str, outcome: str, count: int) -> None:
    if count:
        _made["timebank_published_total"].labels(service, outcome).inc(count)


def waiting(service: str, retry_rows: int, parked_rows: int) -> None:
    _made["timebank_retry_rows"].labels(service).set(retry_rows)
    _made["timebank_parked_rows"].labels(service).set(parked_rows)


def stalled(service: str, seconds: float) -> None:
    _made["timebank_event_loop_stall_seconds"].labels(service).observe(max(0.0, seconds))


def link(service: str, name: str, up: bool) -> None:
    _made["timebank_link_up"].labels(service, name).set(int(up))


def rpc_answered(service: str, method: str, outcome: str, seconds: float) -> None:
    _made["timebank_rpc_seconds"].labels(service, method, outcome).observe(seconds)


def rpc_asked(service: str, method: str, outcome: str, seconds: float) -> None:
    _made["timebank_rpc_asked_seconds"].labels(service, method, outcome).observe(seconds)


def http_answered(route: str, method: str, status: int, seconds: float) -> None:
    _made["timebank_http_seconds"].labels(method, route, str(status)).observe(seconds)


def exchanges_in_state(state: str, region: str, count: int) -> None:
    _made["timebank_exchanges"].labels(state, region).set(count)


def minutes_transferred(kind: str, region: str, minutes: int) -> None:
    _made["timebank_minutes_transferred_total"].labels(kind, region).inc(minutes)


def notices_sent(channel: str, template: str, outcome: str, count: int = 1) -> None:
    _made["timebank_notices_total"].labels(channel, template, outcome).inc(count)


def webhooks_sent(outcome: str, count: int = 1) -> None:
    _made["timebank_webhooks_total"].labels(outcome).inc(count)


def reported(by: str, key: str, exchanges: int, minutes: int) -> None:
    _made["timebank_reported_exchanges"].labels(by, key).set(exchanges)
    _made["timebank_reported_minutes"].labels(by, key).set(minutes)


def checked(service: str, check: str, up: bool) -> None:
    _made["timebank_check_up"].labels(service, check).set(int(up))


def audited(figures: Mapping[str, int], at: float) -> None:
    for code, figure in figures.items():
        _made["timebank_audit_figure"].labels(code).set(figure)
    _made["timebank_audit_last_timestamp_seconds"].labels("complete").set(at)


def audit_failed(at: float) -> None:
    _made["timebank_audit_last_timestamp_seconds"].labels("failed").set(at)


def replicas(behind: Mapping[str, Mapping[str, int]]) -> None:
    """Bytes by service and replica; whatever is not named any more is not told any more."""
    for name in ("timebank_replicas", "timebank_replica_behind_bytes"):
        _made[name].clear()
    for service, found in behind.items():
        _made["timebank_replicas"].labels(service).set(len(found))
        for replica, count in found.items():
            _made["timebank_replica_behind_bytes"].labels(service, replica).set(count)


def heartbeats(said: Mapping[str, float]) -> None:
    for region, at in said.items():
        _made["timebank_heartbeat_last_timestamp_seconds"].labels(region).set(at)


def certificate_ends(kind: str, at: str, moment: float) -> None:
    _made["timebank_certificate_ends_timestamp_seconds"].labels(kind, at).set(moment)
