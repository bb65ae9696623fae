"""Writes the reference pages in docs/ from the code, so that they cannot drift from it.

python -m deploy.reference
"""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from services.bus import topology
from services.bus.envelope import SIGNAL_CONTENT_TYPE
from services.bus.settings import Setting
from services.contracts import (
    asyncapi,
    exchanges,
    feed,
    ledger,
    members,
    notifications,
    readers,
    words,
)
from services.contracts.event import Event
from services.telemetry import metrics

DOCS = Path(__file__).resolve().parents[1] / "docs"
SETTINGS_OF = (
    "services.bus.settings",
    "services.bus.failpoint",
    "services.bus.detour",
    "services.members.settings",
    "services.notifications.settings",
    "gateway.settings",
    "deploy.audit_sources",
    "deploy.audit_watch",
)
CATALOGUES = (members.EVENTS, exchanges.EVENTS, ledger.EVENTS, notifications.EVENTS)


def events() -> str:
    """Every event, what it carries and who hears it."""
    lines = [
        "# Events",
        "",
        "Written from `services/contracts` by `python -m deploy.reference`.",
        "",
        f"An event travels on the topic exchange `{topology.EXCHANGE}` under the routing key"
        " `<region>.<producer>.<event>`, as a CloudEvent in binary mode: attributes are headers"
        " beginning with `ce-`, the body is a JSON object. Regions: "
        + ", ".join(f"`{region}`" for region in words.ROUTES)
        + ". No event carries anything personal: ids are opaque.",
        "",
        "| event | fields | heard by |",
        "| --- | --- | --- |",
    ]
    for catalogue in CATALOGUES:
        for schema in catalogue.values():
            name = f"{schema.producer}.{schema.event}"
            hearers = [s for s, wanted in readers.READERS.items() if name in wanted]
            lines.append(f"| `{name}` | {_fields(schema)} | {', '.join([*hearers, 'reporting'])} |")
    return _page([*lines, "", *_public_feed()])


def _public_feed() -> list[str]:
    """What other systems hear."""
    return [
        "## The public feed",
        "",
        f"Other systems hear signals: CloudEvents 1.0 in structured mode (`{SIGNAL_CONTENT_TYPE}`,"
        " one JSON object, also the body of a webhook), without `data`. A signal says that"
        " something happened and where to ask about it; who may know more is decided there."
        f" `source` is `{feed.SOURCE}`; `dataref` is a reference relative to the gateway's"
        " address. `docs/asyncapi.json` and the gateway's `/asyncapi.json` describe it for tools,"
        " `GET /v1/event-types` lists the types with samples.",
        "",
        "| type | meaning | subject | internal events |",
        "| --- | --- | --- | --- |",
        *(
            f"| `{each.type}` | {each.meaning} | {each.about}"
            f" | {', '.join(f'`{event}`' for event in each.events)} |"
            for each in feed.SIGNALS
        ),
        "",
        "```",
        json.dumps(feed.sample(feed.BY_EVENT["exchange_completed"]), indent=2),
        "```",
        "",
        f"They travel on the topic exchange `{topology.PUBLIC}` under the routing key"
        f" `{topology.public_key('<region>', '<type>')}`, for example"
        f" `{topology.public_key('london', 'timebank-exchange-completed-1')}`. Where an exchange"
        " crosses regions, the other region's key stands in the header `CC`: a queue bound to"
        " both gets one copy. A queue of one's own is bound with"
        f" `{topology.public_key('<region>', '#')}`, or with single types. Delivery is at least"
        " once: a signal may come again under its `id`, and in any order.",
        "",
        "A subscriber's queue must not refuse (`x-overflow: drop-head`, never `reject-publish`):"
        " what one queue refuses is said three times to all.",
        "",
        f"For a replay, the stream `{topology.public_stream('<region>')}` keeps what a region"
        f" heard for {topology.PUBLIC_DAYS} days"
        f" (`x-stream-offset`, for example `first` or a time).",
        "",
        f"`{feed.HEARTBEAT.type}` is said for each region once a minute, within"
        " 10 seconds of its beginning, by whichever process comes first, while some process works"
        " for the region. Three minutes without one are a fault of ours or of the way to us. To a"
        " webhook it comes by the road of all its signals, behind those that wait; what was not"
        " delivered is replaced by the next, so the list of deliveries has one for each region.",
        "",
        "By a queue and by a webhook a signal has the same `id`, which a webhook's header"
        " `webhook-id` repeats, and the same `time`: who subscribes both ways knows what it has.",
    ]


def _fields(schema: type[Event]) -> str:
    return ", ".join(
        f"`{name}`{'?' if field.allow_none else ''}" for name, field in schema().fields.items()
    )


def settings() -> str:
    """Every setting of a process."""
    lines = [
        "# Settings",
        "",
        "Written from the code by `python -m deploy.reference`. Settings are environment variables,"
        " read once at start. What is missing, empty or contradictory ends the process with exit"
        " code 2 and one sentence.",
        "",
        "| setting | meaning | default | limits | read in |",
        "| --- | --- | --- | --- | --- |",
    ]
    for module in SETTINGS_OF:
        for setting in settings_in(module):
            default = "required" if setting.default is None else f"`{setting.default}`"
            lines.append(
                f"| `{setting.name}` | {setting.meaning} | {default} | {setting.limits}"
                f" | `{module}` |"
            )
    return _page(lines)


def settings_in(module: str) -> Iterator[Setting[object]]:
    for value in vars(importlib.import_module(module)).values():
        if isinstance(value, Setting):
            yield value


def measured() -> str:
    """Every metric."""
    lines = [
        "# Metrics",
        "",
        "Written from `services/telemetry/metrics.py` by `python -m deploy.reference`. Every"
        " process serves them at `/metrics`.",
        "",
        "| metric | kind | labels | meaning | when it rises |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{metric.name}` | {metric.kind.__name__.lower()} | {', '.join(metric.labels)}"
        f" | {metric.meaning} | {metric.look} |"
        for metric in metrics.METRICS
    ]
    return _page(lines)


def _page(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "events.md": events,
    "settings.md": settings,
    "metrics.md": measured,
    "asyncapi.json": asyncapi.text,
}


def main() -> int:
    for name, write in PAGES.items():
        (DOCS / name).write_text(write())
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
