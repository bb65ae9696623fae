"""Proves that a real Prometheus finds in a running platform what the rules are made of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.error import HTTPError

import pytest

from deploy.grafana.boards import BOARDS
from deploy.local import broker, programs
from deploy.local.installation import Installation
from tests.deploy import alerting
from tests.system.watching import Watcher, until, watching


@pytest.fixture(scope="module")
def watcher(platform: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watcher]:
    programs.ensure_prometheus()
    port = int(os.environ[broker.METRICS_PORT])
    with watching(platform, port, tmp_path_factory.mktemp("prometheus")) as found:
        yield found


def test_every_process_and_the_broker_are_asked_and_nobody_is_called(watcher: Watcher) -> None:
    until(lambda: set(watcher.targets().values()) == {"up"}, watcher.targets)
    until(lambda: not watcher.firing(), watcher.firing)

    assert len(watcher.targets()) == 9, "six processes, the audit, the broker and its queues"
    assert watcher.value("count(timebank:queue_consumers > 0)") == 72


def test_the_series_of_the_rules_are_really_told(watcher: Watcher) -> None:
    wanted = {
        series
        for rule in alerting.rules()
        for series in alerting.series_in(rule["expr"])
        # what counts appears with its first event; one of each kind is enough to know the names
        if not series.startswith(("timebank_http", "timebank_notices", "timebank_queue_lag"))
        # a private server has neither; tests/deploy/test_watched_servers.py has both
        and series
        not in ("timebank_certificate_ends_timestamp_seconds", "timebank_replica_behind_bytes")
    }
    wanted -= alerting.recorded()

    missing = [name for name in sorted(wanted) if watcher.value(f"count({name})") is None]

    assert not missing


def test_prometheus_understands_every_expression_of_the_dashboards(watcher: Watcher) -> None:
    for board in BOARDS:
        name, values = board.choice or ("nothing", ("",))
        for graph in board.graphs:
            for line in graph.lines:
                asked = line.expression.replace(f"${name}", values[0])
                watcher.value(asked)  # raises for what is no expression

    with pytest.raises(HTTPError):
        watcher.value("topk(5, timebank_link_up")
