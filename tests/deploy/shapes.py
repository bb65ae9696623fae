"""What we know of the operators' own kinds: every field we use and its type, and no other field.

No package ships these definitions. The shapes were written beside the definitions of KEDA, the
RabbitMQ cluster and topology operators, CloudNativePG and the Prometheus operator of August
2026, against which `python -m deploy.kubernetes.crds` held all manifests without a complaint.
"""

from __future__ import annotations

from typing import Any

TEXT, NUMBER, YES_NO = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
TEXTS = {"type": "array", "items": TEXT}
NAMES = {"type": "object", "additionalProperties": TEXT}


def fields(required: str = "", **known: Any) -> dict[str, Any]:
    """An object with these fields at most, and the required ones at least."""
    return {
        "type": "object",
        "properties": known,
        "required": required.split(),
        "additionalProperties": False,
    }


def many(item: Any) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": 1}


REFERENCE = fields("name", name=TEXT)
KEY = fields("name key", name=TEXT, key=TEXT)
LABELLED = fields(matchLabels=NAMES, matchExpressions=many({"type": "object"}))
RESOURCES = fields(requests=NAMES, limits=NAMES)
CREDENTIAL = fields("parameter name key", parameter=TEXT, name=TEXT, key=TEXT)
RIGHTS = fields("configure write read", configure=TEXT, write=TEXT, read=TEXT)
GRANT = {"vhost": TEXT, "userReference": REFERENCE, "rabbitmqClusterReference": REFERENCE}

TRIGGER = fields(
    "type metadata authenticationRef",
    type={"const": "rabbitmq"},
    metadata=fields(
        "protocol mode queueName value",
        protocol={"const": "http"},
        mode={"const": "QueueLength"},
        queueName=TEXT,
        value={"type": "string", "pattern": "^[1-9][0-9]*$"},
        excludeUnacknowledged={"enum": ["true", "false"]},
    ),
    authenticationRef=REFERENCE,
)
BEHAVIOUR = fields(
    scaleDown=fields(
        stabilizationWindowSeconds=NUMBER,
        policies=many(fields("type value periodSeconds", type=TEXT, value=NUMBER,
                             periodSeconds=NUMBER)),
    )
)  # fmt: skip
ENDPOINT = fields(
    "port interval",
    port=TEXT,
    interval=TEXT,
    path=TEXT,
    scheme={"enum": ["http", "https"]},
    params={"type": "object", "additionalProperties": TEXTS},
    tlsConfig=fields(serverName=TEXT, ca=fields("secret", secret=KEY)),
)
ROLE = fields(
    "name login passwordSecret", name=TEXT, login=YES_NO, inRoles=TEXTS, passwordSecret=REFERENCE
)
SYNCHRONOUS = fields(
    "method number",
    method={"enum": ["any", "first"]},
    number=NUMBER,
    dataDurability={"enum": ["required", "preferred"]},
)

SHAPES: dict[tuple[str, str], dict[str, Any]] = {
    ("keda.sh/v1alpha1", "ScaledObject"): fields(
        "scaleTargetRef triggers minReplicaCount maxReplicaCount",
        scaleTargetRef=REFERENCE,
        minReplicaCount=NUMBER,
        maxReplicaCount=NUMBER,
        pollingInterval=NUMBER,
        cooldownPeriod=NUMBER,
        fallback=fields("failureThreshold replicas", failureThreshold=NUMBER, replicas=NUMBER),
        advanced=fields(horizontalPodAutoscalerConfig=fields(behavior=BEHAVIOUR)),
        triggers=many(TRIGGER),
    ),
    ("keda.sh/v1alpha1", "TriggerAuthentication"): fields(
        secretTargetRef=many(CREDENTIAL), configMapTargetRef=many(CREDENTIAL)
    ),
    ("rabbitmq.com/v1beta1", "RabbitmqCluster"): fields(
        "replicas tls persistence",
        replicas={"type": "integer", "minimum": 3},
        persistence=fields(storage=TEXT),
        resources=RESOURCES,
        tls=fields("secretName", secretName=TEXT, disableNonTLSListeners={"const": True}),
        affinity={"type": "object"},
        rabbitmq=fields(additionalConfig=TEXT),
    ),
    ("rabbitmq.com/v1beta1", "Vhost"): fields(
        "name", name=TEXT, defaultQueueType=TEXT, rabbitmqClusterReference=REFERENCE
    ),
    ("rabbitmq.com/v1beta1", "User"): fields(
        "rabbitmqClusterReference", tags=TEXTS, rabbitmqClusterReference=REFERENCE
    ),
    ("rabbitmq.com/v1beta1", "Permission"): fields(" ".join(GRANT), **GRANT, permissions=RIGHTS),
    ("rabbitmq.com/v1beta1", "TopicPermission"): fields(
        " ".join(GRANT),
        **GRANT,
        permissions=fields("exchange write read", exchange=TEXT, write=TEXT, read=TEXT),
    ),
    ("postgresql.cnpg.io/v1", "Cluster"): fields(
        "instances storage bootstrap",
        instances={"type": "integer", "minimum": 3},
        postgresql=fields(parameters=NAMES, synchronous=SYNCHRONOUS),
        storage=fields("size", size=TEXT),
        resources=RESOURCES,
        affinity=fields(enablePodAntiAffinity=YES_NO, podAntiAffinityType=TEXT),
        enableSuperuserAccess={"const": False},
        bootstrap=fields(
            "initdb",
            initdb=fields(
                "database owner", database=TEXT, owner=TEXT, postInitApplicationSQL=TEXTS
            ),
        ),
        managed=fields(roles=many(ROLE)),
    ),
    ("monitoring.coreos.com/v1", "PodMonitor"): fields(
        "selector podMetricsEndpoints", selector=LABELLED, podMetricsEndpoints=many(ENDPOINT)
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): fields("groups", groups=many({})),
}
"""By apiVersion and kind: the ``spec``."""
