"""Shows the logs of an instance and follows them until interrupted."""

from __future__ import annotations

import contextlib
import subprocess

from deploy.local.places import Places, Problem

LINES = 30
"""Lines of each log shown before following it."""


def follow(where: Places, names: list[str]) -> None:
    """Hand over to tail, which also follows a log that is put aside and started anew."""
    known = sorted(path.stem for path in where.logs.glob("*.log"))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Problem(f"There is no log of {', '.join(unknown)}; there are: {', '.join(known)}.")
    files = [str(where.log_of(name)) for name in names or known]
    with contextlib.suppress(KeyboardInterrupt):
        subprocess.run(["tail", "-n", str(LINES), "-F", *files], check=False)
