"""Writes the dashboards as Grafana reads them: `python -m deploy.grafana`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from deploy.grafana.boards import BOARDS, Board, Graph

FOLDER = Path(__file__).with_name("dashboards")
SOURCE = {"type": "prometheus", "uid": "prometheus"}
WIDTH, HEIGHT, ACROSS = 12, 8, 2
"""Of a graph on Grafana's grid of 24 columns, and how many stand side by side."""


def all_files() -> dict[str, str]:
    """Text of every dashboard by its file's name."""
    return {
        f"{board.uid}.json": json.dumps(_board(board), indent=1, ensure_ascii=False) + "\n"
        for board in BOARDS
    }


def _board(board: Board) -> dict[str, Any]:
    return {
        "uid": board.uid,
        "title": board.title,
        "tags": ["timebank"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_choice(*board.choice)] if board.choice else []},
        "panels": [_panel(number, graph) for number, graph in enumerate(board.graphs)],
    }


def _choice(name: str, values: tuple[str, ...]) -> dict[str, Any]:
    first = {"text": values[0], "value": values[0], "selected": True}
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "custom",
        "query": ",".join(values),
        "current": first,
        "options": [{"text": value, "value": value, "selected": False} for value in values],
        "multi": False,
        "includeAll": False,
    }


def _panel(number: int, graph: Graph) -> dict[str, Any]:
    row, column = divmod(number, ACROSS)
    defaults: dict[str, Any] = {"unit": graph.unit, "min": 0}
    if graph.limit is not None:
        steps = [{"color": "green", "value": None}, {"color": "red", "value": graph.limit}]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
        defaults["custom"] = {"thresholdsStyle": {"mode": "line"}}
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": graph.title,
        "description": graph.meaning,
        "datasource": SOURCE,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}},
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": SOURCE,
                "expr": line.expression,
                "legendFormat": line.legend,
            }
            for place, line in enumerate(graph.lines)
        ],
    }


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    for name, text in all_files().items():
        (FOLDER / name).write_text(text)
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
