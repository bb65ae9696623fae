"""Generates the typed Python client for other systems from the released OpenAPI document.

python -m tests.contracts.client FOLDER      writes FOLDER/timebank_client
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.contracts.release import released

PACKAGE = "timebank_client"
SETTINGS = f"""\
package_name_override: {PACKAGE}
literal_enums: true
post_hooks: []
content_type_overrides:
  application/problem+json: application/json
"""


def for_systems(document: dict[str, Any]) -> dict[str, Any]:
    """The part of a document other systems may call, with the schemas it needs and no others.

    Answers name their problem document once, as the shape every refusal has.
    """
    paths = {
        path: {m: each for m, each in methods.items() if m == "parameters" or "x-scope" in each}
        for path, methods in document["paths"].items()
    }
    kept = {path: methods for path, methods in paths.items() if set(methods) - {"parameters"}}
    whole = {**document, "paths": kept}
    whole["components"] = _needed(whole)
    return whole


def _needed(document: dict[str, Any]) -> dict[str, Any]:
    """The components that something refers to, directly or by way of another."""
    parts = document["components"]
    needed: set[str] = set()
    unread = [json.dumps(document["paths"])]
    while unread:
        new = set(re.findall(r'"#/components/([^"]+)"', unread.pop())) - needed
        needed |= new
        for each in new:
            kind, _, name = each.partition("/")
            unread.append(json.dumps(parts[kind][name]))
    return {
        kind: {name: each for name, each in named.items() if f"{kind}/{name}" in needed}
        for kind, named in parts.items()
    }


def generate(folder: Path) -> int:
    """Write the package into ``folder``; the generator's exit code."""
    with tempfile.TemporaryDirectory() as place:
        settings, document = Path(place) / "settings.yaml", Path(place) / "openapi.json"
        settings.write_text(SETTINGS)
        document.write_text(json.dumps(for_systems(released())))
        command = [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"),
            *("--path", str(document), "--config", str(settings), "--fail-on-warning"),
            *("--output-path", str(folder / PACKAGE), "--overwrite"),
        ]
        return subprocess.run(command, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    (folder,) = arguments
    return generate(Path(folder))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
