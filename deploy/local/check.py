"""Runs what `make test` runs, with the tests' own servers, fastest to fail first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from deploy.local import commands, plan, programs, supervisor
from deploy.local.places import REPOSITORY, TEST, places

PAGES = ("pytest", "--quiet", "tests/pages")
"""In a process of its own, see `tests/conftest.py`."""
STEPS = (
    ("ruff", "format", "--check", "--quiet", "."),
    ("ruff", "check", "--quiet", "."),
    ("mypy",),
    PAGES,
    ("pytest",),
)


def run() -> int:
    """The exit code of the first step that fails; servers we started are stopped again."""
    # A polite end shall still stop the servers below.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    programs.ensure_prometheus()
    where = places(TEST)
    started = supervisor.running(where) is None
    environment = dict(os.environ)
    programs.ensure_browser()
    try:
        if not environment.get("TIMEBANK_TEST_DATABASE_URL"):
            running = commands.up(where, plan.SERVERS)
            environment["TIMEBANK_TEST_DATABASE_URL"] = running.administrator_url
            environment["TIMEBANK_TEST_AMQP_URL"] = running.amqp_url
        for step in STEPS:
            command = [sys.executable, "-m", *step]
            told = {**environment, "TIMEBANK_TEST_BROWSER": "1" if step == PAGES else "0"}
            code = subprocess.run(command, cwd=REPOSITORY, env=told, check=False).returncode
            if code != 0:
                return code
        return 0
    finally:
        if started:
            commands.down(where)
