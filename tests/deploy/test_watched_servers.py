"""Proves on real servers that replicas falling behind and certificates ending are told of."""

from __future__ import annotations

import datetime
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from prometheus_client import REGISTRY

from deploy import audit_watch, watched_servers
from deploy.audit_sources import Sources
from deploy.local import certificates, databases, plan
from deploy.local.installation import Installation
from deploy.local.places import Places, identity_of, own, places, server_user, write_private
from deploy.watched_servers import Place
from services.bus.settings import SettingError
from tests.deploy.one_server import served
from tests.faults.platform import until

ENDS = "timebank_certificate_ends_timestamp_seconds"
PRIMARY, NAME = "watched-primary", "replica"


@pytest.fixture(scope="module")
def primary() -> Iterator[tuple[Installation, str]]:
    """A server, and the address of a role that may only read and see statistics."""
    where = places(PRIMARY)
    with served(where) as at:
        services = {"ledger": at.database_urls["ledger"]}
        auditor = plan.service_url(at.administrator_url, "ledger", "words", plan.AUDITOR)
        databases.prepare(at.administrator_url, services, {"ledger": auditor})
        yield at, auditor
    shutil.rmtree(where.folder)


@pytest.fixture(scope="module")
def replica(primary: tuple[Installation, str]) -> Iterator[Installation]:
    """A server that follows the primary, and shows a certificate."""
    where = places("watched-replica")
    source = primary[0].administrator_url
    data = own(where.database, server_user())
    subprocess.run(
        ["pg_basebackup", "--pgdata", str(data), "--write-recovery-conf", "--checkpoint=fast",
         "--dbname", f"{source}?application_name={NAME}", "--no-sync"],
        check=True, cwd=data, **identity_of(server_user()),
    )  # fmt: skip
    (where.folder / "database-made").touch()
    shutil.copyfile(places(PRIMARY).secrets, where.secrets)  # its passwords are the primary's
    _show_certificate(where)
    with served(where, "ssl=on") as at:
        yield at
    shutil.rmtree(where.folder)


def _show_certificate(where: Places) -> None:
    shown = certificates.issue(certificates.new_authority(), "127.0.0.1")
    write_private(where.database / "server.crt", shown.certificate, server_user())
    write_private(where.database / "server.key", shown.key, server_user())


def test_a_server_without_replicas_has_none(primary: tuple[Installation, str]) -> None:
    assert watched_servers.replicas(primary[1]) == {}


def test_a_replica_that_stands_still_falls_behind_and_catches_up(
    primary: tuple[Installation, str], replica: Installation
) -> None:
    at, auditor = primary

    def behind() -> int:
        return watched_servers.replicas(auditor).get(f"{NAME}@127.0.0.1", -1)

    assert until(lambda: behind() == 0), "the audit's role sees it"
    with psycopg.connect(replica.administrator_url, autocommit=True) as there:
        there.execute("select pg_wal_replay_pause()")
        with psycopg.connect(at.administrator_url, autocommit=True) as here:
            here.execute("create table filled as select generate_series(1, 10000) as n")
            assert until(lambda: behind() > 100_000)
            watch = audit_watch.Watch(Sources({"ledger": auditor}))
            watch.look_at_replicas()
            told = {"service": "ledger", "replica": f"{NAME}@127.0.0.1"}
            assert (REGISTRY.get_sample_value("timebank_replica_behind_bytes", told) or 0) > 100_000
            assert REGISTRY.get_sample_value("timebank_replicas", {"service": "ledger"}) == 1
            there.execute("select pg_wal_replay_resume()")
            assert until(lambda: behind() == 0)


def test_a_server_that_does_not_answer_has_no_replicas_told() -> None:
    watch = audit_watch.Watch(Sources({"ledger": "postgresql://nobody@127.0.0.1:1/nothing"}))
    watch.look_at_replicas()

    assert REGISTRY.get_sample_value("timebank_replicas", {"service": "ledger"}) is None


def test_the_end_of_a_databases_certificate_is_seen_without_trusting_it(
    replica: Installation, primary: tuple[Installation, str]
) -> None:
    shown = {"a": replica.administrator_url, "b": primary[0].administrator_url}

    found = watched_servers.certificates(shown, "amqp://nobody@127.0.0.1:1/")

    (place, ends), *others = found.items()
    assert not others, "one that does not encrypt has none"
    assert place.kind == "database"
    assert ends is not None
    assert ends - datetime.datetime.now(datetime.UTC) > certificates.LIFE - datetime.timedelta(1)


def test_of_a_file_the_first_end_counts(tmp_path: Path) -> None:
    shown = certificates.issue(certificates.new_authority(), "timebank.example")
    file = tmp_path / "tls.crt"
    file.write_text(shown.certificate + certificates.new_authority().pem)

    found = watched_servers.certificates({}, "", (str(file),))[Place("file", str(file))]

    assert found is not None
    assert found - datetime.datetime.now(datetime.UTC) <= certificates.LIFE


def test_a_certificate_that_was_never_seen_ended_long_ago_and_one_seen_once_ends_when_it_did(
    tmp_path: Path,
) -> None:
    file = tmp_path / "tls.crt"
    watch = audit_watch.Watch(Sources({}, "amqps://nobody@127.0.0.1:1/"), (str(file),))

    watch.look_at_certificates()
    assert _told("broker", "127.0.0.1:1") == 0
    assert _told("file", str(file)) == 0

    file.write_text(certificates.new_authority().pem)
    watch.look_at_certificates()
    ends = _told("file", str(file))
    assert ends is not None
    assert ends > 0

    file.unlink()
    watch.look_at_certificates()
    assert _told("file", str(file)) == ends


def _told(kind: str, at: str) -> float | None:
    return REGISTRY.get_sample_value(ENDS, {"kind": kind, "at": at})


@pytest.mark.parametrize("wrong", ["http://timebank.example", "/nowhere/tls.crt", "none,none"])
def test_what_is_neither_an_https_address_nor_a_file_is_refused(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(audit_watch.CERTIFICATES.name, wrong)

    with pytest.raises(SettingError):
        audit_watch.CERTIFICATES.read()


def test_several_brokers_and_several_hosts_of_a_database_are_each_looked_at() -> None:
    found = watched_servers.certificates(
        {"ledger": "postgresql://a:b@127.0.0.1:1,127.0.0.1:2/ledger?sslmode=verify-full"},
        "amqps://a:b@127.0.0.1:3/v;amqps://a:b@127.0.0.1:4/v",
        ("https://127.0.0.1:5",),
    )

    assert {(place.kind, place.at[-1]) for place in found} == {
        ("database", "1"), ("database", "2"), ("broker", "3"), ("broker", "4"), ("gateway", "5"),
    }  # fmt: skip
