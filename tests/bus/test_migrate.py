"""Proves that a migration gives way to whoever is served, and comes about all the same."""

import psycopg
import pytest

from services.bus import migrate


@pytest.fixture
def url(service_database, tmp_path, monkeypatch):
    """A database, and a migration yet to come that wants a table for itself."""
    made = service_database("services.bus")
    (tmp_path / "9001_wanted.sql").write_text("alter table outbox add column wanted integer;\n")
    monkeypatch.setattr(migrate, "folders", lambda package: [tmp_path])
    return made


def test_a_migration_waits_for_a_lock_only_shortly_and_is_tried_again(url, monkeypatch):
    with psycopg.connect(url) as busy:
        busy.execute("lock table outbox in row exclusive mode")
        pauses = []

        def others_go_first(seconds):
            pauses.append(seconds)
            if len(pauses) == 2:
                busy.commit()

        monkeypatch.setattr("services.bus.migrate.time.sleep", others_go_first)
        migrate.apply(url, "services.bus")

        assert pauses == [migrate.PAUSE] * 2
        assert busy.execute("select wanted from outbox").fetchall() == []


def test_a_migration_that_never_gets_its_lock_fails_and_changes_nothing(url, monkeypatch):
    monkeypatch.setattr(migrate, "TRIES", 2)
    monkeypatch.setattr(migrate, "PAUSE", 0)
    with psycopg.connect(url) as busy:
        busy.execute("lock table outbox in row exclusive mode")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            migrate.apply(url, "services.bus")
        with pytest.raises(psycopg.errors.UndefinedColumn):
            busy.execute("select wanted from outbox")
