"""The rules as data, and every name an expression of theirs may use."""

from __future__ import annotations

import functools
import re
from typing import Any

import yaml
from prometheus_client import Histogram

from deploy.local.places import REPOSITORY
from services.telemetry import metrics

RULES = REPOSITORY / "deploy/prometheus/rules.yaml"
UNIT_TESTS = REPOSITORY / "deploy/prometheus/tests.yaml"
RUNBOOK = REPOSITORY / "docs/runbook.md"

BROKERS_OWN = {
    "rabbitmq_detailed_queue_consumers": {"queue", "vhost"},
    "rabbitmq_detailed_queue_messages": {"queue", "vhost"},
    "rabbitmq_alarms_memory_used_watermark": set[str](),
    "rabbitmq_alarms_free_disk_space_watermark": set[str](),
}
"""Metrics of RabbitMQ's own plugin; a fault under a real Prometheus shows that they exist."""
PROMETHEUS_OWN = {"up": {"job", "instance"}}

WORD = re.compile(r"[a-z_][a-z_:0-9]*")
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
SELECTED = re.compile(r"([a-z_:][a-z_:0-9]*)\{([^}]*)\}")


@functools.cache
def rules() -> tuple[dict[str, Any], ...]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return tuple(rule for group in groups for rule in group["rules"])


def alerts() -> list[str]:
    return [rule["alert"] for rule in rules() if "alert" in rule]


def recorded() -> set[str]:
    return {rule["record"] for rule in rules() if "record" in rule}


def known() -> dict[str, set[str]]:
    """Every series there is, with its labels; those of recorded ones are not held against it."""
    found: dict[str, set[str]] = {**BROKERS_OWN, **PROMETHEUS_OWN}
    for metric in metrics.METRICS:
        labels = set(metric.labels)
        if metric.kind is Histogram:
            found[f"{metric.name}_bucket"] = labels | {"le"}
            found |= {f"{metric.name}_{part}": labels for part in ("count", "sum")}
        else:
            found[metric.name] = labels
    return found


def series_in(expression: str) -> set[str]:
    """Names in an expression that look like series of ours, the broker's or a rule's."""
    words = WORD.findall(QUOTED.sub('""', expression))
    return {word for word in words if word.startswith(("timebank", "rabbitmq")) or word == "up"}


def unknown_in(expression: str) -> list[str]:
    """What an expression names that does not exist: series, and labels it selects by."""
    there, wrong = known(), []
    for series in series_in(expression) - recorded():
        if series not in there:
            wrong.append(series)
    for series, selection in SELECTED.findall(QUOTED.sub('""', expression)):
        for label in re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", selection):
            if series in there and label not in there[series]:
                wrong.append(f"{series}{{{label}}}")
    return wrong
