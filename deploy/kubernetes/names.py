"""The words and numbers the manifests agree on."""

from __future__ import annotations

from typing import Any

from deploy.local.plan import DATABASE_SERVICES, KINDS, Kind
from services.contracts import words

Manifest = dict[str, Any]

NAMESPACE = "timebank"
IMAGE = "timebank"
"""Replaced by the registry's name and a version in the overlay."""
PORT = 8080
"""Health, metrics and the second road; the gateway's everything. As in the image."""
BROKER = "timebank-broker"
BROKER_HOST = f"{BROKER}.{NAMESPACE}.svc"
VIRTUAL_HOST = "timebank"
CONFIG = "timebank-config"
SECRETS = "timebank-secrets"
BROKER_TLS = "timebank-broker-tls"
"""A secret with tls.crt, tls.key and ca.crt, for instance made by cert-manager."""
GATEWAY_TLS = "timebank-gateway-tls"
AUDITOR_LOGIN = "timebank-audit-login"
"""A basic-auth secret: the audit's own role, the same in every database."""
SIGN_IN = "timebank-sign-in"
"""What TIMEBANK_SIGN_IN names as secret_file; only where people sign in by issuers."""
MANAGER = "subscriptions"
"""The broker user by which notifications makes those of subscribers."""
SCALER_CONFIG = "timebank-scaler"
"""Where KEDA asks the broker for queue lengths."""

REGION_LABEL = "timebank/region"
SERVICES = DATABASE_SERVICES
BY_NAME: dict[str, Kind] = {kind.name: kind for kind in KINDS}

REPLICAS_MIN = 2
"""Processes of a service and region at least: one may die or move without a queue left alone."""
REPLICAS_MAX = {region: 10 if region == "london" else 6 for region in words.ROUTES}
"""Processes of a service and region at most; beyond it the database is the limit."""
POOL = 6
"""Database connections of a process at most: a reader, the relay, the rest for calls."""


def cluster(service: str) -> str:
    """The PostgreSQL cluster of a service."""
    return f"timebank-{service}-db"


def labels(name: str, component: str, region: str = "") -> dict[str, str]:
    """What selectors and network policies go by."""
    found = {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": "timebank",
    }
    return {**found, REGION_LABEL: region} if region else found


def manifest(version: str, kind: str, name: str, spec: Any, **metadata: Any) -> Manifest:
    """A resource of ours, in our namespace."""
    head = {"name": name, "namespace": NAMESPACE, **metadata}
    return {"apiVersion": version, "kind": kind, "metadata": head, "spec": spec}
