"""Who may speak to whom: nothing but what is drawn here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploy.kubernetes import names
from deploy.kubernetes.names import Manifest, manifest
from deploy.kubernetes.servers import INSIDE

AMQPS, BROKER_HTTPS, BROKER_METRICS = 5671, 15671, 15691
BROKER_AMONG_ITSELF = (4369, 25672)
DATABASE, DATABASE_STATUS, DATABASE_METRICS = 5432, 8000, 9187
MAIL = (25, 465, 587)
HTTPS = 443

OURS = {"app.kubernetes.io/part-of": "timebank"}
BROKER_PODS = {"app.kubernetes.io/name": names.BROKER}
"""As the cluster operator labels them."""


def all_policies() -> list[Manifest]:
    return [*_ours(), *_outward(), *_broker(), *[_database(service) for service in names.SERVICES]]


def _named(name: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}}


def _namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _at(ports: Sequence[int], protocol: str = "TCP") -> list[dict[str, Any]]:
    return [{"port": port, "protocol": protocol} for port in ports]


def _policy(name: str, selected: dict[str, str], **rules: Any) -> Manifest:
    """A policy; giving ``ingress`` or ``egress`` closes that direction but for what it lists."""
    kinds = [kind for kind in ("Ingress", "Egress") if kind.lower() in rules]
    spec = {"podSelector": {"matchLabels": selected}, "policyTypes": kinds, **rules}
    return manifest("networking.k8s.io/v1", "NetworkPolicy", name, spec)


def _ours() -> list[Manifest]:
    """Every process: asked by its like and by Prometheus; reaches names, the broker, its like."""
    http, everyone = _at([names.PORT]), {"podSelector": {"matchLabels": OURS}}
    dns = [*_at([53], "UDP"), *_at([53])]
    return [
        _policy(
            "processes",
            OURS,
            ingress=[
                {"from": [everyone], "ports": http},
                {"from": [_namespace("monitoring")], "ports": http},
            ],
            egress=[
                {"to": [_namespace("kube-system")], "ports": dns},
                {"to": [{"podSelector": {"matchLabels": BROKER_PODS}}], "ports": _at([AMQPS])},
                {"to": [everyone], "ports": http},
            ],
        ),
        _policy(
            "gateway",
            {"app.kubernetes.io/name": "gateway"},
            ingress=[{"from": [_namespace("ingress")], "ports": http}],
        ),
    ]


def _outward() -> list[Manifest]:
    """Each service to its own database, the audit to all, and the two that leave the cluster."""
    found = [
        _policy(
            f"{service}-to-its-database",
            {"app.kubernetes.io/name": service},
            egress=[{"to": [_database_pods(service)], "ports": _at([DATABASE])}],
        )
        for service in names.SERVICES
    ]
    databases = [_database_pods(service) for service in names.SERVICES]
    audited = [{"to": databases, "ports": _at([DATABASE])}]
    found.append(_policy("audit-to-databases", {"app.kubernetes.io/name": "audit"}, egress=audited))
    for name, ports in (("notifications", (*MAIL, HTTPS)), ("gateway", (HTTPS,))):
        outside = [{"to": [_outside()], "ports": _at(ports)}]
        found.append(_policy(f"{name}-outward", {"app.kubernetes.io/name": name}, egress=outside))
    managed = [
        {"to": [{"podSelector": {"matchLabels": BROKER_PODS}}], "ports": _at([BROKER_HTTPS])}
    ]
    manager = {"app.kubernetes.io/name": "notifications"}
    return [*found, _policy("notifications-to-the-brokers-management", manager, egress=managed)]


def _outside() -> dict[str, Any]:
    """Anywhere but what is usually inside; an installation that knows better narrows it."""
    inside = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]
    return {"ipBlock": {"cidr": "0.0.0.0/0", "except": inside}}


def _database_pods(service: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": {"cnpg.io/cluster": names.cluster(service)}}}


def _broker() -> list[Manifest]:
    itself = {"podSelector": {"matchLabels": BROKER_PODS}}
    inside = [{"ipBlock": {"cidr": each}} for each in INSIDE]
    return [
        _policy(
            "broker",
            BROKER_PODS,
            ingress=[
                {"from": [{"podSelector": {"matchLabels": OURS}}], "ports": _at([AMQPS])},
                {"from": [itself], "ports": _at([*BROKER_AMONG_ITSELF, AMQPS, BROKER_HTTPS])},
                {
                    "from": [_namespace("keda"), _namespace("rabbitmq-system")],
                    "ports": _at([BROKER_HTTPS]),
                },
                {"from": [_named("notifications")], "ports": _at([BROKER_HTTPS])},
                {"from": [_namespace("monitoring")], "ports": _at([BROKER_METRICS])},
            ],
        ),
        _policy("subscribers", BROKER_PODS, ingress=[{"from": inside, "ports": _at([AMQPS])}]),
    ]


def _database(service: str) -> Manifest:
    itself = _database_pods(service)
    return _policy(
        names.cluster(service),
        itself["podSelector"]["matchLabels"],
        ingress=[
            {"from": [_named(service), _named("audit")], "ports": _at([DATABASE])},
            {"from": [itself], "ports": _at([DATABASE, DATABASE_STATUS])},
            {"from": [_namespace("cnpg-system")], "ports": _at([DATABASE, DATABASE_STATUS])},
            {"from": [_namespace("monitoring")], "ports": _at([DATABASE_METRICS])},
        ],
    )
