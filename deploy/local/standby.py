"""Starts a database server as what it is now, the primary or its standby, and changes that.

    python -m deploy.local.standby INSTANCE NUMBER POSTGRES ARGUMENTS...

Which server is the primary stands in one file of the instance, which ``promote`` alone writes:
whoever was the primary before and comes back copies the new one, instead of being a second.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.local import database, programs, secret
from deploy.local.places import Places, Problem, identity_of, own, places, server_user
from deploy.local.ports import LOOPBACK, remembered

FIRST, SECOND = DATABASES = (1, 2)
"""The database servers by the number of the machine they pretend to be on."""
REPLICATION = "timebank_replication"
"""The role a standby reads the primary's log as; it may do nothing else."""
REPLICATION_WORD = "replication"
"""What its password is kept under."""
LOOK_SECONDS = 0.5


def machine(where: Places, number: int) -> Places:
    """The folders of one of the machines an instance pretends to have, in a folder of its own."""
    folder = where.folder / f"machine-{number}"
    folder.mkdir(exist_ok=True)
    # As the instance's own: the servers' user must be able to walk here.
    folder.chmod(0o755 if os.geteuid() == 0 else 0o700)
    return Places(f"{where.folder.parent.name}-{where.instance}-{number}", folder)


def name_of(number: int) -> str:
    """What a standby calls itself to its primary."""
    return f"machine_{number}"


def port_name(number: int) -> str:
    return f"database-{number}"


def primary(where: Places) -> int:
    """The number of the server that takes what is written."""
    with contextlib.suppress(FileNotFoundError):
        return int((where.folder / "primary").read_text())
    return FIRST


def other(number: int) -> int:
    return SECOND if number == FIRST else FIRST


def appoint(where: Places, number: int) -> None:
    """Have a server be the primary whenever it starts from now on."""
    draft = where.folder / "primary.new"
    draft.write_text(f"{number}\n")
    draft.replace(where.folder / "primary")


def held(where: Places, number: int) -> Path:
    """A file that keeps a server from starting while it is there: its machine is lost."""
    return machine(where, number).folder / "held"


def authority_file(where: Places) -> Path:
    return where.folder / "certificates" / "ca.crt"


def address(where: Places, number: int, user: str) -> str:
    """How a server is reached by name and value, without the password."""
    port = remembered(where.ports)[port_name(number)]
    return (
        f"host={LOOPBACK} port={port} user={user} connect_timeout=5"
        f" sslmode=verify-full sslrootcert={authority_file(where)}"
    )


def main(arguments: Sequence[str]) -> None:
    """Become the server; does not return."""
    instance, number, *command = arguments
    where, me = places(instance), int(number)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while not _may_start(where, me):
        time.sleep(LOOK_SECONDS)  # between two looks; others decide when it may
    here = machine(where, me)
    if database.running(here) is None:
        (here.database / "postmaster.pid").unlink(missing_ok=True)
    _become_servers_user()
    os.chdir(here.database)
    os.execve(command[0], command, os.environ)


def _may_start(where: Places, me: int) -> bool:
    """Whether this server has the data of the part it is to play; copies them if not."""
    if held(where, me).exists():
        return False
    if primary(where) == me:
        return True
    data = machine(where, me).database
    return (data / "standby.signal").exists() or _copied(where, me, data)


def _copied(where: Places, me: int, data: Path) -> bool:
    """Copy the primary; not done while it is away or does not know us yet."""
    shutil.rmtree(data, ignore_errors=True)
    scripts = programs.database_folder(data)
    if scripts is None:
        raise Problem("PostgreSQL was not found; please install postgresql.")
    # The mark of a standby is written last, so a copy that broke off is made again.
    source = f"{address(where, primary(where), REPLICATION)} application_name={name_of(me)}"
    command = [str(scripts / "pg_basebackup"), "--pgdata", str(own(data, server_user()))]
    command += ["--dbname", source, "--wal-method=stream", "--checkpoint=fast"]
    command.append("--write-recovery-conf")
    word = secret.passwords(where, [REPLICATION_WORD])[REPLICATION_WORD]
    done = subprocess.run(
        command,
        cwd=data,
        env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "PGPASSWORD": word},
        **identity_of(server_user()),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        print(done.stderr.strip(), file=sys.stderr, flush=True)
    return done.returncode == 0


def _become_servers_user() -> None:
    user = server_user()
    if user is None:
        return
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


if __name__ == "__main__":
    main(sys.argv[1:])
