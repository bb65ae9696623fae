"""The pools of one region: each service's processes for it, and what scales them."""

from __future__ import annotations

from typing import Any

from deploy.kubernetes import names, pods
from deploy.kubernetes.names import Manifest, labels, manifest
from services.bus import topology
from services.contracts import readers

BACKLOG = 2_000
"""Events waiting per process: a few seconds' work, and more than a process takes at once (which
counts as waiting here, because what a dead process held is waiting too)."""
CALLS = 16
"""Calls waiting per process: as many as it answers at the same time."""
LOOK = 15
"""Seconds between two looks at the queues."""
CALM = 300
"""Seconds without need until a process is taken away again."""


def of_region(region: str) -> list[Manifest]:
    """Deployment, scaler and disruption budget of every service for a region."""
    found = []
    for service in names.SERVICES:
        found += [_deployment(service, region), _scaler(service, region), _budget(service, region)]
    return found


def _deployment(service: str, region: str) -> Manifest:
    kind = names.BY_NAME[service]
    own = labels(service, "pool", region)
    env = [
        *pods.plain(TIMEBANK_REGIONS=region, TIMEBANK_DATABASE_POOL=str(names.POOL)),
        *pods.broker_env(service),
        *pods.database_env(service),
        *pods.second_road_env(),
        *_own_env(service),
    ]
    template = pods.pod(
        ("services.bus.runner", kind.module),
        own,
        env,
        probes=pods.probes("/_status"),
        volumes=(f"broker={names.BROKER_TLS}", f"database={names.cluster(service)}-ca"),
    )
    spec = {
        # No number of replicas: that is the scaler's, and applying this again must not undo it.
        "selector": {"matchLabels": own},
        "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": template,
    }
    return manifest("apps/v1", "Deployment", f"{service}-{region}", spec, labels=own)


def _own_env(service: str) -> list[dict[str, Any]]:
    """Settings of one service alone."""
    if service == "members":
        return pods.from_config("TIMEBANK_KNOWN_DOMAINS")
    if service == "notifications":
        return [
            pods.from_secret("TIMEBANK_SMTP_URL", names.SECRETS),
            *pods.from_config("TIMEBANK_PUBLIC_URL", "TIMEBANK_MAIL_FROM"),
            *pods.management_env(),
        ]
    return []


def queues(service: str, region: str) -> dict[str, int]:
    """What a pool is scaled by: each queue, and what one process may leave waiting in it."""
    found = {topology.rpc_queue(service, region): CALLS}
    if service in readers.READERS:
        found[topology.event_queue(service, region)] = BACKLOG
    return found


def _scaler(service: str, region: str) -> Manifest:
    own = labels(service, "pool", region)
    spec = {
        "scaleTargetRef": {"name": f"{service}-{region}"},
        "minReplicaCount": names.REPLICAS_MIN,
        "maxReplicaCount": names.REPLICAS_MAX[region],
        "pollingInterval": LOOK,
        "cooldownPeriod": CALM,
        # A broker that does not tell its queues is no reason to take processes away.
        "fallback": {"failureThreshold": 3, "replicas": names.REPLICAS_MIN},
        "advanced": {
            "horizontalPodAutoscalerConfig": {
                "behavior": {
                    "scaleDown": {
                        "stabilizationWindowSeconds": CALM,
                        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
                    }
                }
            }
        },
        "triggers": [_trigger(queue, value) for queue, value in queues(service, region).items()],
    }
    return manifest("keda.sh/v1alpha1", "ScaledObject", f"{service}-{region}", spec, labels=own)


def _trigger(queue: str, value: int) -> dict[str, Any]:
    """By HTTP, because only there a message in a process's hands counts as waiting."""
    return {
        "type": "rabbitmq",
        "metadata": {
            "protocol": "http",
            "mode": "QueueLength",
            "queueName": queue,
            "value": str(value),
            "excludeUnacknowledged": "false",
        },
        "authenticationRef": {"name": "timebank-broker"},
    }


def _budget(service: str, region: str) -> Manifest:
    own = labels(service, "pool", region)
    return budget(f"{service}-{region}", own)


def budget(name: str, own: dict[str, str]) -> Manifest:
    """One at a time; those that do not work anyway hold up nobody's maintenance."""
    spec = {
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": own},
    }
    return manifest("policy/v1", "PodDisruptionBudget", name, spec, labels=own)
