"""Says where an installation on this machine keeps its files and as whom its servers run."""

from __future__ import annotations

import hashlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO, TEST = "demo", "test"
"""The instance `make up` starts, and the tests' own, with other data and ports."""
SERVER_USER = "timebank"
"""RabbitMQ and PostgreSQL run as this user when the launcher is root (PostgreSQL refuses root)."""
KEY_LENGTH = 12
"""Hex digits of the clone's path hash: short enough for a path, long enough not to collide."""


class Problem(Exception):
    """Something the person at the keyboard can mend; its text is the one sentence they see."""


@dataclass(frozen=True)
class Places:
    """The folders of one instance of one clone."""

    instance: str
    folder: Path

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    @property
    def broker(self) -> Path:
        return self.folder / "broker"

    @property
    def database(self) -> Path:
        return self.folder / "database"

    @property
    def ports(self) -> Path:
        return self.folder / "ports.json"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets.json"

    @property
    def issuer_key(self) -> Path:
        return self.folder / "issuer-key.json"

    @property
    def client_key(self) -> Path:
        return self.folder / "sandbox-client-key.json"

    @property
    def state(self) -> Path:
        return self.folder / "supervisor.json"

    @property
    def pools(self) -> Path:
        return self.folder / "pools.json"

    @property
    def addresses(self) -> Path:
        """Where every service answers now, for whoever calls without the broker."""
        return self.folder / "addresses.json"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def broker_node(self) -> str:
        """A node name of this clone and instance alone, so that two nodes never meet."""
        return f"timebank-{self.folder.parent.name}-{self.instance}@localhost"

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def places(instance: str = DEMO, repository: Path = REPOSITORY) -> Places:
    """The folders of an instance, made when they are missing."""
    key = hashlib.sha256(os.fsencode(repository.resolve())).hexdigest()[:KEY_LENGTH]
    folder = state_root() / key / instance
    result = Places(instance, folder)
    folder.mkdir(parents=True, exist_ok=True)
    for each in (folder.parent, folder):
        # The servers' user must be able to walk here, whatever root's umask says.
        each.chmod(0o755 if os.geteuid() == 0 else 0o700)
    for each in (result.logs, result.mail):
        each.mkdir(mode=0o700, exist_ok=True)
    return result


def state_root() -> Path:
    """Where all clones keep their data; never in the clone, which may be closed to others."""
    if os.geteuid() == 0:
        root = Path("/var/lib/timebank")
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o755)
        return root
    home = (
        Path(os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir) / ".local/state/timebank"
    )
    try:
        home.mkdir(parents=True, exist_ok=True)
        if os.access(home, os.W_OK | os.X_OK):
            return home
    except OSError:
        pass
    return _root_without_home()


def _root_without_home() -> Path:
    """A folder of ours where there is no usable home; refused when somebody else laid it there."""
    root = Path(f"/var/tmp/timebank-{os.getuid()}")
    root.mkdir(mode=0o700, exist_ok=True)
    if root.is_symlink() or root.stat().st_uid != os.getuid():
        raise Problem(f"{root} belongs to somebody else; set HOME to a folder of your own.")
    return root


def server_user() -> str | None:
    """The user the servers run as, made when missing; None when we are an ordinary user already."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SERVER_USER)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home"]
        command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SERVER_USER]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", "") or error
            raise Problem(
                f"The servers need a user of their own and {SERVER_USER} was not made: {reason}"
            ) from error
    return SERVER_USER


def identity_of(user: str | None) -> dict[str, Any]:
    """The arguments that make a subprocess run as a user; none to run as ourselves."""
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def own(folder: Path, user: str | None) -> Path:
    """Make a folder that only the servers' user can read."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    return folder


def write_private(path: Path, text: str, user: str | None = None) -> None:
    """Write a file nobody else can read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(draft, entry.pw_uid, entry.pw_gid)
    draft.replace(path)
