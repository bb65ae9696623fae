"""Describes a private PostgreSQL server: its folder, settings and process."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

from deploy.local import programs
from deploy.local.places import TEST, Places, Problem, identity_of, own, server_user, write_private
from deploy.local.ports import LOOPBACK
from deploy.local.process import SERVER, Identity, Process, identify

ADMINISTRATOR = "timebank_admin"

SETTINGS = {
    "listen_addresses": LOOPBACK,
    # TCP only: a socket's path may not exceed 107 bytes, and ours can be deep.
    "unix_socket_directories": "",
    "max_connections": "200",
    # Checkpoints by the clock, every five minutes, not by what was written.
    "max_wal_size": "4GB",
    # After each checkpoint whole pages are logged; compressed they are a fraction of it.
    "wal_compression": "lz4",
    "password_encryption": "scram-sha-256",
    "log_destination": "stderr",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
BUFFERS_SHARE = 1 / 8
"""Of the machine's memory, for the database's own cache: broker, services and the system's
cache need the rest. Only what is used is taken. A bank of a million members has 1.2 GB of
indexes that every posting touches somewhere."""
FLEETING = {
    "fsync": "off", "synchronous_commit": "on", "full_page_writes": "off",
    "shared_buffers": "128MB",
}  # fmt: skip
"""For tests: a killed server still recovers, only a machine losing power would not."""


def url(port: int, role: str, password: str, database: str) -> str:
    return f"postgresql://{role}:{password}@{LOOPBACK}:{port}/{database}"


def prepare(where: Places, password: str) -> None:
    """Make the server's data folder at the first start."""
    if (where.database / "PG_VERSION").exists() and (where.folder / "database-made").exists():
        if running(where) is None:
            # Left by a kill; PostgreSQL would refuse to start when its pid is in use by now.
            (where.database / "postmaster.pid").unlink(missing_ok=True)
        return
    # A folder without the mark is one whose making was interrupted.
    shutil.rmtree(where.database, ignore_errors=True)
    folder, user = own(where.database, server_user()), server_user()
    secret = where.database.with_name("database-password")
    own(secret, user)
    write_private(secret / "password", password, user)
    command = [str(_scripts(where) / "initdb"), "-D", str(folder), "-U", ADMINISTRATOR]
    command += ["--auth=scram-sha-256", f"--pwfile={secret / 'password'}"]
    command += ["--encoding=UTF8", "--locale=C.UTF-8"]
    if where.instance == TEST:
        command.append("--no-sync")
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=_environment(),
            **identity_of(user),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    finally:
        shutil.rmtree(secret)
    if done.returncode != 0:
        raise Problem(f"initdb failed: {done.stderr.strip()}")
    (where.folder / "database-made").touch()


def running(where: Places) -> Identity | None:
    """The server at work on our data, whoever started it."""
    try:
        pid = int((where.database / "postmaster.pid").read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError, IndexError):
        return None
    return identify(pid) if str(where.database).encode() in command else None


def process(where: Places, ports: dict[str, int]) -> Process:
    durability = FLEETING if where.instance == TEST else DURABLE | _buffers()
    command = [str(_scripts(where) / "postgres"), "-D", str(where.database)]
    for name, value in {**SETTINGS, **durability, "port": str(ports["database"])}.items():
        command += ["-c", f"{name}={value}"]
    return Process(
        name="database",
        kind=SERVER,
        command=tuple(command),
        environment=_environment(),
        folder=where.database,
        ready=f"postgresql://{LOOPBACK}:{ports['database']}",
        user=server_user(),
        # "Fast": ends the sessions. SIGTERM would wait for every client to leave by itself.
        stop_signal=signal.SIGINT,
        stop_seconds=30.0,
    )


def _scripts(where: Places) -> Path:
    found = programs.database_folder(where.database)
    if found is None:
        raise Problem("PostgreSQL was not found; please install postgresql.")
    return found


def _environment() -> dict[str, str]:
    user = server_user() or pwd.getpwuid(os.getuid()).pw_name
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "LOGNAME": user}


def _buffers() -> dict[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"shared_buffers": f"{int(memory * BUFFERS_SHARE) >> 20}MB"}
