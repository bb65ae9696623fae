"""Proves that the watching audit tells its figures, and tells that it could not look."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import eventlet
import psycopg
import pytest

from deploy import audit, audit_watch
from deploy.audit_sources import SERVICES, Sources

WATCH_PORT = 0
"""Any free one."""


@pytest.fixture
def databases(service_database: Callable[[str], str]) -> dict[str, str]:
    return {service: service_database(f"services.{service}") for service in SERVICES}


@pytest.fixture
def serving() -> Iterator[Callable[[audit_watch.Watch], str]]:
    servers = []

    def serve(watch: audit_watch.Watch) -> str:
        server = audit_watch.serve(watch, "127.0.0.1", WATCH_PORT)
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def asked(address: str) -> tuple[int, str]:
    with eventlet.Timeout(10):
        try:
            with urllib.request.urlopen(address) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def test_every_figure_is_told_and_a_wrong_one_as_it_is(databases, serving) -> None:
    watch = audit_watch.Watch(Sources(databases))
    address = serving(watch)
    with psycopg.connect(databases["ledger"]) as conn:
        conn.execute(
            "insert into outbox (id, region, written_at)"
            " values (gen_random_uuid(), 'london', now() - interval '1 h')"
        )

    found = watch.look()
    status, metrics = asked(f"{address}/metrics")

    assert status == 200
    for figure in audit.FIGURES:
        line = f'timebank_audit_figure{{code="{figure.code}"}} {float(found[figure.code])}'
        assert line in metrics
    assert found["A11"] == 1
    assert 'timebank_audit_last_timestamp_seconds{outcome="complete"}' in metrics
    assert asked(f"{address}/_status")[0] == 200


def test_the_last_heartbeat_of_each_region_is_told_in_real_time(databases, serving) -> None:
    watch = audit_watch.Watch(Sources(databases))
    address = serving(watch)
    with psycopg.connect(databases["exchanges"]) as conn:
        conn.execute("update clock set ahead = interval '3 days'")
        conn.execute(
            "insert into heartbeat (region, minute)"
            " values ('london', timestamptz '2026-11-21T10:00Z' + interval '3 days')"
        )

    watch.look_at_heartbeats()

    wanted = 'timebank_heartbeat_last_timestamp_seconds{region="london"} 1.7952552e+09'
    assert wanted in asked(f"{address}/metrics")[1]


def test_a_database_out_of_reach_is_told_and_no_figure_is_made_up(databases, serving) -> None:
    nowhere = {**databases, "ledger": "postgresql://nobody@127.0.0.1:1/nothing"}
    watch = audit_watch.Watch(Sources(nowhere))
    address = serving(watch)

    assert watch.look() == {}

    status, body = asked(f"{address}/_status")
    assert (status, '"looked": false' in body) == (503, True)
    metrics = asked(f"{address}/metrics")[1]
    assert 'timebank_audit_last_timestamp_seconds{outcome="failed"}' in metrics
    assert asked(f"{address}/_ping")[0] == 200
