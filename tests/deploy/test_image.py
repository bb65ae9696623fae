"""Proves what can be known of the image without building it: linted, complete, and without root."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.places import REPOSITORY
from deploy.local.plan import KINDS

DOCKERFILE = REPOSITORY / "deploy/image/Dockerfile"
IGNORE = REPOSITORY / "deploy/image/Dockerfile.dockerignore"

WITHOUT_BUILD_TOOLS = """
import importlib, sys
for absent in ("pip", "setuptools", "pkg_resources", "wheel", "distutils", "yaml"):
    sys.modules[absent] = None
import services.bus.runner
for module in sys.argv[1:]:
    importlib.import_module(module)
"""
"""An import of a module that stands as None fails as if it were not installed."""

COMMANDS = ("services.bus.migrate", "services.bus.parked", "services.bus.again", "deploy.audit",
            "deploy.reconcile", "services.members.roles", "services.ledger.check",
            "services.reporting.rebuild", "deploy.audit_watch",
            "deploy.compose.databases")  # fmt: skip
"""What operators run in the image beside the services."""


def instructions() -> list[tuple[str, str]]:
    """Keyword and rest of each instruction, continued lines joined."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    pairs = [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [(keyword, rest) for keyword, rest in pairs]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    starts = [number for number, (keyword, _) in enumerate(found) if keyword == "FROM"]
    return found[starts[-1] :]


def test_the_linter_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_everything_copied_exists_and_is_let_in_by_the_ignore_file() -> None:
    let_in = {line[1:] for line in IGNORE.read_text().splitlines() if line.startswith("!")}
    copied = [
        shlex.split(rest)[0]
        for keyword, rest in instructions()
        if keyword == "COPY" and not rest.startswith("--from")
    ]

    assert copied
    for source in copied:
        assert (REPOSITORY / source).exists(), source
        assert source in let_in, source


def test_nothing_is_let_into_the_image_that_a_clone_keeps_for_itself() -> None:
    rules = IGNORE.read_text().splitlines()

    assert rules[1] == "*", "first everything is kept out, then single names are let in"
    assert not {"!.git", "!.venv", "!var", "!tests"} & set(rules)


def test_packages_come_by_hash_and_never_from_source() -> None:
    installs = [rest for keyword, rest in instructions() if "pip install" in rest]

    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "--only-binary :all:" in installs[0]


def test_the_end_has_no_build_tools_and_a_user_with_a_number_above_the_machines_own() -> None:
    stage = last_stage()
    user = [rest for keyword, rest in stage if keyword == "USER"]

    assert any("pip uninstall" in rest and "setuptools" in rest for _, rest in stage)
    assert not any("apt-get install" in rest or "pip install" in rest for _, rest in stage)
    assert re.fullmatch(r"\d{5,}:\d{5,}", user[-1])


@pytest.mark.parametrize("module", [*(kind.module for kind in KINDS), *COMMANDS])
def test_every_command_exists(module: str) -> None:
    assert (REPOSITORY / module.replace(".", "/")).with_suffix(".py").is_file()


def test_nothing_that_runs_in_the_image_needs_what_was_taken_out_of_it() -> None:
    modules = [*(kind.module for kind in KINDS), *COMMANDS]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WITHOUT_BUILD_TOOLS, *modules],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
        env={"PSYCOPG_WAIT_FUNC": "wait_select"},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
