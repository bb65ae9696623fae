"""Finds the programs the servers need and installs missing ones where that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.places import Problem

POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian asks this script before a package starts a service; 101 means: do not."""
BROKER_FOLDERS = (
    # Debian's wrappers in /usr/sbin insist on one system-wide node, so the real scripts come first.
    "/usr/lib/rabbitmq/bin",
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin",
    "/opt/rabbitmq/sbin",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_PACKAGES = ["chromium", "fonts-liberation"]
"""The second has the shapes of Arial, which the pages ask for."""
DATABASE_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")


def _version(folder: Path) -> int:
    """The major version in a path such as /usr/lib/postgresql/15/bin."""
    digits = "".join(character for character in folder.parent.name if character.isdigit())
    return int(digits or 0)


def _folders(patterns: tuple[str, ...], program: str) -> list[Path]:
    found = [folder for pattern in patterns for folder in Path("/").glob(pattern.lstrip("/"))]
    on_path = shutil.which(program)
    if on_path:
        found.append(Path(on_path).resolve().parent)
    return [folder for folder in found if (folder / program).is_file()]


def broker_folder() -> Path | None:
    """Where rabbitmq-server and rabbitmqctl are."""
    found = _folders(BROKER_FOLDERS, "rabbitmq-server")
    return found[0] if found else None


def database_folder(data: Path) -> Path | None:
    """Where postgres and initdb are: the version that made the data, else the newest."""
    found = sorted(_folders(DATABASE_FOLDERS, "initdb"), key=_version, reverse=True)
    try:
        made_by = int((data / "PG_VERSION").read_text())
    except (OSError, ValueError):
        return found[0] if found else None
    return next((folder for folder in found if _version(folder) == made_by), None) or (
        found[0] if found else None
    )


def epmd() -> str | None:
    """Erlang's port mapper; ours is private, on its own port."""
    return shutil.which("epmd") or next(
        (str(each) for each in Path("/usr/lib/erlang").glob("erts-*/bin/epmd")), None
    )


def browser() -> str | None:
    """The browser the tests of the pages drive."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def ensure_browser() -> None:
    """Install the tests' browser where it is missing, or say what to install."""
    if browser() is None:
        _get(BROWSER_PACKAGES, "")


def ensure(broker: bool, database: bool) -> None:
    """Install what is missing, or say in one sentence what to install."""
    missing = []
    if broker and (broker_folder() is None or epmd() is None):
        missing.append("rabbitmq-server")
    if database and not _folders(DATABASE_FOLDERS, "initdb"):
        missing.append("postgresql")
    _get(missing, ", or point TIMEBANK_AMQP_URL and TIMEBANK_DATABASE_URL at existing servers.")


def ensure_prometheus() -> None:
    """Install Prometheus, with whose own tool the rules are tested, or say that it is missing."""
    missing = shutil.which("prometheus") is None or shutil.which("promtool") is None
    _get(["prometheus"] if missing else [], ".")


def ensure_node() -> None:
    """Install Node and its packages' own installer, for an example in that language."""
    missing = {"node": "nodejs", "npm": "npm"}
    _get([package for program, package in missing.items() if shutil.which(program) is None], ".")


def _get(missing: list[str], otherwise: str) -> None:
    """Install packages, or complain in one sentence that ends in what else could be done."""
    if not missing:
        return
    packages = " and ".join(missing)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Problem(
            f"Please install {packages} (on Debian: sudo apt-get install {' '.join(missing)})"
            f"{otherwise}"
        )
    print(f"Installing {packages} from the system's packages ...", flush=True)
    _install(missing)


def _install(packages: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages],
    )
    with _services_kept_stopped():
        for step in steps:
            done = subprocess.run(step, env=environment, capture_output=True, text=True)
            if done.returncode != 0:
                last = (done.stderr or done.stdout).strip().splitlines()[-1:]
                raise Problem(f"{' '.join(step)} failed: {' '.join(last)}")
    _disable(packages)


@contextmanager
def _services_kept_stopped() -> Iterator[None]:
    """Keep packages from starting services of their own; a policy already there is left alone."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def _disable(packages: list[str]) -> None:
    """A package installed for us shall not start a service at the next boot either."""
    if shutil.which("systemctl") is None:
        return
    for package in packages:
        subprocess.run(["systemctl", "disable", package], capture_output=True, check=False)
