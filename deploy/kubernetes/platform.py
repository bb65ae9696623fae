"""What every installation has once: the gateway, the audit, migrations, and names to call by."""

from __future__ import annotations

from typing import Any

from deploy.kubernetes import names, pods, pools
from deploy.kubernetes.names import Manifest, labels, manifest

GATEWAYS_MIN, GATEWAYS_MAX = 3, 12
BUSY = 70
"""Per cent of the processor asked for, above which another gateway starts."""
GATEWAY_GRACE = 40
"""Seconds: until nobody is sent here any more, and the 20 the gateway gives what is in flight."""
HOST = "timebank.example.nhs.uk"
"""Replaced in the overlay, together with TIMEBANK_PUBLIC_URL and TIMEBANK_FEED_URL."""
CLOSED_PATHS = ("/metrics", "/_status")
"""What operators ask and the world need not see."""


def namespace() -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": names.NAMESPACE,
            "labels": {
                # The servers' operators make pods of their own; ours keep to the stricter one.
                "pod-security.kubernetes.io/enforce": "baseline",
                "pod-security.kubernetes.io/warn": "restricted",
            },
        },
    }


def account() -> Manifest:
    """No process of ours asks the cluster anything."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "timebank", "namespace": names.NAMESPACE},
        "automountServiceAccountToken": False,
    }


def config() -> Manifest:
    """What differs from installation to installation; the overlay says it."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": names.CONFIG, "namespace": names.NAMESPACE},
        "data": {
            "TIMEBANK_PUBLIC_URL": f"https://{HOST}",
            "TIMEBANK_ISSUERS": "[]",
            "TIMEBANK_SIGN_IN": "[]",
            "TIMEBANK_FEED_URL": f"amqps://feed.{HOST}:5671/{names.VIRTUAL_HOST}",
            "TIMEBANK_KNOWN_DOMAINS": "nhs.net,nhs.uk",
            "TIMEBANK_MAIL_FROM": "Talent Timebank <no-reply@timebank.invalid>",
            "TIMEBANK_RATE_LIMIT": "600",
            "TIMEBANK_TRUSTED_PROXIES": "1",
        },
    }


def services() -> list[Manifest]:
    """A name for each service, for calls while the broker is away.

    Processes that are not ready count too: without a broker none is, and that is when these
    names are needed.
    """
    found = []
    for name in names.SERVICES:
        selector = {
            key: value
            for key, value in labels(name, "pool").items()
            if key != "app.kubernetes.io/part-of"
        }
        found.append(_service(name, selector, publishNotReadyAddresses=True))
    return found


def _service(name: str, selector: dict[str, str], **more: Any) -> Manifest:
    ports = [{"name": "http", "port": names.PORT, "targetPort": "http"}]
    return manifest("v1", "Service", name, {"selector": selector, "ports": ports, **more})


def gateway() -> list[Manifest]:
    """The one door: ready while it lives, since it works with the broker away."""
    own = labels("gateway", "gateway")
    probes = pods.probes("/_ping")
    probes["lifecycle"] = {"preStop": {"sleep": {"seconds": pods.LEAVE}}}
    env = [
        *pods.broker_env("gateway"),
        *pods.second_road_env(),
        *pods.from_config(
            "TIMEBANK_PUBLIC_URL",
            "TIMEBANK_ISSUERS",
            "TIMEBANK_SIGN_IN",
            "TIMEBANK_RATE_LIMIT",
            "TIMEBANK_TRUSTED_PROXIES",
        ),
    ]
    template = pods.pod(
        ("services.bus.runner", names.BY_NAME["gateway"].module),
        own,
        env,
        probes=probes,
        volumes=(f"broker={names.BROKER_TLS}", f"sign-in={names.SIGN_IN}/*"),
        grace=GATEWAY_GRACE,
    )
    spec = {
        "selector": {"matchLabels": own},
        "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": template,
    }
    return [
        manifest("apps/v1", "Deployment", "gateway", spec, labels=own),
        _service("gateway", own),
        pools.budget("gateway", own),
        _gateway_scaler(),
        _closed(),
        ingress(),
    ]


def _gateway_scaler() -> Manifest:
    target = {"type": "Utilization", "averageUtilization": BUSY}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "gateway"},
        "minReplicas": GATEWAYS_MIN,
        "maxReplicas": GATEWAYS_MAX,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    return manifest("autoscaling/v2", "HorizontalPodAutoscaler", "gateway", spec)


def _closed() -> Manifest:
    """A service nobody stands behind: whoever is sent here gets nothing."""
    return manifest("v1", "Service", "closed", {"ports": [{"name": "http", "port": names.PORT}]})


def ingress() -> Manifest:
    """Everything of the gateway's but what only operators ask."""

    def path(path: str, kind: str, service: str) -> dict[str, Any]:
        backend = {"service": {"name": service, "port": {"name": "http"}}}
        return {"path": path, "pathType": kind, "backend": backend}

    paths = [path(closed, "Exact", "closed") for closed in CLOSED_PATHS]
    spec = {
        "tls": [{"hosts": [HOST], "secretName": names.GATEWAY_TLS}],
        "rules": [{"host": HOST, "http": {"paths": [*paths, path("/", "Prefix", "gateway")]}}],
    }
    return manifest("networking.k8s.io/v1", "Ingress", "gateway", spec)


def audit() -> list[Manifest]:
    """One process that audits again and again, and tells the figures as metrics."""
    own = labels("audit", "audit")
    address = (
        f"postgresql://$(AUDIT_USER):$(AUDIT_WORD)@{names.cluster('{service}')}-rw"
        ":5432/timebank_{service}?sslmode=verify-full"
        f"&sslrootcert={pods.CERTIFICATES}/{{service}}/ca.crt"
    )
    env = [
        pods.from_secret("AUDIT_USER", names.AUDITOR_LOGIN, "username"),
        pods.from_secret("AUDIT_WORD", names.AUDITOR_LOGIN, "password"),
        *pods.plain(
            TIMEBANK_AUDIT_DATABASE_URL=address,
            TIMEBANK_WATCHED_CERTIFICATES=f"{pods.CERTIFICATES}/gateway/tls.crt",
        ),
        *pods.broker_env("audit"),
    ]
    certificates = [f"{service}={names.cluster(service)}-ca" for service in names.SERVICES]
    template = pods.pod(
        ("deploy.audit_watch",),
        own,
        env,
        probes=pods.probes("/_status"),
        volumes=(
            f"broker={names.BROKER_TLS}",
            f"gateway={names.GATEWAY_TLS}/tls.crt",
            *certificates,
        ),
    )
    spec = {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": own},
        "template": template,
    }
    return [manifest("apps/v1", "Deployment", "audit", spec, labels=own)]


def migrations() -> list[Manifest]:
    """A job for each service, to be run before its new version: it only adds."""
    found = []
    for service in names.SERVICES:
        own = labels(service, "migration")
        template = pods.pod(
            ("services.bus.migrate", names.BY_NAME[service].package),
            own,
            pods.database_env(service),
            volumes=(f"database={names.cluster(service)}-ca",),
            once=True,
        )
        spec = {"backoffLimit": 4, "ttlSecondsAfterFinished": 86_400, "template": template}
        found.append(manifest("batch/v1", "Job", f"migrate-{service}", spec, labels=own))
    return found
