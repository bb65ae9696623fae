"""Holds the manifests against the definitions a cluster really has, unknown fields included.

    kubectl get customresourcedefinitions -o yaml > crds.yaml
    python -m deploy.kubernetes.crds crds.yaml ...

A cluster drops fields it does not know without a word; here they are errors. Kinds that the
files do not define are named at the end.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from deploy.kubernetes.files import FOLDER
from deploy.kubernetes.names import Manifest

Schemas = dict[tuple[str, str], Any]
"""By apiVersion and kind."""
OPEN = "x-kubernetes-preserve-unknown-fields"
EITHER = "x-kubernetes-int-or-string"


def written() -> list[Manifest]:
    """Every manifest in this folder that is not for Kustomize alone."""
    found = []
    for path in sorted(FOLDER.rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            found += [each for each in yaml.safe_load_all(path.read_text()) if each]
    return found


class _Loader(yaml.SafeLoader):
    """Takes the sign ``=``, to which an old YAML gave a meaning, for the text it is."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: str(node.value))


def definitions(files: Iterable[Path]) -> Schemas:
    found: Schemas = {}
    for path in files:
        for document in yaml.load_all(path.read_text(), Loader=_Loader):
            for each in document.get("items", [document]) if document else ():
                found |= dict(_versions(each))
    return found


def _versions(definition: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    if definition.get("kind") != "CustomResourceDefinition":
        return
    spec = definition["spec"]
    for version in spec["versions"]:
        schema = version["schema"]["openAPIV3Schema"]
        key = f"{spec['group']}/{version['name']}", spec["names"]["kind"]
        yield key, {**strict(schema), "additionalProperties": True}


def strict(schema: Any) -> Any:
    """The same schema as JSON Schema, with nothing allowed that is not named."""
    if not isinstance(schema, dict):
        return schema
    if schema.get(EITHER):
        return {"type": ["integer", "string"]}
    found = {key: value for key, value in schema.items() if not key.startswith("x-")}
    for key in ("properties", "patternProperties"):
        if key in found:
            found[key] = {name: strict(each) for name, each in found[key].items()}
    for key in ("items", "additionalProperties"):
        if key in found:
            found[key] = strict(found[key])
    if "properties" in found and not schema.get(OPEN):
        found.setdefault("additionalProperties", False)
    if found.pop("nullable", False) and "type" in found:
        found["type"] = [found["type"], "null"]
    return found


def faults(manifest: Manifest, schemas: Schemas) -> list[str]:
    """Where a manifest differs from its definition."""
    validator = jsonschema.Draft202012Validator(schemas[manifest["apiVersion"], manifest["kind"]])
    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    errors = validator.iter_errors(manifest)
    return [f"{name}: {error.json_path} {error.message}" for error in errors]


def main(arguments: list[str]) -> int:
    if not arguments:
        print("usage: python -m deploy.kubernetes.crds FILE...", file=sys.stderr)
        return 2
    schemas = definitions(map(Path, arguments))
    wrong, undefined, checked = [], set(), 0
    for manifest in written():
        if (manifest["apiVersion"], manifest["kind"]) in schemas:
            checked += 1
            wrong += faults(manifest, schemas)
        elif "." in (group := manifest["apiVersion"].partition("/")[0]) and "k8s.io" not in group:
            undefined.add(f"{manifest['apiVersion']} {manifest['kind']}")
    print("\n".join(wrong) or f"{checked} manifests are as defined.")
    if undefined:
        print(f"Not defined in these files: {', '.join(sorted(undefined))}.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
