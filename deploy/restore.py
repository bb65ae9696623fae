"""Restores a backup into an installation on this machine that holds nothing.

    python -m deploy.restore FOLDER [--put-aside]

With ``--put-aside`` what it holds is kept beside it first. Afterwards `make up` starts the
platform on it, with a broker that holds nothing: a message of a later time than the databases
would tell them of what they do not know. The services find their queues missing and say again
what they said; readers know each event by its id.
"""

from __future__ import annotations

import argparse
import datetime
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy import backup
from deploy.backup import Backup
from deploy.local import commands, database, plan, programs, secret, supervisor
from deploy.local.places import DEMO, Places, Problem, identity_of, own, places, server_user
from services.bus import migrate

MADE = "database-made"
"""The mark of a data folder whose making was not interrupted."""


def restore(folder: Path, where: Places, *, put_aside: bool = False) -> Backup:
    """Bring a backup into an instance that is stopped; the passwords stay the instance's own.

    An interrupted restoration leaves the instance empty, and can be repeated.

    Raises:
        Problem: the instance runs or holds data, or the backup is damaged or of a later version
            of the platform than this one.
    """
    with commands.alone(where):
        _refuse_running(where)
        if put_aside:
            _put_aside(where)
        _refuse_data(where)
        found = backup.verify(folder)
        _refuse_later(found)
        draft = where.database.with_name("database.restoring")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(folder / backup.DATA, draft, symlinks=True)
        _give(draft, server_user())
        _recover(draft, secret.passwords(where, ["database"])["database"])
        (where.folder / MADE).touch()
        draft.rename(where.database)
    return found


def _refuse_running(where: Places) -> None:
    if supervisor.running(where) is not None or database.running(where) is not None:
        raise Problem(f"The instance {where.instance} is running; stop it first (`make down`).")


def _refuse_data(where: Places) -> None:
    held = [each.name for each in _data(where) if each.exists()]
    if held:
        raise Problem(
            f"The instance {where.instance} holds data ({', '.join(held)} in {where.folder});"
            " restore into another one, or with --put-aside (`make restore ASIDE=1`)."
        )


def _data(where: Places) -> tuple[Path, ...]:
    """What must not be mixed with a backup: another database, and messages of another time."""
    return where.database, where.broker


def _put_aside(where: Places) -> None:
    moment = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    for each in _data(where):
        if each.exists():
            each.rename(each.with_name(f"{each.name}.before-{moment}"))


def _refuse_later(found: Backup) -> None:
    """An older backup is brought forward by the migrations; nothing brings a later one back."""
    for service, names in found.migrations.items():
        known = {file.stem for file in _migrations(f"services.{service}")}
        unknown = sorted(set(names) - known)
        if unknown:
            raise Problem(
                f"The backup is of a later version: this one knows no migration {unknown[0]}"
                f" of {service}."
            )


def _migrations(package: str) -> Iterator[Path]:
    for folder in migrate.folders(package):
        yield from folder.iterdir()


def _give(folder: Path, user: str | None) -> None:
    """Let only the servers' user read what was copied; a copied mode would do for nobody else."""
    own(folder, user)
    if user is None:
        return
    entry = pwd.getpwnam(user)
    for each in folder.rglob("*"):
        os.chown(each, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


def _recover(data: Path, password: str) -> None:
    """Play the copied log to its end, and let in whoever knows this installation's password.

    The server alone in one process, without a port, so that nobody comes in between.
    """
    program = programs.database_folder(data)
    if program is None:
        raise Problem("PostgreSQL was not found; please install postgresql.")
    # Ours are letters, digits, hyphens and underscores: nothing in them ends a text.
    done = subprocess.run(
        [str(program / "postgres"), "--single", "-D", str(data), "postgres"],
        input=f"alter role {database.ADMINISTRATOR} password '{password}';\n",
        cwd=data,
        env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
        **identity_of(server_user()),
        capture_output=True,
        text=True,
        check=False,
    )
    wrong = [line for line in done.stderr.splitlines() if "ERROR:" in line or "FATAL:" in line]
    if done.returncode != 0 or wrong:
        last = (wrong or done.stderr.strip().splitlines())[-1:]
        raise Problem(f"The backup does not start: {''.join(last) or done.returncode}")


def refuse_others_servers() -> None:
    """Refuse servers that the environment names: what they hold is nobody's here to replace."""
    named = plan.existing_broker(os.environ) or plan.existing_database(os.environ)
    if named:
        raise Problem(
            "Only the private servers of this machine can be restored into; unset"
            " TIMEBANK_AMQP_URL and TIMEBANK_DATABASE_URL."
        )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.restore")
    parser.add_argument("folder", type=Path, help="a backup")
    parser.add_argument("--put-aside", action="store_true", help="keep present data beside it")
    parser.add_argument("--instance", default=DEMO, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        refuse_others_servers()
        where = places(options.instance)
        found = restore(options.folder.resolve(), where, put_aside=options.put_aside)
    except (Problem, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Restored as of {found.taken_at}; `make up` starts it, `make audit` audits it.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
