"""Proves that every alert fires for its fault, names only what exists, and says what to do."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
import yaml

from deploy import audit
from deploy.local import programs
from services.bus import topology
from services.contracts import readers, words
from tests.architecture import house
from tests.deploy import alerting
from tests.deploy.alerting import RULES, UNIT_TESTS

ENTRY = re.compile(r"^### (Timebank\w+)$", re.MULTILINE)


@pytest.fixture(scope="module", autouse=True)
def prometheus() -> None:
    programs.ensure_prometheus()


def promtool(*words: str) -> str:
    """What promtool says; an error is the test's."""
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_rules() -> None:
    assert f"{len(alerting.rules())} rules found" in promtool("check", "rules", str(RULES))


def test_every_alert_fires_for_its_fault_and_for_nothing_else() -> None:
    assert "SUCCESS" in promtool("test", "rules", str(UNIT_TESTS))


def unit_cases() -> list[dict[str, Any]]:
    cases = yaml.safe_load(UNIT_TESTS.read_text())["tests"]
    return [each for case in cases for each in case["alert_rule_test"]]


@pytest.mark.parametrize("alert", alerting.alerts())
def test_an_alert_is_tested_where_it_fires_and_where_it_must_not(alert: str) -> None:
    cases = [case for case in unit_cases() if case["alertname"] == alert]

    assert any(case.get("exp_alerts") for case in cases), "it is never made to fire"
    assert any(not case.get("exp_alerts") for case in cases), "it is never silent"


def test_the_runbook_has_an_entry_for_each_alert_and_for_no_other() -> None:
    entries = ENTRY.findall(alerting.RUNBOOK.read_text())

    assert sorted(entries) == sorted(alerting.alerts())


@pytest.mark.parametrize("rule", [r for r in alerting.rules() if "alert" in r])
def test_an_alert_says_whom_it_calls_and_where_to_read_on(rule: dict[str, Any]) -> None:
    anchor = rule["annotations"]["runbook"]

    assert rule["labels"]["severity"] in ("page", "ticket")
    assert anchor == f"docs/runbook.md#{rule['alert'].lower()}"
    assert rule["annotations"]["summary"].endswith(".")


@pytest.mark.parametrize("rule", alerting.rules(), ids=lambda r: r.get("alert") or r["record"])
def test_a_rule_names_only_series_and_labels_there_are(rule: dict[str, Any]) -> None:
    assert alerting.series_in(rule["expr"])
    assert not alerting.unknown_in(rule["expr"])


@pytest.mark.parametrize(
    "wrong", ["timebank_lag > 1", 'timebank_link_up{region="london"} == 0', "timebank_rpc_seconds"]
)
def test_a_name_there_is_not_is_found(wrong: str) -> None:
    assert alerting.unknown_in(wrong)


def test_the_number_of_queues_that_must_exist_is_the_topologys() -> None:
    names = topology.Topology(*readers.TOPOLOGY)
    calls = len(words.ROUTES) * len(house.services())
    wanted = len(list(names.event_queues())) + calls
    rule = next(r for r in alerting.rules() if r.get("alert") == "TimebankQueueMissing")

    assert f"< {wanted}" in rule["expr"]
    assert str(wanted) in rule["annotations"]["summary"]


def test_the_figures_rules_catch_every_queue_of_the_topology_and_no_parked_one() -> None:
    rule = next(r for r in alerting.rules() if r.get("record") == "timebank:queue_consumers")
    patterns = re.findall(r'queue=~"([^"]+)"', rule["expr"])
    names = topology.Topology(*readers.TOPOLOGY)
    queues = [queue.name for queue in names.event_queues()]
    queues += [topology.rpc_queue(s, r) for s in house.services() for r in words.ROUTES]

    for queue in queues:
        assert any(re.fullmatch(pattern, queue) for pattern in patterns), queue
    assert 'queue!~".+[.]parked"' in rule["expr"]


def test_every_figure_of_the_audit_calls_somebody_exactly_once() -> None:
    selections = [
        re.findall(r'code=~"([^"]+)"', rule["expr"])
        for rule in alerting.rules()
        if rule.get("alert", "").startswith("TimebankAudit")
    ]
    patterns = [pattern for found in selections for pattern in found]

    for figure in audit.FIGURES:
        matching = [p for p in patterns if re.fullmatch(p, figure.code)]
        assert len(matching) == 1, figure.code
