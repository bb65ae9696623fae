"""Proves that the dashboards are current, small enough to be read, and name what exists."""

from __future__ import annotations

import re

import pytest
import yaml

from deploy.grafana import __main__ as grafana
from deploy.grafana.boards import BOARDS, EVERY_SERVICE, GRAPHS, LINES, Board, Graph, Line
from deploy.local.plan import KINDS
from tests.deploy import alerting

FEW = re.compile(r"(?:top|bottom)k\((\d+), .*\)", re.DOTALL)
APART = re.compile(r"\bby \((?!le\))")


def graphs() -> list[tuple[Board, Graph]]:
    return [(board, graph) for board in BOARDS for graph in board.graphs]


def named(pair: object) -> str:
    return getattr(pair, "title", "")


def most_lines(line: Line) -> int:
    """How many lines an expression can become: as many as it lets through, else one."""
    few = FEW.fullmatch(line.expression)
    return int(few[1]) if few else 1


def test_the_files_are_what_the_program_writes_today() -> None:
    there = {path.name: path.read_text() for path in grafana.FOLDER.iterdir()}

    assert there == grafana.all_files(), "run `python -m deploy.grafana`"


@pytest.mark.parametrize("board", BOARDS, ids=named)
def test_a_dashboard_has_at_most_ten_graphs_each_with_a_name_of_its_own(board: Board) -> None:
    titles = [graph.title for graph in board.graphs]

    assert 0 < len(titles) <= GRAPHS == 10
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(("board", "graph"), graphs(), ids=named)
def test_a_graph_has_at_most_five_lines_and_says_what_is_good(board: Board, graph: Graph) -> None:
    assert sum(most_lines(line) for line in graph.lines) <= LINES == 5
    assert graph.meaning.endswith(".")
    for line in graph.lines:
        several = "{{" in line.legend
        assert several == (most_lines(line) > 1), line
        assert several or not APART.search(line.expression), f"{line} could be any number of lines"


@pytest.mark.parametrize(("board", "graph"), graphs(), ids=named)
def test_a_graph_names_only_series_and_labels_there_are(board: Board, graph: Graph) -> None:
    for line in graph.lines:
        assert alerting.series_in(line.expression)
        assert not alerting.unknown_in(line.expression)


@pytest.mark.parametrize(("board", "graph"), graphs(), ids=named)
def test_what_a_reader_chooses_is_what_the_graphs_ask_for(board: Board, graph: Graph) -> None:
    asked = {name for line in graph.lines for name in re.findall(r"\$(\w+)", line.expression)}

    assert asked == ({board.choice[0]} if board.choice else set())


def test_every_process_is_on_the_board_of_services() -> None:
    assert set(EVERY_SERVICE) == {kind.name for kind in KINDS}


def test_grafana_finds_the_dashboards_and_the_source_they_name() -> None:
    folder = grafana.FOLDER.parent / "provisioning"
    sources = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text())["datasources"]
    providers = yaml.safe_load((folder / "dashboards/timebank.yaml").read_text())["providers"]

    assert [each["uid"] for each in sources] == [grafana.SOURCE["uid"]]
    assert providers[0]["options"]["path"].endswith(grafana.FOLDER.name)
