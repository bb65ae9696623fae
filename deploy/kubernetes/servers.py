"""The servers: a RabbitMQ cluster with its users, and a PostgreSQL cluster for each service."""

from __future__ import annotations

from typing import Any

from deploy import rights
from deploy.kubernetes import names
from deploy.kubernetes.names import Manifest, manifest
from deploy.local.databases import EXTENSIONS, STATISTICS
from deploy.local.plan import AUDITOR
from services.bus import topology

BROKER_NODES = 3
"""A quorum queue outlives one of three."""
BROKER_CONFIG = """\
cluster_partition_handling = pause_minority
# Publishers are paused before the node runs out of memory or disk.
vm_memory_high_watermark.relative = 0.6
disk_free_limit.absolute = 2GB
"""
AUDIT, SCALER = "audit", "scaler"
"""Broker users that see how long queues are, and may do nothing else."""
INSIDE = ("10.0.0.0/8",)
"""Where other systems' machines are, the health and social care network; the overlay knows."""

DATABASE_NODES = 3
CONNECTIONS = 400
"""Of one PostgreSQL cluster: every process there may be at once, with its whole pool."""
SPEAKERS = ("members", "exchanges", "ledger")
"""Services others act upon the word of. What they committed must outlive their primary: an event
that was said and then forgotten by its sayer cannot be repaired. What a service that mostly hears
forgets is said to it again (`python -m services.bus.again`)."""
STORAGE = {"exchanges": "50Gi", "ledger": "50Gi", "notifications": "50Gi", "reporting": "50Gi"}
OTHER_STORAGE = "20Gi"


def broker() -> list[Manifest]:
    """The cluster, its one virtual host, and what KEDA needs to ask it for queue lengths."""
    own = {"app.kubernetes.io/name": names.BROKER}
    apart = {"labelSelector": {"matchLabels": own}, "topologyKey": "kubernetes.io/hostname"}
    spec = {
        "replicas": BROKER_NODES,
        "persistence": {"storage": "20Gi"},
        "resources": {
            "requests": {"cpu": "1", "memory": "2Gi"},
            "limits": {"cpu": "2", "memory": "2Gi"},
        },
        "tls": {
            "secretName": names.BROKER_TLS,
            "disableNonTLSListeners": True,
        },
        "affinity": {
            "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [apart]}
        },
        "rabbitmq": {"additionalConfig": BROKER_CONFIG},
    }
    host = {"name": names.VIRTUAL_HOST, "defaultQueueType": "quorum", **_of_cluster()}
    return [
        manifest("rabbitmq.com/v1beta1", "RabbitmqCluster", names.BROKER, spec),
        manifest("rabbitmq.com/v1beta1", "Vhost", names.VIRTUAL_HOST, host),
        _feed(),
        _disruption(),
        _scaler_login(),
    ]


def _feed() -> Manifest:
    """The door of other systems that subscribe, each with a user of its own."""
    spec = {
        "type": "LoadBalancer",
        "loadBalancerSourceRanges": list(INSIDE),
        "selector": {"app.kubernetes.io/name": names.BROKER},
        "ports": [{"name": "amqps", "port": 5671, "targetPort": 5671}],
    }
    return manifest("v1", "Service", "feed", spec)


def _of_cluster() -> dict[str, Any]:
    return {"rabbitmqClusterReference": {"name": names.BROKER}}


def _disruption() -> Manifest:
    selector = {"matchLabels": {"app.kubernetes.io/name": names.BROKER}}
    spec = {"maxUnavailable": 1, "selector": selector}
    return manifest("policy/v1", "PodDisruptionBudget", names.BROKER, spec)


def _scaler_login() -> Manifest:
    login = f"{SCALER}-user-credentials"
    spec = {
        "secretTargetRef": [
            {"parameter": "username", "name": login, "key": "username"},
            {"parameter": "password", "name": login, "key": "password"},
            {"parameter": "ca", "name": names.BROKER_TLS, "key": "ca.crt"},
        ],
        "configMapTargetRef": [
            {"parameter": "host", "name": names.SCALER_CONFIG, "key": "host"},
            {"parameter": "tls", "name": names.SCALER_CONFIG, "key": "tls"},
        ],
    }
    return manifest("keda.sh/v1alpha1", "TriggerAuthentication", names.BROKER, spec)


def scaler_config() -> Manifest:
    address = f"https://{names.BROKER_HOST}:15671/{names.VIRTUAL_HOST}"
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": names.SCALER_CONFIG, "namespace": names.NAMESPACE},
        "data": {"host": address, "tls": "enable"},
    }


def users() -> list[Manifest]:
    """A user for each process, whose word the operator makes, with no more than its rights."""
    found = []
    for each in rights.all_rights(names.SERVICES):
        found += [_user(each.user), _permission(each), _topic_permission(each)]
    found += [_user(AUDIT), _nothing(AUDIT), _user(SCALER, "monitoring"), _nothing(SCALER)]
    # Only an administrator makes users; it says and hears nothing itself.
    found += [_user(names.MANAGER, "administrator"), _nothing(names.MANAGER)]
    return found


def _user(name: str, *tags: str) -> Manifest:
    spec = {**_of_cluster(), **({"tags": list(tags)} if tags else {})}
    return manifest("rabbitmq.com/v1beta1", "User", name, spec)


def _granted(user: str) -> dict[str, Any]:
    return {"vhost": names.VIRTUAL_HOST, "userReference": {"name": user}, **_of_cluster()}


def _permission(each: rights.Rights) -> Manifest:
    allowed = {"configure": each.configure, "write": each.write, "read": each.read}
    spec = {**_granted(each.user), "permissions": allowed}
    return manifest("rabbitmq.com/v1beta1", "Permission", each.user, spec)


def _topic_permission(each: rights.Rights) -> Manifest:
    allowed = {"exchange": topology.EXCHANGE, "write": each.says, "read": ".*"}
    spec = {**_granted(each.user), "permissions": allowed}
    return manifest("rabbitmq.com/v1beta1", "TopicPermission", each.user, spec)


def _nothing(user: str) -> Manifest:
    """Lets it into the virtual host, where it may look."""
    allowed = dict.fromkeys(("configure", "write", "read"), rights.NOTHING)
    spec = {**_granted(user), "permissions": allowed}
    return manifest("rabbitmq.com/v1beta1", "Permission", user, spec)


def databases() -> list[Manifest]:
    return [_database(service) for service in names.SERVICES]


def _database(service: str) -> Manifest:
    database = f"timebank_{service}"
    postgresql: dict[str, Any] = {
        "parameters": {"max_connections": str(CONNECTIONS), "timezone": "UTC"}
    }
    if service in SPEAKERS:
        # A commit waits for one of two standbys; with both away it waits, rather than be lost.
        postgresql["synchronous"] = {"method": "any", "number": 1, "dataDurability": "required"}
    spec = {
        "instances": DATABASE_NODES,
        "postgresql": postgresql,
        "storage": {"size": STORAGE.get(service, OTHER_STORAGE)},
        "resources": {
            "requests": {"cpu": "500m", "memory": "1Gi"},
            "limits": {"cpu": "2", "memory": "1Gi"},
        },
        "affinity": {"enablePodAntiAffinity": True, "podAntiAffinityType": "required"},
        "enableSuperuserAccess": False,
        "bootstrap": {
            "initdb": {
                "database": database,
                "owner": database,
                "postInitApplicationSQL": _first_statements(service, database),
            }
        },
        "managed": {
            "roles": [
                {
                    "name": AUDITOR,
                    "login": True,
                    "inRoles": [STATISTICS],
                    "passwordSecret": {"name": names.AUDITOR_LOGIN},
                }
            ]
        },
    }
    return manifest("postgresql.cnpg.io/v1", "Cluster", names.cluster(service), spec)


def _first_statements(service: str, database: str) -> list[str]:
    """What only a superuser may do, once; the rest is the migrations'."""
    return [
        *(f"create extension if not exists {name}" for name in EXTENSIONS.get(service, ())),
        f"revoke all on database {database} from public",
        f"create role {AUDITOR} login",
        f"alter role {AUDITOR} set default_transaction_read_only = on",
        f"grant {STATISTICS} to {AUDITOR}",
        f"grant connect on database {database} to {AUDITOR}",
        f"alter default privileges for role {database} in schema public"
        f" grant select on tables to {AUDITOR}",
    ]
