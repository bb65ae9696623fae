"""What Prometheus is told by its operator: whom to ask, and the rules as they stand."""

from __future__ import annotations

from typing import Any

import yaml

from deploy.kubernetes import names
from deploy.kubernetes.names import Manifest, manifest
from deploy.local.places import REPOSITORY

RULES = REPOSITORY / "deploy/prometheus/rules.yaml"
OPERATOR = "monitoring.coreos.com/v1"
EVERY = "15s"
QUEUE_FAMILIES = ["queue_coarse_metrics", "queue_consumer_count"]
"""All that is wanted of each queue; everything about each object would be far more."""


def all_monitors() -> list[Manifest]:
    ours = {"matchLabels": {"app.kubernetes.io/part-of": "timebank"}}
    spec = {"selector": ours, "podMetricsEndpoints": [{"port": "http", "interval": EVERY}]}
    return [
        manifest(OPERATOR, "PodMonitor", "timebank", spec),
        _broker(),
        _databases(),
        manifest(OPERATOR, "PrometheusRule", "timebank", yaml.safe_load(RULES.read_text())),
    ]


def _broker() -> Manifest:
    """Twice: the node as a whole, and of each queue only its length and its consumers."""
    secure: dict[str, Any] = {
        "port": "prometheus-tls",
        "scheme": "https",
        "interval": EVERY,
        "tlsConfig": {
            "serverName": names.BROKER_HOST,
            "ca": {"secret": {"name": names.BROKER_TLS, "key": "ca.crt"}},
        },
    }
    queues = {
        **secure,
        "path": "/metrics/detailed",
        "params": {"vhost": [names.VIRTUAL_HOST], "family": QUEUE_FAMILIES},
    }
    selector = {"matchLabels": {"app.kubernetes.io/name": names.BROKER}}
    spec = {"selector": selector, "podMetricsEndpoints": [secure, queues]}
    return manifest(OPERATOR, "PodMonitor", names.BROKER, spec)


def _databases() -> Manifest:
    clusters = [names.cluster(service) for service in names.SERVICES]
    wanted = {"key": "cnpg.io/cluster", "operator": "In", "values": clusters}
    spec = {
        "selector": {"matchExpressions": [wanted]},
        "podMetricsEndpoints": [{"port": "metrics", "interval": EVERY}],
    }
    return manifest(OPERATOR, "PodMonitor", "timebank-databases", spec)
