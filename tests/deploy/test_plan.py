"""Proves what each process is told, and that it is told nothing it has no business knowing."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.local import plan
from deploy.local.places import Places, places, write_private
from deploy.local.process import MARK, Process

EXISTING = {
    "TIMEBANK_AMQP_URL": "amqp://somebody:word@broker.example:5672/timebank",
    "TIMEBANK_DATABASE_URL": "postgresql://root:secret@db.example:5433/postgres?sslmode=require",
    "PGHOST": "elsewhere",
    "PATH": "/usr/bin",
}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> plan.Plan:
    monkeypatch.setattr(plan, "not_built", list)
    return plan.make(Places("fake", tmp_path), plan.PLATFORM, EXISTING)


@pytest.fixture
def processes(made: plan.Plan) -> dict[str, Process]:
    return {each.name: each for each in made.processes}


def test_existing_servers_are_used_instead_of_private_ones(processes: dict[str, Process]) -> None:
    assert not {"broker", "database", "port-mapper"} & set(processes)
    assert processes["ledger"].environment["TIMEBANK_AMQP_URL"] == EXISTING["TIMEBANK_AMQP_URL"]


def test_each_service_gets_its_own_role_and_database(processes: dict[str, Process]) -> None:
    for service in plan.DATABASE_SERVICES:
        parts = urlsplit(processes[service].environment["TIMEBANK_DATABASE_URL"])
        assert (parts.username, parts.path) == (f"timebank_{service}", f"/timebank_{service}")
        assert (parts.hostname, parts.port, parts.query) == ("db.example", 5433, "sslmode=require")


def test_the_gateway_knows_no_database_and_alone_the_issuer_key(
    processes: dict[str, Process],
) -> None:
    assert "TIMEBANK_DATABASE_URL" not in processes["gateway"].environment
    knowing = [n for n, p in processes.items() if "TIMEBANK_DEV_ISSUER_KEY" in p.environment]
    assert knowing == ["gateway"]


def test_only_the_ready_made_accounts_are_told_the_ready_made_systems_key(
    processes: dict[str, Process],
) -> None:
    knowing = [n for n, p in processes.items() if "TIMEBANK_DEV_CLIENT_KEY" in p.environment]
    assert knowing == ["development-accounts"]


def test_no_process_of_the_business_is_told_the_administrators_word(
    processes: dict[str, Process],
) -> None:
    for process in processes.values():
        assert not any("root:secret" in value for value in process.environment.values())
        assert "PGHOST" not in process.environment


def test_every_process_carries_the_mark_it_is_found_by(
    processes: dict[str, Process], tmp_path: Path
) -> None:
    assert {process.environment[MARK] for process in processes.values()} == {str(tmp_path)}


def test_a_service_starts_after_its_migrations(processes: dict[str, Process]) -> None:
    assert processes["ledger"].after == ("migrate-ledger",)
    assert processes["migrate-ledger"].after == ("databases",)


def test_every_port_is_another(made: plan.Plan) -> None:
    addresses = list(made.installation.health_urls.values())
    assert len(set(addresses)) == len(addresses) == 7


def test_two_clones_never_share_a_folder_or_a_node_name(tmp_path: Path) -> None:
    one, other = (places("demo", tmp_path / name) for name in ("one", "other"))
    assert one.folder != other.folder
    assert one.broker_node != other.broker_node
    for each in (one, other):
        shutil.rmtree(each.folder.parent)


def test_what_is_secret_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    write_private(tmp_path / "secrets.json", "{}")
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
