"""Starts one service with one environment after another, in processes that all come of one.

python -m tests.bus.starting gateway.service

What it imports is imported once, which is most of what a start takes; each start is a process
of its own all the same, and runs the runner from its beginning.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.bus import runner

PATIENCE = 30
"""Seconds until a process that should have refused to start is ended."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, and what it said on standard error."""

    code: int
    said: str


def ended(module: str, environments: Sequence[Mapping[str, str]]) -> list[Ended]:
    """How a service ends in each of these environments, which all should end it at its start."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.bus.starting", module],
        input=json.dumps([dict(each) for each in environments]),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [Ended(*each) for each in json.loads(done.stdout)]


def main(module: str) -> None:
    runner.find(module)
    environments = json.load(sys.stdin)
    json.dump([_ended(module, each) for each in environments], sys.stdout)


def _ended(module: str, environment: Mapping[str, str]) -> tuple[int, str]:
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            os.dup2(said.fileno(), sys.stderr.fileno())
            os.environ.clear()
            os.environ.update(environment)
            _run(module)
        # Not waitpid, which eventlet replaces: an event loop begun here would be every child's.
        _, status, _ = os.wait4(child, 0)
        said.seek(0)
        return os.waitstatus_to_exitcode(status), said.read().decode().strip()


def _run(module: str) -> None:
    signal.alarm(PATIENCE)
    try:
        code = runner.main([module])
    except SystemExit as refusal:
        code = int(refusal.code or 0)
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
