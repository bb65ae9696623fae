"""Moves a service between pools while exchanges are under way, and nobody notices."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import installation, supervisor
from deploy.local.places import places
from tests.system.conftest import INSTANCE, REPOSITORY, launcher
from tests.system.test_exchanges import Traffic, prove

EXCHANGES = 30
APART = "[ledger]\nlondon = 1\nrest = 1\n"
PLAIN = ""


@pytest.fixture
def file(tmp_path: Path):
    """Writes a pools file; the platform is plain again afterwards."""
    path = tmp_path / "pools.toml"

    def write(text):
        path.write_text(text)
        return path

    yield write
    launcher("up", "--pools", str(write(PLAIN)))


def ledgers():
    told = supervisor.read_state(places(INSTANCE))["processes"]
    return {name for name, each in told.items() if each["service"] == "ledger"}


def test_a_service_moves_into_pools_and_a_region_without_one_is_seen(platform, file):
    traffic = Traffic(platform, clients=4, exchanges=EXCHANGES)

    launcher("up", "--pools", str(file(APART)))

    assert ledgers() == {"ledger-london", "ledger-rest"}
    assert {"ledger-london", "ledger-rest"} <= set(installation.read(INSTANCE).health_urls)
    outcome = traffic.ended()
    assert (outcome["wrong"], outcome["tried_again"]) == ([], 0)
    prove(platform, outcome)
    launcher("pool", "stop", "ledger", "london")
    assert ledgers() == {"ledger-rest"}
    assert "NOBODY works for london in ledger; 0 messages wait there." in status()


def status():
    command = [sys.executable, "-m", "deploy.local", "--instance", INSTANCE, "status"]
    return subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=False
    ).stdout
