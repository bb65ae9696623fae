"""Runs what `make test` runs, with the tests' own servers, fastest to fail first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO, Any

from deploy.local import commands, plan, programs, supervisor
from deploy.local.places import REPOSITORY, TEST, places

LOOKS = (
    ("ruff", "format", "--check", "--quiet", "."),
    ("ruff", "check", "--quiet", "."),
)
PYTEST = ("pytest", "--quiet")
UNEXPLORED = (*PYTEST, "-p", "no:schemathesis")
"""Without the plugin of tests that explore a description: it takes most of a second to load."""
PAGES = (*UNEXPLORED, "tests/pages")
"""In a process of its own, see `tests/conftest.py`."""
WAITING = ("tests/deploy", "tests/faults", "tests/system")
"""Start and stop servers of their own: they mostly wait, so the others run beside them."""
PLAIN = ("tests/architecture", "tests/contracts", "tests/gateway")
"""Need no server and keep a core busy, while those of the services wait for theirs."""
HEARD = ("tests/notifications", "tests/reporting", "tests/telemetry")
"""Follow the plain ones, so that all processes end at about the same time."""
BESIDE = (WAITING, (*PLAIN, *HEARD))
ASIDE = (("mypy",), PAGES, (*UNEXPLORED, *WAITING), (*PYTEST, *PLAIN, *HEARD))
"""Types are looked at beside the tests: they keep one core busy for half a minute."""
OTHERS = (
    "pytest", "-p", "no:schemathesis",
    *(f"--ignore={folder}" for folders in BESIDE for folder in folders),
)  # fmt: skip


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


def pictures() -> int:
    """Test the pages, and keep each state of each as a picture at every width."""
    programs.ensure_browser()
    told = {**os.environ, "TIMEBANK_TEST_BROWSER": "1", "TIMEBANK_TEST_PICTURES": "1"}
    command = [sys.executable, "-m", *PAGES]
    return subprocess.run(command, cwd=REPOSITORY, env=told, check=False).returncode


def _look(environment: Mapping[str, str]) -> int:
    """Format and style."""
    for step in LOOKS:
        command = [sys.executable, "-m", *step]
        code = subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode
        if code != 0:
            return code
    return 0


def _test(environment: Mapping[str, str]) -> int:
    """Types and all tests, in five processes; the largest has the last word, once the others
    have had theirs."""
    with ExitStack() as stack:
        said = [stack.enter_context(tempfile.TemporaryFile()) for _ in ASIDE]
        aside = [
            stack.enter_context(_begun(step, environment, browser=step is PAGES, stdout=file))
            for step, file in zip(ASIDE, said, strict=True)
        ]
        others = stack.enter_context(
            _begun(OTHERS, environment, browser=False, stdout=subprocess.PIPE)
        )
        assert others.stdout is not None, "it was asked for"
        kept = _read_until(others.stdout, aside)
        for each in said:
            each.seek(0)
            sys.stdout.buffer.write(each.read())
        sys.stdout.buffer.write(kept)
        for line in others.stdout:
            sys.stdout.buffer.write(line)
            sys.stdout.flush()
        return max(abs(running.wait()) for running in (others, *aside))


@contextmanager
def _begun(
    step: tuple[str, ...], environment: Mapping[str, str], *, browser: bool, stdout: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Tests at work; ended with the block, whatever ends it."""
    told = {**environment, "TIMEBANK_TEST_BROWSER": str(int(browser))}
    running = subprocess.Popen(
        [sys.executable, "-m", *step], cwd=REPOSITORY, env=told, stdout=stdout,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield running
    finally:
        running.terminate()
        running.wait()


def _read_until(stream: IO[bytes], others: Sequence[subprocess.Popen[bytes]]) -> bytes:
    """What comes while one of the others still runs."""
    kept = b""
    while any(other.poll() is None for other in others):
        line = stream.readline()
        if not line:
            for other in others:
                other.wait()
        kept += line
    return kept
