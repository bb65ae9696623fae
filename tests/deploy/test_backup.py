"""Proves that a backup is of one moment, comes back whole, and is refused where it must be."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from deploy import backup, restore
from deploy.local import databases, installation
from deploy.local.installation import Installation
from deploy.local.places import REPOSITORY, Places, Problem, places
from services.bus import migrate
from tests.deploy.one_server import SERVICES, served

SAID, HEARD = SERVICES


class Writer:
    """Says a number in one database and hears it in another, again and again."""

    def __init__(self, at: Installation, stack: ExitStack) -> None:
        self.said, self.heard = (
            stack.enter_context(psycopg.connect(at.database_urls[name], autocommit=True))
            for name in (SAID, HEARD)
        )
        self.count = 0

    def write(self) -> None:
        self.count += 1
        for conn in (self.said, self.heard):
            conn.execute("insert into inbox (event_id) values (%s)", [str(self.count)])


@contextmanager
def fresh(name: str) -> Iterator[Places]:
    where = places(name)
    shutil.rmtree(where.folder)
    yield places(name)
    shutil.rmtree(where.folder)


@pytest.fixture(scope="module")
def target() -> Iterator[Places]:
    with fresh("restored-here") as where:
        yield where


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, int]:
    """A backup taken by the command while somebody writes, and what was written before and
    until it was done."""
    folder = tmp_path_factory.mktemp("backups") / "one"
    with fresh("backed-up-here") as where, served(where) as at, ExitStack() as stack:
        databases.prepare(at.administrator_url, at.database_urls)
        for name, url in at.database_urls.items():
            migrate.apply(url, f"services.{name}")
        installation.write(where, at)
        writer = Writer(at, stack)
        writer.write()
        command = [sys.executable, "-m", "deploy.backup", "--instance", where.instance]
        running = subprocess.Popen(
            [*command, "--to", str(folder)], cwd=REPOSITORY, stdout=subprocess.PIPE
        )
        while running.poll() is None:
            writer.write()
        assert running.returncode == 0, running.stdout
        writer.write()
    return folder, 1, writer.count


@contextmanager
def other_words(file: Path, old: bytes, new: bytes) -> Iterator[None]:
    """Something else in a file for a while."""
    before = file.read_bytes()
    assert old in before
    file.write_bytes(before.replace(old, new))
    yield
    file.write_bytes(before)


def test_two_databases_come_back_as_of_one_moment(
    taken: tuple[Path, int, int], target: Places
) -> None:
    folder, before, after = taken
    restore.restore(folder, target)

    with served(target) as at:
        said, heard = (_greatest(at, name) for name in (SAID, HEARD))

    assert heard <= said <= heard + 1, "what was heard was said, and nothing else is missing"
    assert before < said < after, "it was taken while both were written"


def _greatest(at: Installation, service: str) -> int:
    """As the administrator, by the password of the installation it came into."""
    url = databases.other_database(at.administrator_url, f"timebank_{service}")
    with psycopg.connect(url) as connection:
        row = connection.execute("select max(event_id::int), count(*) from inbox").fetchone()
    assert row is not None
    assert row[0] == row[1], "none in between is missing"
    return int(row[0])


def test_an_instance_with_data_is_refused_and_its_data_can_be_put_aside(
    taken: tuple[Path, int, int], target: Places
) -> None:
    if not target.database.exists():
        restore.restore(taken[0], target)
    target.broker.mkdir()

    with pytest.raises(Problem, match=r"holds data \(database, broker in"):
        restore.restore(taken[0], target)

    restore.restore(taken[0], target, put_aside=True)
    aside = sorted(each.name.split(".")[0] for each in target.folder.glob("*.before-*"))
    assert aside == ["broker", "database"]
    assert not target.broker.exists(), "messages of another time are out of the way"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("data/global/pg_control", b"\0\0\0\0", b"\0\0\0\1", "checksum mismatch"),
        ("data/backup_manifest", b"SHA256", b"SHA512", "not the list"),
        ("backup.json", b"0001_ledger", b"9999_ledger", "knows no migration 9999_ledger"),
        ("backup.json", b"checksum", b"checkword", "is not a backup"),
    ],
)
def test_a_backup_that_is_not_what_was_written_is_refused_before_anything_is_touched(
    taken: tuple[Path, int, int], file: str, old: bytes, new: bytes, said: str
) -> None:
    with fresh("restored-not") as where, other_words(taken[0] / file, old, new):
        with pytest.raises(Problem, match=said):
            restore.restore(taken[0], where)

        assert not where.database.exists()


def test_a_file_too_many_is_refused_as_one_that_is_missing(taken: tuple[Path, int, int]) -> None:
    extra = taken[0] / "data" / "base" / "extra"
    extra.touch()
    with pytest.raises(Problem, match="extra"):
        backup.verify(taken[0])
    extra.unlink()

    version = taken[0] / "data" / "PG_VERSION"
    content = version.read_text()
    version.unlink()
    with pytest.raises(Problem, match="PG_VERSION"):
        backup.verify(taken[0])
    version.write_text(content)


def test_a_backup_is_never_written_over_another(taken: tuple[Path, int, int]) -> None:
    nowhere = Installation("nobody", "", "postgresql://nobody@127.0.0.1:1/postgres")

    with pytest.raises(Problem, match="exists"):
        backup.take(nowhere, taken[0])


def test_a_backup_that_fails_leaves_nothing_that_looks_like_one(tmp_path: Path) -> None:
    nowhere = Installation("nobody", "", "postgresql://nobody@127.0.0.1:1/postgres")

    with pytest.raises(Problem, match="pg_basebackup failed"):
        backup.take(nowhere, tmp_path / "one")

    assert not list(tmp_path.iterdir())


def test_a_backup_says_what_it_is_and_only_its_owner_reads_it(
    taken: tuple[Path, int, int],
) -> None:
    found = backup.verify(taken[0])

    assert set(found.migrations) == set(SERVICES)
    assert "0001_ledger" in found.migrations["ledger"]
    assert found.begun_at <= found.taken_at
    assert taken[0].stat().st_mode & 0o077 == 0
    assert "checksum" in json.loads((taken[0] / backup.DESCRIPTION).read_text())


def test_servers_that_are_not_ours_are_never_restored_into(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("TIMEBANK_DATABASE_URL", "postgresql://somebody@else/postgres")

    assert restore.main([str(tmp_path)]) == 1
    assert "unset TIMEBANK_AMQP_URL" in capsys.readouterr().err
