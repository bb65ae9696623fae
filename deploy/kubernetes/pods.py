"""One process as a pod: what it is told, what it may use, and how it is asked how it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from deploy.kubernetes import names

USER = 10001
"""As in the image."""
CERTIFICATES = "/etc/timebank"
DATABASE_CA = f"{CERTIFICATES}/database/ca.crt"
BROKER_CA = f"{CERTIFICATES}/broker/ca.crt"
MEMORY = {"requests": "96Mi", "limits": "256Mi"}
"""Idle, a process alone takes 65 MB (proportional set size; 41 to 63 beside five others it shares
pages with); batches of 500 and their answers need room above that."""
PROCESSOR = {"requests": "100m", "limits": "1"}
"""A process is one thread: more than one core it cannot use."""
GRACE = 60
"""Seconds to finish the batch in hand: longer than the statement time-out of 30."""
LEAVE = 5
"""Seconds a door stays open after it was told to close, until nobody is sent to it any more."""


def pod(
    arguments: Sequence[str],
    labels: dict[str, str],
    env: Sequence[dict[str, Any]],
    *,
    probes: dict[str, Any] | None = None,
    volumes: Sequence[str] = (),
    grace: int = GRACE,
    once: bool = False,
) -> dict[str, Any]:
    """A pod template.

    Args:
        arguments: the module to run and what it is given.
        volumes: secrets whose ``ca.crt`` is mounted, as ``folder=secret``, or another of its
            files, as ``folder=secret/file``, or all of them where there are any, as
            ``folder=secret/*``.
        once: whether it runs to its end instead of for ever.
    """
    container = {
        "name": "timebank",
        "image": names.IMAGE,
        "args": list(arguments),
        "env": list(env),
        "resources": {
            part: {"cpu": PROCESSOR[part], "memory": MEMORY[part]}
            for part in ("requests", "limits")
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": folder, "mountPath": f"{CERTIFICATES}/{folder}", "readOnly": True}
            for folder, _ in map(_parted, volumes)
        ],
        **(probes or {}),
    }
    if not once:
        container["ports"] = [{"name": "http", "containerPort": names.PORT}]
    spec = {
        "serviceAccountName": "timebank",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [_certificate(folder, secret) for folder, secret in map(_parted, volumes)],
        "terminationGracePeriodSeconds": grace,
    }
    if once:
        spec["restartPolicy"] = "OnFailure"
    else:
        spec["topologySpreadConstraints"] = [_spread("kubernetes.io/hostname", labels)]
    return {"metadata": {"labels": labels}, "spec": spec}


def _parted(volume: str) -> tuple[str, str]:
    folder, _, secret = volume.partition("=")
    return folder, secret


def _certificate(folder: str, source: str) -> dict[str, Any]:
    secret, _, file = source.partition("/")
    if file == "*":
        return {"name": folder, "secret": {"secretName": secret, "optional": True}}
    items = [{"key": file or "ca.crt", "path": file or "ca.crt"}]
    return {"name": folder, "secret": {"secretName": secret, "items": items}}


def _spread(key: str, labels: dict[str, str]) -> dict[str, Any]:
    """Apart where there is room, together where there is not."""
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
    }


def probes(ready: str) -> dict[str, Any]:
    """How the orchestrator asks: ``/_ping`` says a restart would not help, ``ready`` the rest.

    ``/_status`` is never asked whether to restart: a process whose broker or database is away
    mends itself when they return.
    """
    ping = {"httpGet": {"path": "/_ping", "port": "http"}}
    return {
        "startupProbe": {**ping, "periodSeconds": 2, "failureThreshold": 30},
        "livenessProbe": {**ping, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
        "readinessProbe": {
            "httpGet": {"path": ready, "port": "http"},
            "periodSeconds": 5,
            "timeoutSeconds": 3,
        },
    }


def plain(**values: str) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def from_config(*settings: str) -> list[dict[str, Any]]:
    """Settings of this installation, each under its own name."""
    return [
        {"name": name, "valueFrom": {"configMapKeyRef": {"name": names.CONFIG, "key": name}}}
        for name in settings
    ]


def from_secret(setting: str, secret: str, key: str = "") -> dict[str, Any]:
    reference = {"name": secret, "key": key or setting}
    return {"name": setting, "valueFrom": {"secretKeyRef": reference}}


def broker_env(user: str) -> list[dict[str, Any]]:
    """The broker's address for one user, whose word the topology operator made."""
    login = f"{user}-user-credentials"
    address = f"amqps://$(BROKER_USER):$(BROKER_WORD)@{names.BROKER_HOST}:5671"
    return [
        from_secret("BROKER_USER", login, "username"),
        from_secret("BROKER_WORD", login, "password"),
        *plain(
            TIMEBANK_AMQP_URL=f"{address}/{names.VIRTUAL_HOST}",
            TIMEBANK_AMQP_CA=BROKER_CA,
        ),
    ]


def management_env() -> list[dict[str, Any]]:
    """The broker's management, where subscribers get users, and where these come in."""
    login = f"{names.MANAGER}-user-credentials"
    address = f"https://$(MANAGER_USER):$(MANAGER_WORD)@{names.BROKER_HOST}:15671"
    return [
        from_secret("MANAGER_USER", login, "username"),
        from_secret("MANAGER_WORD", login, "password"),
        *plain(TIMEBANK_BROKER_MANAGEMENT_URL=address),
        *from_config("TIMEBANK_FEED_URL"),
    ]


def database_env(service: str) -> list[dict[str, Any]]:
    """The service's own database, its server's certificate checked by libpq."""
    return [
        from_secret("TIMEBANK_DATABASE_URL", f"{names.cluster(service)}-app", "uri"),
        *plain(PGSSLMODE="verify-full", PGSSLROOTCERT=DATABASE_CA),
    ]


def second_road_env() -> list[dict[str, Any]]:
    """Where services answer calls while the broker is away."""
    addresses = {name: [f"http://{name}:{names.PORT}"] for name in names.SERVICES}
    return [
        from_secret("TIMEBANK_RPC_SECRET", names.SECRETS),
        *plain(TIMEBANK_RPC_ADDRESSES=json.dumps(addresses, separators=(",", ":"))),
    ]
