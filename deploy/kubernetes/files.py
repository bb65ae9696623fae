"""Which manifests go into which file, as text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from deploy.kubernetes import monitoring, names, networks, platform, pools, servers
from deploy.kubernetes.names import Manifest
from services.contracts import words

FOLDER = Path(__file__).parent
HEADER = "# Written by `python -m deploy.kubernetes`; a change here is lost.\n"


def all_files() -> dict[str, str]:
    """Text of every file by its path within this folder; the overlay is written by hand."""
    folders: dict[str, dict[str, list[Manifest]]] = {
        "base": {
            "namespace.yaml": [platform.namespace(), platform.account(), platform.config()],
            "services.yaml": platform.services(),
            "gateway.yaml": platform.gateway(),
            "audit.yaml": platform.audit(),
            "networks.yaml": networks.all_policies(),
        },
        "servers": {
            "broker.yaml": [*servers.broker(), servers.scaler_config()],
            "users.yaml": servers.users(),
            "databases.yaml": servers.databases(),
        },
        "migrations": {"jobs.yaml": platform.migrations()},
        "monitoring": {"prometheus.yaml": monitoring.all_monitors()},
        **{f"pools/{region}": {"pools.yaml": pools.of_region(region)} for region in words.ROUTES},
    }
    found = {}
    for folder, files in folders.items():
        found[f"{folder}/kustomization.yaml"] = _dumped([_kustomization(files)])
        for name, manifests in files.items():
            found[f"{folder}/{name}"] = _dumped(manifests)
    return found


def _kustomization(resources: Iterable[str]) -> Manifest:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": names.NAMESPACE,
        "resources": list(resources),
    }


class _Plain(yaml.SafeDumper):
    """Says everything in full: a reader of manifests should not have to follow references."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _dumped(manifests: Iterable[Manifest]) -> str:
    text = yaml.dump_all(manifests, Dumper=_Plain, sort_keys=False, width=1000)
    return HEADER + text
