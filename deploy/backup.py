"""Backs up all databases of an installation as of one moment, with checksums that are verified.

    python -m deploy.backup [--to FOLDER]

The five databases lie in one server here, so one copy of the server with its log has all of
them at one position of that log: whatever one database had heard from another, the other had
said. The broker is not copied. What it held can be said again from the databases, and is, when
the services find its queues missing.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg

from deploy.local import installation, programs
from deploy.local.installation import Installation
from deploy.local.places import DEMO, REPOSITORY, Problem, write_private

FOLDER = REPOSITORY / "var" / "backups"
"""Where backups go unless told otherwise; another machine is a better place for them."""
DESCRIPTION, DATA, LIST = "backup.json", "data", "backup_manifest"
"""What a backup consists of: our description, the server's files, and in these its own list."""
CHECKSUMS = "SHA256"
PIECE = 1 << 20
"""Bytes read at once."""


@dataclass(frozen=True)
class Backup:
    """What is known of a backup without looking into its data.

    Attributes:
        taken_at: ISO 8601; everything committed before ``begun_at`` is in it, nothing from later
            than ``taken_at``.
        server: of PostgreSQL, the major version whose files these are.
        migrations: by service, the names of those its database had.
        size: bytes.
        checksum: SHA-256 of the server's list of its files, which holds theirs.
    """

    begun_at: str
    taken_at: str
    server: str
    migrations: Mapping[str, Sequence[str]]
    size: int
    checksum: str


def take(place: Installation, folder: Path) -> Backup:
    """Copy the server of an installation while it works, and verify the copy.

    Raises:
        Problem: the folder exists, the server refuses, or what was copied is not what it sent.
    """
    if folder.exists():
        raise Problem(f"{folder} exists; a backup is never written over another.")
    draft = folder.with_name(folder.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    try:
        begun = _now()
        _copy(place.administrator_url, draft / DATA)
        verify_files(draft / DATA)
        found = Backup(
            begun_at=begun,
            taken_at=_now(),
            server=(draft / DATA / "PG_VERSION").read_text().strip(),
            # Asked for afterwards: rather one too many than one too few.
            migrations={name: applied(url) for name, url in place.database_urls.items()},
            size=sum(each.stat().st_size for each in draft.rglob("*") if each.is_file()),
            checksum=checksum(draft / DATA / LIST),
        )
        write_private(draft / DESCRIPTION, json.dumps(asdict(found), indent=2) + "\n")
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return found


def _copy(administrator_url: str, data: Path) -> None:
    parts = urlsplit(administrator_url)
    user, _, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    told = urlunsplit(parts._replace(netloc=f"{name}@{host}"))
    run(
        data, "pg_basebackup", "--pgdata", str(data), "--dbname", told, "--no-password",
        "--wal-method=stream", "--checkpoint=fast", f"--manifest-checksums={CHECKSUMS}",
        environment={"PGPASSWORD": unquote(password)},
    )  # fmt: skip


def run(data: Path, program: str, *words: str, environment: Mapping[str, str] | None = None) -> str:
    """Run one of PostgreSQL's own programs, of the version that made ``data`` if there is one.

    Raises:
        Problem: it is not installed, or failed; then with its own words.
    """
    folder = programs.database_folder(data)
    if folder is None:
        raise Problem("PostgreSQL was not found; please install postgresql.")
    done = subprocess.run(
        [str(folder / program), *words],
        env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Problem(f"{program} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def verify_files(data: Path) -> None:
    """Hold every file of a copy, and the log it needs to start, against the server's list.

    Raises:
        Problem: something is missing, added or changed.
    """
    run(data, "pg_verifybackup", "--quiet", str(data))


def read(folder: Path) -> Backup:
    """What a folder says it is.

    Raises:
        Problem: it is no backup, or one of another form.
    """
    try:
        return Backup(**json.loads((folder / DESCRIPTION).read_text()))
    except (OSError, ValueError, TypeError):
        raise Problem(f"{folder} is not a backup: it has no readable {DESCRIPTION}.") from None


def verify(folder: Path) -> Backup:
    """Read a backup and hold everything in it against its checksums.

    Raises:
        Problem: it is not what was written.
    """
    found, data = read(folder), folder / DATA
    if not (data / LIST).is_file() or checksum(data / LIST) != found.checksum:
        raise Problem(f"{data / LIST} is not the list this backup was made with.")
    verify_files(data)
    return found


def checksum(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while piece := content.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def applied(url: str) -> list[str]:
    """Names of the migrations a database has, in their order."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("select migration_id from _yoyo_migration order by 1").fetchall()
    return [name for (name,) in rows]


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def named(instance: str) -> Path:
    """A folder of the usual place that says what it holds and when it was begun."""
    moment = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    return FOLDER / f"{instance}-{moment}"


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.backup")
    parser.add_argument("--to", type=Path, help="a folder that does not exist yet")
    parser.add_argument("--instance", default=DEMO, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    folder = (options.to or named(options.instance)).resolve()
    try:
        found = take(installation.read(options.instance), folder)
    except (Problem, psycopg.Error, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{folder}: {megabytes(found.size)}, verified, as of {found.taken_at}.")
    print(f"Bring it back by `make restore FROM={folder}`.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
