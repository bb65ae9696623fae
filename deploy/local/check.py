"""Runs what `make test` runs, with the tests' own servers, fastest to fail first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import IO, Any

from deploy.local import commands, plan, programs, supervisor
from deploy.local.places import REPOSITORY, TEST, places

LOOKS = (
    ("ruff", "format", "--check", "--quiet", "."),
    ("ruff", "check", "--quiet", "."),
    ("mypy",),
)
PAGES = ("pytest", "--quiet", "tests/pages")
"""In a process of its own, see `tests/conftest.py`, and beside the others: both mostly wait."""
OTHERS = ("pytest",)


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
        return _look(environment) or _test(environment)
    finally:
        if started:
            commands.down(where)


def _look(environment: Mapping[str, str]) -> int:
    """Format, style and types."""
    for step in LOOKS:
        command = [sys.executable, "-m", *step]
        code = subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode
        if code != 0:
            return code
    return 0


def _test(environment: Mapping[str, str]) -> int:
    """All tests; what is said of the pages comes first, so that the whole has the last word."""
    with tempfile.TemporaryFile() as said:
        pages = _begun(PAGES, environment, browser=True, stdout=said)
        others = _begun(OTHERS, environment, browser=False, stdout=subprocess.PIPE)
        try:
            assert others.stdout is not None, "it was asked for"
            kept = _read_until(others.stdout, pages)
            said.seek(0)
            sys.stdout.buffer.write(said.read() + kept)
            for line in others.stdout:
                sys.stdout.buffer.write(line)
                sys.stdout.flush()
            return others.wait() or pages.wait()
        finally:
            for running in (pages, others):
                running.terminate()
                running.wait()


def _begun(
    step: tuple[str, ...], environment: Mapping[str, str], *, browser: bool, stdout: Any
) -> subprocess.Popen[bytes]:
    told = {**environment, "TIMEBANK_TEST_BROWSER": str(int(browser))}
    return subprocess.Popen(
        [sys.executable, "-m", *step], cwd=REPOSITORY, env=told, stdout=stdout,
        stderr=subprocess.STDOUT,
    )  # fmt: skip


def _read_until(stream: IO[bytes], other: subprocess.Popen[bytes]) -> bytes:
    """What comes while another process still runs."""
    kept = b""
    while other.poll() is None:
        line = stream.readline()
        if not line:
            other.wait()
        kept += line
    return kept
