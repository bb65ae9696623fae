"""Four dashboards: is it healthy, one region, one service, the ledger.

At most ten graphs on each and five lines in each graph, so that a person sees what is wrong
at a glance; the axes begin at nought, so that small things look small.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.contracts import words

GRAPHS, LINES = 10, 5
"""At most on a dashboard, and in a graph."""

SERVICES = ("members", "exchanges", "ledger", "notifications", "reporting")
EVERY_SERVICE = (*SERVICES, "gateway")

SECONDS, PER_SECOND, SHARE, NUMBER, MINUTES = "s", "reqps", "percentunit", "short", "m"
"""Units as Grafana calls them."""


@dataclass(frozen=True)
class Line:
    """One expression; a label in the legend makes it as many lines as ``topk`` lets through."""

    expression: str
    legend: str


@dataclass(frozen=True)
class Graph:
    """One graph.

    Attributes:
        meaning: what a reader should see in it, and what is good.
        limit: drawn as a line, where an alert begins.
    """

    title: str
    meaning: str
    unit: str
    lines: tuple[Line, ...]
    limit: float | None = None


@dataclass(frozen=True)
class Board:
    """One dashboard; ``choice`` is the label its reader picks a value of."""

    uid: str
    title: str
    graphs: tuple[Graph, ...]
    choice: tuple[str, tuple[str, ...]] | None = None


def worst(expression: str, by: str, count: int = LINES) -> Line:
    """The few greatest of a figure, by a label."""
    return Line(f"topk({count}, {expression})", f"{{{{{by}}}}}")


def fewest(expression: str, by: str, count: int = LINES) -> Line:
    """The few smallest, where little is what should be seen."""
    return Line(f"bottomk({count}, {expression})", f"{{{{{by}}}}}")


HEALTHY = Board(
    "timebank-healthy",
    "Is it healthy?",
    (
        Graph("Requests", "Requests a second at the gateway, and those that ended in an error.",
              PER_SECOND, (
                  Line("sum(rate(timebank_http_seconds_count[5m]))", "all"),
                  Line('sum(rate(timebank_http_seconds_count{status=~"5.."}[5m]))', "errors"),
              )),
        Graph("Errors", "Share of requests that ended in an error of ours; good is below 0.1 %.",
              SHARE, (Line("timebank:http_errors:ratio_5m", "5 minutes"),
                      Line("timebank:http_errors:ratio_1h", "1 hour")), 0.001),
        Graph("Time of a request", "Nineteen in twenty are faster; good is below 0.25 s.",
              SECONDS, (Line("timebank:http_seconds:p95_5m", "p95"),), 0.25),
        Graph("What is missing", "Processes that lack something they need; good is none.",
              NUMBER, (worst("count by (check) (timebank_check_up == 0)", "check"),)),
        Graph("Readers of the least read queue", "Of each service the queue with fewest readers;"
              " good is never 0.", NUMBER,
              (fewest("min by (service) (timebank:queue_consumers)", "service"),)),
        Graph("Heard how late", "Nineteen in twenty events are heard sooner; the worst regions.",
              SECONDS, (worst("max by (region) (timebank:queue_lag_seconds:p95_5m)", "region"),),
              60),
        Graph("Age of the oldest unsaid event", "Events wait while the broker is away; good is 0.",
              SECONDS, (worst("max by (service) (timebank_outbox_age_seconds)", "service"),), 60),
        Graph("Messages for an operator", "Parked messages; good is none.", NUMBER,
              (worst("max by (service) (timebank_parked_rows)", "service"),)),
        Graph("Figures of the audit", "Those that are not zero; good is an empty graph.", NUMBER,
              (worst("timebank_audit_figure != 0", "code"),)),
        Graph("E-mails", "E-mails a second by what became of them.", NUMBER,
              (worst('sum by (outcome) (rate(timebank_notices_total{channel="email"}[5m]))',
                     "outcome"),)),
    ),
)  # fmt: skip

REGION = Board(
    "timebank-region",
    "One region",
    (
        Graph("Heard how late", "By service; nineteen in twenty events are heard sooner.", SECONDS,
              (worst('timebank:queue_lag_seconds:p95_5m{region="$region"}', "service"),), 60),
        Graph("Events handled", "Events a second, by service.", PER_SECOND,
              (worst('timebank:events_handled:rate5m{region="$region"}', "service"),)),
        Graph("Events waiting", "In the region's queues, in hand included.", NUMBER,
              (worst('timebank:queue_messages{region="$region", kind="events"}', "service"),)),
        Graph("Readers of events", "Processes that read the region's queue; good is two or more.",
              NUMBER,
              (fewest('timebank:queue_consumers{region="$region", kind="events"}', "service"),)),
        Graph("Calls waiting", "In the region's queues of calls; good is next to none.", NUMBER,
              (worst('timebank:queue_messages{region="$region", kind="calls"}', "service"),)),
        Graph("Readers of calls", "Processes that answer the region's calls.", NUMBER,
              (fewest('timebank:queue_consumers{region="$region", kind="calls"}', "service"),)),
        Graph("Exchanges under way", "By state, as the region's processes counted them last.",
              NUMBER, (worst('max by (state) (timebank_exchanges{region="$region", state=~'
                             '"requested|accepted|booked|awaiting_confirmation|completed"})',
                             "state"),)),
        Graph("Exchanges that need somebody", "Disputed, unfunded, or not kept.", NUMBER,
              (worst('max by (state) (timebank_exchanges{region="$region", state=~'
                     '"disputed|unfunded|no_show"})', "state"),)),
        Graph("Minutes that moved", "Minutes an hour, by kind of transfer.", MINUTES,
              (worst("3600 * sum by (kind) (rate(timebank_minutes_transferred_total"
                     '{region="$region"}[15m]))', "kind"),)),
    ),
    ("region", words.ROUTES),
)  # fmt: skip

SERVICE = Board(
    "timebank-service",
    "One service",
    (
        Graph("What is missing", "Processes that lack something they need; good is none.", NUMBER,
              (worst('count by (check) (timebank_check_up{service="$service"} == 0)', "check"),)),
        Graph("Calls answered", "Calls a second, the most asked first.", PER_SECOND,
              (worst('sum by (method) (rate(timebank_rpc_seconds_count{service="$service"}[5m]))',
                     "method"),)),
        Graph("Time of a call", "Nineteen in twenty are faster; the slowest methods.", SECONDS,
              (worst("histogram_quantile(0.95, sum by (method, le) (rate("
                     'timebank_rpc_seconds_bucket{service="$service"}[5m])))', "method"),), 0.1),
        Graph("Outcomes of calls", "Calls a second, by how they ended.", PER_SECOND,
              (worst('sum by (outcome) (rate(timebank_rpc_seconds_count{service="$service"}[5m]))',
                     "outcome"),)),
        Graph("Events", "Messages a second, by what became of them.", PER_SECOND,
              (worst('sum by (outcome) (rate(timebank_events_total{service="$service"}[5m]))',
                     "outcome"),)),
        Graph("Time of a batch", "Nineteen in twenty are faster, commit included.", SECONDS,
              (Line("histogram_quantile(0.95, sum by (le) (rate("
                    'timebank_handler_seconds_bucket{service="$service"}[5m])))', "p95"),)),
        Graph("Size of a batch", "Messages in one transaction: large ones drain a backlog.", NUMBER,
              (Line('sum(rate(timebank_batch_messages_sum{service="$service"}[5m])) / sum(rate('
                    'timebank_batch_messages_count{service="$service"}[5m]))', "mean"),)),
        Graph("Unsaid, to try again, parked", "Rows that wait; good is next to none.", NUMBER, (
            Line('max(timebank_outbox_rows{service="$service"})', "unsaid"),
            Line('max(timebank_retry_rows{service="$service"})', "to be tried again"),
            Line('max(timebank_parked_rows{service="$service"})', "parked"),
        )),
        Graph("Events said", "Events a second, by the broker's answer.", PER_SECOND,
              (worst('sum by (outcome) (rate(timebank_published_total{service="$service"}[5m]))',
                     "outcome"),)),
        Graph("Stalls", "Seconds the process woke late, in one case of a hundred.", SECONDS,
              (Line("histogram_quantile(0.99, sum by (le) (rate("
                    'timebank_event_loop_stall_seconds_bucket{service="$service"}[5m])))',
                    "p99"),), 1),
    ),
    ("service", EVERY_SERVICE),
)  # fmt: skip

LEDGER = Board(
    "timebank-ledger",
    "The ledger",
    (
        Graph("What must be zero", "Figures of the audit no delay explains; good is empty.", NUMBER,
              (worst('timebank_audit_figure{code=~"A[245679]"} != 0', "code"),)),
        Graph("What may be late", "Figures a delay can explain; good is empty.", NUMBER,
              (worst('timebank_audit_figure{code=~"A1|A3|A8|A10|A11"} != 0', "code"),)),
        Graph("Age of the last audit", "Seconds since one was complete.", SECONDS,
              (Line('time() - max(timebank_audit_last_timestamp_seconds{outcome="complete"})',
                    "age"),), 3600),
        Graph("Minutes that moved", "Minutes an hour, by kind of transfer.", MINUTES,
              (worst("3600 * sum by (kind) (rate(timebank_minutes_transferred_total[15m]))",
                     "kind"),)),
        Graph("Minutes given, by region", "Minutes an hour of exchanges; the busiest regions.",
              MINUTES,
              (worst("3600 * sum by (region) (rate(timebank_minutes_transferred_total"
                     '{kind="exchange"}[15m]))', "region"),)),
        Graph("Waiting for the ledger", "Accepted: a hold is due; completed: a posting is due.",
              NUMBER,
              (worst('sum by (state) (max by (state, region) (timebank_exchanges{state=~'
                     '"accepted|completed"}))', "state"),)),
        Graph("Heard how late", "Of the ledger's events nineteen in twenty are heard sooner.",
              SECONDS, (worst('timebank:queue_lag_seconds:p95_5m{service="ledger"}', "region"),),
              60),
        Graph("Time of a batch", "Nineteen in twenty are faster, commit included.", SECONDS,
              (Line("histogram_quantile(0.95, sum by (le) (rate("
                    'timebank_handler_seconds_bucket{service="ledger"}[5m])))', "p95"),)),
        Graph("Reported minutes", "As reporting adds them up: it must follow the ledger.", MINUTES,
              (worst('max by (key) (timebank_reported_minutes{by="region"})', "key"),)),
    ),
)  # fmt: skip

BOARDS = (HEALTHY, REGION, SERVICE, LEDGER)
