"""The Compose project as data: servers, tasks that run once, services, and who watches them."""

from __future__ import annotations

import json
from typing import Any

from deploy.compose.databases import WORDS
from deploy.local.plan import AUDITOR, DATABASE_SERVICES, KINDS, Kind

PORT = 8080
"""As in the image."""
BROKER, DATABASE = "broker", "database"
Service = dict[str, Any]

ASK = "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/_status', timeout=3)"
OURS: Service = {
    "image": "timebank:${TIMEBANK_VERSION:-local}",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "restart": "unless-stopped",
    "networks": ["inside"],
}
"""What every container of ours is held to."""
LONG: Service = {
    # longer than the longest statement: the batch in hand is finished
    "stop_grace_period": "60s",
    "mem_limit": "256m",
    "healthcheck": {
        "test": ["CMD", "python", "-c", ASK],
        "interval": "10s",
        "timeout": "5s",
        "start_period": "30s",
    },
}
TURNED: dict[str, Any] = {"driver": "json-file", "options": {"max-size": "20m", "max-file": "3"}}


def wanted(name: str) -> str:
    """A variable without which Compose refuses to start, in one sentence."""
    return f"${{{name}:?{name} is not set; see docs/operations.md}}"


def _database_url(role: str, word: str, database: str) -> str:
    return f"postgresql://{role}:{wanted(word)}@{DATABASE}:5432/{database}"


def project() -> dict[str, Any]:
    services: dict[str, Service] = {BROKER: _broker(), DATABASE: _database()}
    services["databases"] = _databases()
    for kind in KINDS:
        if kind.database:
            services[f"migrate-{kind.name}"] = _migration(kind)
        services[kind.name] = _service(kind)
    services["audit"] = _audit()
    services |= {"prometheus": _prometheus(), "grafana": _grafana()}
    for each in services.values():
        each["logging"] = TURNED
    return {
        "name": "timebank",
        "services": services,
        # The servers are reached from inside alone; mail and sign-in are outside.
        "networks": {"inside": {"internal": True}, "outside": {}},
        "volumes": {name: {} for name in ("broker-data", "database-data", "prometheus-data")},
    }


def _broker() -> Service:
    return {
        "image": "rabbitmq:4-management",
        "hostname": BROKER,  # a node's data are filed under its host's name
        "environment": {
            "RABBITMQ_DEFAULT_USER": "timebank",
            "RABBITMQ_DEFAULT_PASS": wanted("TIMEBANK_BROKER_WORD"),
            "RABBITMQ_DEFAULT_VHOST": "timebank",
        },
        "volumes": ["broker-data:/var/lib/rabbitmq"],
        "networks": ["inside"],
        "restart": "unless-stopped",
        "stop_grace_period": "60s",
        "healthcheck": {
            "test": ["CMD", "rabbitmq-diagnostics", "-q", "check_port_listener", "5672"],
            "interval": "10s",
            "timeout": "10s",
            "start_period": "60s",
        },
    }


def _database() -> Service:
    return {
        "image": "postgres:16",
        "command": ["postgres", "-c", "max_connections=200"],
        "environment": {
            "POSTGRES_USER": "timebank_admin",
            "POSTGRES_PASSWORD": wanted("TIMEBANK_DATABASE_WORD"),
            "POSTGRES_DB": "postgres",
        },
        "volumes": ["database-data:/var/lib/postgresql/data"],
        "networks": ["inside"],
        "restart": "unless-stopped",
        "stop_signal": "SIGINT",
        "stop_grace_period": "60s",
        "healthcheck": {
            "test": ["CMD", "pg_isready", "-U", "timebank_admin", "-d", "postgres"],
            "interval": "5s",
            "timeout": "5s",
            "start_period": "30s",
        },
    }


def _once(arguments: list[str], environment: dict[str, str], after: dict[str, str]) -> Service:
    return {
        **OURS,
        "command": arguments,
        "environment": environment,
        "depends_on": {name: {"condition": condition} for name, condition in after.items()},
        "restart": "on-failure:5",
    }


def _databases() -> Service:
    environment = {
        "TIMEBANK_DATABASE_URL": _database_url(
            "timebank_admin", "TIMEBANK_DATABASE_WORD", "postgres"
        ),
        **{setting.name: wanted(setting.name) for setting in WORDS.values()},
    }
    made = _once(["deploy.compose.databases"], environment, {DATABASE: "service_healthy"})
    return {**made, "build": {"context": "../..", "dockerfile": "deploy/image/Dockerfile"}}


def _own_database(service: str) -> dict[str, str]:
    name = f"timebank_{service}"
    return {"TIMEBANK_DATABASE_URL": _database_url(name, WORDS[service].name, name)}


def _migration(kind: Kind) -> Service:
    after = {"databases": "service_completed_successfully"}
    return _once(["services.bus.migrate", kind.package], _own_database(kind.name), after)


def _on_the_bus() -> dict[str, str]:
    addresses = {name: [f"http://{name}:{PORT}"] for name in DATABASE_SERVICES}
    return {
        "TIMEBANK_AMQP_URL": f"amqp://timebank:{wanted('TIMEBANK_BROKER_WORD')}@{BROKER}:5672/timebank",
        "TIMEBANK_RPC_SECRET": wanted("TIMEBANK_RPC_SECRET"),
        "TIMEBANK_RPC_ADDRESSES": json.dumps(addresses, separators=(",", ":")),
    }


OWN = {
    "members": {"TIMEBANK_KNOWN_DOMAINS": "${TIMEBANK_KNOWN_DOMAINS:-nhs.net,nhs.uk}"},
    "notifications": {
        "TIMEBANK_SMTP_URL": wanted("TIMEBANK_SMTP_URL"),
        "TIMEBANK_PUBLIC_URL": wanted("TIMEBANK_PUBLIC_URL"),
        "TIMEBANK_MAIL_FROM": wanted("TIMEBANK_MAIL_FROM"),
        # The broker here speaks to nobody outside: without one that does, webhooks alone.
        "TIMEBANK_BROKER_MANAGEMENT_URL": "${TIMEBANK_BROKER_MANAGEMENT_URL:-none}",
        "TIMEBANK_FEED_URL": "${TIMEBANK_FEED_URL:-none}",
    },
    "gateway": {
        "TIMEBANK_PUBLIC_URL": wanted("TIMEBANK_PUBLIC_URL"),
        "TIMEBANK_ISSUERS": wanted("TIMEBANK_ISSUERS"),
        "TIMEBANK_SIGN_IN": "${TIMEBANK_SIGN_IN:-[]}",
        "TIMEBANK_RATE_LIMIT": "${TIMEBANK_RATE_LIMIT:-600}",
        "TIMEBANK_TRUSTED_PROXIES": "${TIMEBANK_TRUSTED_PROXIES:-0}",
    },
}
OUTWARD = ("notifications", "gateway")


def _service(kind: Kind) -> Service:
    after = {BROKER: "service_healthy"}
    environment = {**_on_the_bus(), **OWN.get(kind.name, {})}
    if kind.database:
        environment |= _own_database(kind.name)
        after[f"migrate-{kind.name}"] = "service_completed_successfully"
    made = {
        **OURS,
        **LONG,
        "command": ["services.bus.runner", kind.module],
        "environment": environment,
        "depends_on": {name: {"condition": condition} for name, condition in after.items()},
    }
    if kind.name in OUTWARD:
        made["networks"] = ["inside", "outside"]
    if kind.name == "gateway":
        # Loopback: a proxy on this machine adds encryption and keeps /metrics to itself.
        made["ports"] = [f"127.0.0.1:${{TIMEBANK_PORT:-8000}}:{PORT}"]
        made["volumes"] = ["./sign-in:/etc/timebank/sign-in:ro"]
    return made


def _audit() -> Service:
    pattern = f"postgresql://{AUDITOR}:{wanted(WORDS['audit'].name)}@{DATABASE}:5432"
    environment = {
        "TIMEBANK_AUDIT_DATABASE_URL": pattern + "/timebank_{service}",
        "TIMEBANK_AMQP_URL": _on_the_bus()["TIMEBANK_AMQP_URL"],
    }
    after = {name: {"condition": "service_healthy"} for name in DATABASE_SERVICES}
    return {
        **OURS,
        **LONG,
        "command": ["deploy.audit_watch"],
        "environment": environment,
        "depends_on": after,
    }


def _prometheus() -> Service:
    return {
        "image": "prom/prometheus:v3.5.0",
        "profiles": ["watch"],
        "command": [
            "--config.file=/etc/prometheus/compose.yaml",
            "--storage.tsdb.path=/prometheus",
            "--storage.tsdb.retention.time=30d",
        ],
        "volumes": ["../prometheus:/etc/prometheus:ro", "prometheus-data:/prometheus"],
        "networks": ["inside"],
        "restart": "unless-stopped",
    }


def _grafana() -> Service:
    return {
        "image": "grafana/grafana:12.1.0",
        "profiles": ["watch"],
        "environment": {"GF_SECURITY_ADMIN_PASSWORD": wanted("TIMEBANK_GRAFANA_WORD")},
        "volumes": [
            "../grafana/provisioning:/etc/grafana/provisioning:ro",
            "../grafana/dashboards:/var/lib/grafana/dashboards:ro",
        ],
        "networks": ["inside", "outside"],
        "ports": ["127.0.0.1:${TIMEBANK_GRAFANA_PORT:-3000}:3000"],
        "restart": "unless-stopped",
    }
