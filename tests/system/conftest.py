"""The platform as `make up` starts it, with data and ports of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import broker, installation
from deploy.local.places import places
from tests.conftest import BROWSER
from tests.system.watching import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
INSTANCE = "pages" if BROWSER else "system"
"""Two, since both run at the same time."""


def launcher(*words):
    """Run a command of the launcher on the tests' own instance; its output."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.local", "--instance", INSTANCE, *words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def platform():
    """The addresses of a running platform, whose broker tells its metrics and can be managed."""
    os.environ[broker.METRICS_PORT] = str(free_port())
    if not BROWSER:
        os.environ[broker.MANAGEMENT_PORT] = str(free_port())
    if BROWSER:  # lists of all that waits would show what an earlier run has left
        launcher("down")
        shutil.rmtree(places(INSTANCE).folder, ignore_errors=True)
    launcher("up")
    yield installation.read(INSTANCE)
    launcher("down")
