"""Proves that the Compose file is current and valid, and that what it names exists in the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import reference
from deploy.compose import __main__ as compose
from deploy.compose import databases
from deploy.compose.project import PORT, project
from deploy.local.places import REPOSITORY
from deploy.local.plan import DATABASE_SERVICES, KINDS
from services.bus.settings import SettingError
from tests.deploy import settings_told

GUIDE = REPOSITORY / "docs/operations.md"
SERVICES: dict[str, dict[str, Any]] = project()["services"]
OURS = {name: each for name, each in SERVICES.items() if str(each["image"]).startswith("timebank:")}
VARIABLE = re.compile(r"\$\{(\w+)")


def test_the_file_is_what_the_program_writes_today() -> None:
    assert compose.FILE.read_text() == compose.text(), "run `python -m deploy.compose`"


def checked(path: Path) -> int:
    """What the published schema of Compose files says."""
    command = [Path(sys.executable).with_name("check-jsonschema")]
    command += ["--builtin-schema", "vendor.compose-spec", str(path)]  # type: ignore[list-item]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_the_file_is_valid_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(compose.text().replace("depends_on", "depend_on", 1))

    assert checked(compose.FILE) == 0
    assert checked(wrong) != 0


def test_every_process_runs_after_its_migrations() -> None:
    for kind in KINDS:
        after = SERVICES[kind.name]["depends_on"]
        assert SERVICES[kind.name]["command"] == ["services.bus.runner", kind.module]
        if kind.database:
            condition = after[f"migrate-{kind.name}"]["condition"]
            assert condition == "service_completed_successfully"
            assert SERVICES[f"migrate-{kind.name}"]["command"][1] == kind.package


@pytest.mark.parametrize("name", OURS)
def test_a_container_of_ours_runs_what_exists_told_what_exists(name: str) -> None:
    known = {
        setting.name
        for module in reference.SETTINGS_OF
        for setting in reference.settings_in(module)
    }
    known |= {setting.name for setting in databases.WORDS.values()}

    assert set(OURS[name]["environment"]) <= known
    for module in OURS[name]["command"]:
        path = REPOSITORY / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or path.is_dir(), module


LEFT_HERE = {
    "TIMEBANK_AMQP_CA": "nothing is encrypted within one machine",
    "TIMEBANK_REGIONS": "one process of each service works for all",
    "TIMEBANK_DATABASE_POOL": "six processes and 200 connections",
}


@pytest.mark.parametrize("process", [kind.name for kind in KINDS])
def test_every_setting_a_process_reads_is_told_or_meant_to_stay_as_it_is(process: str) -> None:
    told = set(SERVICES[process]["environment"])

    assert settings_told.wanted_by(process) - set(LEFT_HERE) <= told
    assert not told & {*LEFT_HERE, *settings_told.LEFT}


@pytest.mark.parametrize("name", OURS)
def test_a_container_of_ours_cannot_write_or_gain_rights(name: str) -> None:
    assert OURS[name]["read_only"] is True
    assert OURS[name]["cap_drop"] == ["ALL"]
    assert OURS[name]["security_opt"] == ["no-new-privileges:true"]


def test_nothing_is_reached_from_outside_the_machine() -> None:
    for name, each in SERVICES.items():
        for port in each.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
    assert project()["networks"]["inside"]["internal"] is True


def test_the_file_holds_no_word_and_the_guide_names_every_variable() -> None:
    guide, names = GUIDE.read_text(), set(VARIABLE.findall(compose.FILE.read_text()))

    assert names
    for name in names:
        assert f"`{name}`" in guide or name.endswith("_WORD"), name


def test_the_words_that_are_made_are_all_that_is_wanted_and_new_each_time() -> None:
    one, other = (dict(line.split("=") for line in compose.words()) for _ in range(2))
    wanted = set(VARIABLE.findall(compose.FILE.read_text()))

    assert set(one) <= wanted
    assert {name for name in wanted if name.endswith(("_WORD", "_SECRET"))} == set(one)
    assert not set(one.values()) & set(other.values())


def test_prometheus_asks_every_process_and_the_broker() -> None:
    config = yaml.safe_load((REPOSITORY / "deploy/prometheus/compose.yaml").read_text())
    targets = [
        target
        for job in config["scrape_configs"]
        for each in job["static_configs"]
        for target in each["targets"]
    ]

    assert {f"{kind.name}:{PORT}" for kind in KINDS} | {f"audit:{PORT}"} <= set(targets)
    assert "broker:15692" in targets


def test_a_word_too_short_refuses_to_make_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(databases.WORDS["ledger"].name, "short")

    with pytest.raises(SettingError, match="TIMEBANK_LEDGER_WORD cannot be used"):
        databases.WORDS["ledger"].read()


def test_each_service_opens_its_database_by_a_word_of_its_own() -> None:
    urls = {
        name: SERVICES[name]["environment"]["TIMEBANK_DATABASE_URL"] for name in DATABASE_SERVICES
    }

    for name, url in urls.items():
        assert url.startswith(f"postgresql://timebank_{name}:${{TIMEBANK_{name.upper()}_WORD")
        assert url.endswith(f"/timebank_{name}")
