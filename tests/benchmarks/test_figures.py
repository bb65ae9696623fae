"""Proves what the figures of a run are made of, and that their JSON and plot stay readable."""

import json
import xml.dom.minidom

from tests.benchmarks import deals, report
from tests.benchmarks.figures import Figures, percentile


def measured():
    figures = Figures()
    for rate in (90.0, 100.0, 120.0):
        figures.add("hop", "ours <&>", "events/s", rate)
    figures.add("hop", "a peer", "events/s", 5.0, wrong=["3 transfers lost"])
    figures.lack("another", "it is not installed")
    return figures


def test_a_figure_is_the_median_of_its_rounds_with_their_spread():
    (ours, _) = measured().of("hop")

    assert ours.median == 100.0
    assert ours.spread == 0.3


def test_a_rate_whose_books_are_wrong_does_not_count():
    (_, peer) = measured().of("hop")

    assert peer.median is None
    assert peer.wrong == ["3 transfers lost"]


def test_a_percentile_is_one_of_the_values():
    assert percentile(range(1, 101), 0.95) == 95
    assert percentile([7.0], 0.99) == 7.0


def test_the_json_has_its_shape_and_names_what_is_missing():
    run = json.loads(json.dumps(report.as_json(measured(), {"cores": 2}, {"rounds": 3})))

    assert run["shape"] == 1
    assert run["not_measured"] == {"another": "it is not installed"}
    assert run["figures"][0] == {
        "experiment": "hop", "name": "ours <&>", "unit": "events/s", "median": 100.0,
        "spread": 0.3, "values": [90.0, 100.0, 120.0], "wrong": [],
    }  # fmt: skip


def test_the_plot_is_an_image_and_the_table_shows_what_an_audit_found():
    figures = measured()

    assert xml.dom.minidom.parseString(report.plot(figures)).getElementsByTagName("svg")
    assert "AUDIT: 3 transfers lost" in report.table(figures, {})


def test_work_holds_every_deal_once_and_some_events_twice():
    work = deals.work(10, 1000, seed=1)

    assert set(work.feed) == set(work.deals)
    assert 1020 <= len(work.feed) <= 1090
    assert all(deal.giver_id != deal.receiver_id for deal in work.deals)
    assert sum(work.held().values()) == sum(deal.minutes for deal in work.deals)
