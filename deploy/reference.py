"""Writes the reference pages in docs/ from the code, so that they cannot drift from it.

python -m deploy.reference
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from services.bus import topology
from services.bus.settings import Setting
from services.contracts import exchanges, ledger, members, notifications, readers, words
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
    return _page(lines)


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
}


def main() -> int:
    for name, write in PAGES.items():
        (DOCS / name).write_text(write())
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
