"""Proves that a target is met by the figures alone, and never by their absence."""

import pytest

from tests.benchmarks import report, targets
from tests.benchmarks.figures import Figures
from tests.benchmarks.targets import Target, figure, ratio

FASTER = Target("ours to theirs", "x", "at least", 1.5, ratio("hop", "ours", "theirs", "events/s"))
SHORTER = Target("wait", "ms", "at most", 10, figure("hop", "ours", "ms"))


def hop(ours, theirs):
    figures = Figures()
    for rate in ours:
        figures.add("hop", "ours", "events/s", rate)
    for rate in theirs:
        figures.add("hop", "theirs", "events/s", rate)
    return figures


def named(figures, name):
    return next(each for each in targets.results(figures) if each.target.name == name)


def test_a_ratio_compares_each_round_with_itself():
    # Medians alone would say 90 to 20: they are of different rounds.
    assert FASTER.result(hop([100, 10, 90], [50, 10, 20])).value == 2.0


def test_medians_are_compared_when_a_round_is_missing():
    assert FASTER.result(hop([100, 300], [100])).value == 2.0


@pytest.mark.parametrize(("rate", "met"), [(149, False), (150, True), (151, True)])
def test_a_ratio_must_reach_its_limit(rate, met):
    assert FASTER.result(hop([rate], [100])).met is met


@pytest.mark.parametrize(("wait", "met"), [(9.9, True), (10, True), (10.1, False)])
def test_a_wait_must_not_exceed_its_limit(wait, met):
    figures = Figures()
    figures.add("hop", "ours", "ms", wait)

    assert SHORTER.result(figures).met is met


def test_what_was_not_measured_is_neither_met_nor_missed():
    for result in (SHORTER.result(Figures()), FASTER.result(hop([100], []))):
        assert result.value is None
        assert result.met is None


def test_a_round_that_failed_its_audit_meets_nothing():
    figures = hop([], [100])
    figures.add("hop", "ours", "events/s", 500, wrong=["3 transfers lost"])

    assert FASTER.result(figures).met is None


@pytest.mark.parametrize("size", [5000, 50000])
def test_the_regions_are_compared_whatever_the_backlog(size):
    figures = Figures()
    figures.add(targets.REGIONS, "idle", "ms p95", 50)
    figures.add(targets.REGIONS, f"{size} standing elsewhere", "ms p95", 55)
    figures.add(targets.REGIONS, f"{size} draining elsewhere", "ms p95", 200)
    figures.add(targets.REGIONS, f"{size} in the same queue", "ms p95", 1000)
    standing = named(figures, "a region's p95 beside a standing backlog to its idle one")
    shared = named(figures, "p95 in one shared queue to p95 beside a draining backlog")

    assert standing.value == pytest.approx(1.1)
    assert standing.met
    assert shared.value == 5
    assert shared.met is False


def test_table_and_json_say_of_every_target_whether_it_was_met():
    figures = Figures()
    figures.add("whole pipeline", "completed to settled, told, reported", "exchanges/s", 250)
    run = report.as_json(figures, {}, {})
    rows = {row["name"]: row for row in run["targets"]}
    table = report.table(figures, {})

    assert len(rows) == len(targets.TARGETS)
    assert rows["whole pipeline"] == {
        "name": "whole pipeline", "value": 250, "unit": "exchanges/s", "bound": "at least",
        "limit": 300, "met": False,
    }  # fmt: skip
    assert rows["ledger hop"]["met"] is None
    assert all(name in table for name in rows)
    assert "MISSED" in table
    assert "not measured" in table
