"""Proves that the manifests are current and valid, and that what they name exists in the code."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from deploy import reference
from deploy.kubernetes import crds, files, names, networks, pods, pools, servers
from deploy.kubernetes.names import Manifest
from deploy.local.places import REPOSITORY
from services.bus import topology
from services.contracts import readers, words
from services.telemetry import health
from tests.deploy import settings_told
from tests.deploy.shapes import SHAPES

VERSIONS = ("1.30", "1.37")
"""The oldest Kubernetes that has all we use (the sleep before stopping), and the newest known."""
CORE = re.compile(r"(apps|batch|policy|autoscaling|networking\.k8s\.io)/v\d|v1")
WRITTEN = crds.written()
OVERLAYS = files.FOLDER / "overlays"
ONE_REGION = "london"

OF_OTHERS = {"PGSSLMODE", "PGSSLROOTCERT"}
"""Settings libpq reads."""
MADE_BY_OPERATORS = re.compile(r"[a-z]+-user-credentials|timebank-[a-z]+-db-(app|ca)")
MADE_BY_HAND = {
    names.SECRETS, names.BROKER_TLS, names.GATEWAY_TLS, names.AUDITOR_LOGIN, names.SIGN_IN,
}  # fmt: skip


def name_of(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def of_kind(*kinds: str) -> list[Manifest]:
    return [each for each in WRITTEN if each["kind"] in kinds]


def pod_specs() -> Iterator[tuple[str, dict[str, Any]]]:
    for each in of_kind("Deployment", "Job"):
        yield name_of(each), each["spec"]["template"]["spec"]


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, spec in pod_specs():
        yield from ((name, container) for container in spec["containers"])


def distinct() -> list[Manifest]:
    """Every manifest but the pools of the other regions, which another test shows to be alike."""
    others = set(words.ROUTES) - {ONE_REGION}
    return [
        each
        for each in WRITTEN
        if each["metadata"].get("labels", {}).get(names.REGION_LABEL) not in others
    ]


def test_the_files_are_what_the_program_writes_today() -> None:
    there = {
        str(path.relative_to(files.FOLDER)): path.read_text()
        for path in files.FOLDER.rglob("*.yaml")
        if OVERLAYS not in path.parents
    }

    assert there == files.all_files(), "run `python -m deploy.kubernetes`"


def test_the_pools_of_all_regions_are_alike_but_for_the_name_and_how_many() -> None:
    def plain(region: str) -> str:
        manifests = copy.deepcopy(pools.of_region(region))
        for each in manifests:
            each["spec"].pop("maxReplicaCount", None)
        return yaml.safe_dump_all(manifests).replace(region, "REGION")

    assert {plain(region) for region in words.ROUTES} == {plain(ONE_REGION)}


@pytest.mark.parametrize("manifest", distinct(), ids=name_of)
def test_a_manifest_is_valid(manifest: Manifest) -> None:
    """Kubernetes' own kinds by its published schemas, the operators' by the shapes we know."""
    if CORE.fullmatch(manifest["apiVersion"]):
        for version in VERSIONS:
            kubernetes_validate.validate(manifest, version, strict=True)
    else:
        jsonschema.validate(manifest["spec"], SHAPES[manifest["apiVersion"], manifest["kind"]])


@pytest.mark.parametrize("path", ["replicass", "template"])
def test_a_field_kubernetes_does_not_know_or_misses_is_refused(path: str) -> None:
    broken = copy.deepcopy(of_kind("Deployment")[0])
    if broken["spec"].pop(path, None) is None:
        broken["spec"][path] = 1

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[-1], strict=True)


def test_a_field_an_operator_does_not_know_is_refused() -> None:
    broken = copy.deepcopy(of_kind("ScaledObject")[0])
    broken["spec"]["maxReplicas"] = 3

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken["spec"], SHAPES[broken["apiVersion"], broken["kind"]])


def test_a_clusters_own_definitions_are_held_against_the_manifests(tmp_path: Path) -> None:
    spec = {"type": "object", "properties": {"scaleTargetRef": {"type": "object"}}}
    schema = {"type": "object", "properties": {"spec": spec}}
    definition = {
        "kind": "CustomResourceDefinition",
        "spec": {
            "group": "keda.sh",
            "names": {"kind": "ScaledObject"},
            "versions": [{"name": "v1alpha1", "schema": {"openAPIV3Schema": schema}}],
        },
    }
    (tmp_path / "crds.yaml").write_text(yaml.safe_dump({"items": [definition]}))
    schemas = crds.definitions([tmp_path / "crds.yaml"])

    found = crds.faults(of_kind("ScaledObject")[0], schemas)

    assert len(found) == 1
    assert "minReplicaCount" in found[0], "a field the definition does not name is an error"


def test_no_two_manifests_have_the_same_name() -> None:
    count = Counter((each["kind"], each["metadata"]["name"]) for each in WRITTEN)

    assert not [name for name, times in count.items() if times > 1]


def test_every_setting_a_pod_is_told_exists() -> None:
    known = {
        setting.name
        for module in reference.SETTINGS_OF
        for setting in reference.settings_in(module)
    }
    for name, container in containers():
        told = {each["name"] for each in container.get("env", [])}
        used = {var for each in container["env"] for var in re.findall(r"\$\((\w+)\)", str(each))}
        assert told - known - OF_OTHERS == used, name


@pytest.mark.parametrize("process", [*names.SERVICES, "gateway"])
def test_every_setting_a_process_reads_is_told_or_meant_to_stay_as_it_is(process: str) -> None:
    name = process if process == "gateway" else f"{process}-{ONE_REGION}"
    told = {each["name"] for each in dict(containers())[f"Deployment/{name}"]["env"]}

    assert settings_told.wanted_by(process) <= told
    assert not told & settings_told.LEFT
    assert not settings_told.unknown()


def test_who_makes_subscribers_users_reaches_the_brokers_management_and_has_that_right() -> None:
    told = {
        each["name"]: each
        for each in dict(containers())[f"Deployment/notifications-{ONE_REGION}"]["env"]
    }
    login = told["MANAGER_USER"]["valueFrom"]["secretKeyRef"]["name"]
    tags = {each["metadata"]["name"]: each["spec"].get("tags") for each in of_kind("User")}
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind("NetworkPolicy")}
    port = {"port": networks.BROKER_HTTPS, "protocol": "TCP"}

    assert tags[login.removesuffix("-user-credentials")] == ["administrator"]
    assert [name for name, of in tags.items() if of == ["administrator"]] == [names.MANAGER]
    assert told["TIMEBANK_BROKER_MANAGEMENT_URL"]["value"].endswith(f":{networks.BROKER_HTTPS}")
    outward = policies["notifications-to-the-brokers-management"]["egress"]
    assert [rule["ports"] for rule in outward] == [[port]]
    door = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "notifications"}}}
    inward = [rule for rule in policies["broker"]["ingress"] if door in rule["from"]]
    assert [rule["ports"] for rule in inward] == [[port]]


def test_subscribers_come_in_where_they_are_told_to() -> None:
    (feed,) = [each for each in of_kind("Service") if each["metadata"]["name"] == "feed"]
    (config,) = [each for each in of_kind("ConfigMap") if each["metadata"]["name"] == names.CONFIG]
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind("NetworkPolicy")}
    ranges = [{"ipBlock": {"cidr": each}} for each in feed["spec"]["loadBalancerSourceRanges"]]

    assert f":{feed['spec']['ports'][0]['port']}/" in config["data"]["TIMEBANK_FEED_URL"]
    assert policies["subscribers"]["ingress"] == [
        {"from": ranges, "ports": [{"port": networks.AMQPS, "protocol": "TCP"}]}
    ]


def test_every_module_a_pod_runs_exists_and_so_does_what_it_is_given() -> None:
    for name, container in containers():
        for module in container["args"]:
            path = REPOSITORY / module.replace(".", "/")
            assert path.with_suffix(".py").is_file() or path.is_dir(), f"{name}: {module}"


def test_every_path_that_is_probed_is_answered() -> None:
    for name, container in containers():
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if name.startswith("Deployment"):
                path = container[probe]["httpGet"]["path"]
                assert not health.page("x", dict, path)[0].startswith("404"), name


def test_nothing_is_restarted_because_a_server_it_needs_is_away() -> None:
    asked = {c["livenessProbe"]["httpGet"]["path"] for n, c in containers() if "Job" not in n}

    assert asked == {"/_ping"}


def test_the_door_and_the_second_road_stay_open_while_the_broker_is_away() -> None:
    gateway = dict(containers())["Deployment/gateway"]

    assert gateway["readinessProbe"]["httpGet"]["path"] == "/_ping"
    for each in of_kind("Service"):
        if each["metadata"]["name"] in names.SERVICES:
            assert each["spec"]["publishNotReadyAddresses"] is True


def test_the_port_is_the_images() -> None:
    image = (REPOSITORY / "deploy/image/Dockerfile").read_text()

    assert f"TIMEBANK_HTTP_PORT={names.PORT}" in image
    assert f"USER {pods.USER}:{pods.USER}" in image


def test_every_service_and_region_has_a_pool_scaled_by_its_own_queues() -> None:
    known = topology.Topology(*readers.TOPOLOGY)
    events = {queue.name for queue in known.event_queues()}
    calls = {topology.rpc_queue(s, r) for s in names.SERVICES for r in words.ROUTES}
    scaled = [
        trigger["metadata"]["queueName"]
        for each in of_kind("ScaledObject")
        for trigger in each["spec"]["triggers"]
    ]

    assert sorted(scaled) == sorted(events | calls)
    targets = {each["spec"]["scaleTargetRef"]["name"] for each in of_kind("ScaledObject")}
    pool_names = {f"{service}-{region}" for service in names.SERVICES for region in words.ROUTES}
    assert targets == pool_names
    assert pool_names <= {each["metadata"]["name"] for each in of_kind("Deployment")}


def test_all_processes_there_may_be_find_a_database_connection() -> None:
    rolling = 1  # of each pool one more while its version changes
    pools_at_most = sum(most + rolling for most in names.REPLICAS_MAX.values())
    kept_for_superusers_and_the_operator, audit_and_migration = 10, 3

    wanted = pools_at_most * names.POOL + audit_and_migration
    assert wanted <= servers.CONNECTIONS - kept_for_superusers_and_the_operator


@pytest.mark.parametrize(("name", "spec"), list(pod_specs()), ids=lambda v: v if v is str else "")
def test_a_pod_has_no_rights_it_does_not_need(name: str, spec: dict[str, Any]) -> None:
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    for container in spec["containers"]:
        allowed = container["securityContext"]
        assert allowed["readOnlyRootFilesystem"] is True
        assert allowed["allowPrivilegeEscalation"] is False
        assert allowed["capabilities"] == {"drop": ["ALL"]}
        assert set(container["resources"]) == {"requests", "limits"}


def test_no_manifest_holds_a_secret_and_each_one_referred_to_is_made_by_somebody() -> None:
    assert not of_kind("Secret")
    guide = (REPOSITORY / "docs/operations.md").read_text()
    for name in MADE_BY_HAND:
        assert f"`{name}`" in guide
    for name in set(_secrets(WRITTEN)):
        assert name in MADE_BY_HAND or MADE_BY_OPERATORS.fullmatch(name), name


def _secrets(part: Any) -> Iterator[str]:
    """Names of secrets, wherever a manifest refers to one."""
    if isinstance(part, list):
        for each in part:
            yield from _secrets(each)
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "secretName":
                yield value
            elif key in ("secretKeyRef", "passwordSecret"):
                yield value["name"]
            elif key == "secretTargetRef":
                yield from (each["name"] for each in value)
            else:
                yield from _secrets(value)


def test_every_key_of_a_configuration_that_is_asked_for_is_there() -> None:
    data = {each["metadata"]["name"]: set(each["data"]) for each in of_kind("ConfigMap")}
    for name, container in containers():
        for each in container["env"]:
            asked = each.get("valueFrom", {}).get("configMapKeyRef")
            assert not asked or asked["key"] in data[asked["name"]], name
    for each in of_kind("TriggerAuthentication"):
        for asked in each["spec"]["configMapTargetRef"]:
            assert asked["key"] in data[asked["name"]]


def test_every_process_may_reach_what_it_needs_and_nothing_is_open_to_all() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind("NetworkPolicy")}

    for service in names.SERVICES:
        towards = policies[f"{service}-to-its-database"]["egress"][0]
        assert towards["ports"] == [{"port": networks.DATABASE, "protocol": "TCP"}]
        door = policies[names.cluster(service)]["ingress"][0]["from"]
        assert {"podSelector": {"matchLabels": {"app.kubernetes.io/name": service}}} in door
    for name, spec in policies.items():
        for direction in ("ingress", "egress"):
            for rule in spec.get(direction, []):
                assert rule.get("ports"), f"{name} opens every port"
                assert rule.get("from") or rule.get("to"), f"{name} is open to all"


def test_every_kustomization_names_what_exists_and_forgets_nothing() -> None:
    for path in files.FOLDER.rglob("kustomization.yaml"):
        wanted = yaml.safe_load(path.read_text())["resources"]
        for each in wanted:
            assert (path.parent / each).exists(), f"{path}: {each}"
        beside = {p.name for p in path.parent.glob("*.yaml")} - {path.name}
        assert beside <= set(wanted), path


def test_the_overlay_takes_in_every_region() -> None:
    overlay = yaml.safe_load((OVERLAYS / "production/kustomization.yaml").read_text())

    for region in words.ROUTES:
        assert f"../../pools/{region}" in overlay["resources"]


def test_migrations_are_run_from_the_image_that_is_then_started() -> None:
    images = [
        yaml.safe_load((OVERLAYS / name / "kustomization.yaml").read_text())["images"]
        for name in ("production", "production-migrations")
    ]

    assert images[0] == images[1]
    assert [each["name"] for each in images[0]] == [names.IMAGE]
