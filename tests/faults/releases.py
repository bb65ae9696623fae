"""Two versions of the platform from this repository's history, laid out beside each other."""

from __future__ import annotations

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from deploy.local.places import REPOSITORY, Problem

MIGRATIONS = "services/*/sql/*"


def before(revision: str) -> str:
    """The release before a revision: the newest tag in its past, else the commit before the one
    that brought the newest migration, so that there is something to migrate."""
    try:
        return _git("describe", "--tags", "--abbrev=0", f"{revision}^").decode().strip()
    except Problem:
        pass
    brought = _git("log", "-1", "--diff-filter=A", "--format=%H", revision, "--", MIGRATIONS)
    return f"{brought.decode().strip()}^"


def name_of(revision: str) -> str:
    """The commit a revision stands for, short."""
    return _git("rev-parse", "--short=12", f"{revision}^{{commit}}").decode().strip()


def lay_out(revision: str, folder: Path) -> Path:
    """Write the files of a revision into a folder; nothing is left in the repository's own."""
    content = _git("archive", "--format=tar", f"{revision}^{{tree}}")
    with tarfile.open(fileobj=BytesIO(content)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _git(*words: str) -> bytes:
    done = subprocess.run(("git", *words), cwd=REPOSITORY, capture_output=True, check=False)
    if done.returncode != 0:
        raise Problem(f"git {words[0]} failed: {done.stderr.decode().strip()}")
    return done.stdout
