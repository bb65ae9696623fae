"""Shows the figures: a table for the terminal, JSON to keep, a plot for the page."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.benchmarks import targets
from tests.benchmarks.figures import Figure, Figures
from tests.benchmarks.targets import Result

SHAPE = 1
"""Of the JSON; grows when a field changes its meaning or goes."""
ROW, LABEL, WIDTH, TOP = 22, 330, 900, 40
"""Pixels of the plot."""
BAR, SPREAD, INK = "#005eb8", "#212b32", "#212b32"


def table(figures: Figures, machine: dict[str, Any]) -> str:
    """Everything measured, an experiment after the other."""
    lines = ["", *(f"{name}: {value}" for name, value in machine.items())]
    for experiment in figures.experiments():
        lines += ["", f"{experiment:<56}{'median':>12}{'spread':>9}  unit"]
        for figure in figures.of(experiment):
            lines.append(_row(figure))
    lines += ["", f"{'must show':<56}{'found':>12}{'':>9}  target"]
    lines += [_target(result) for result in targets.results(figures)]
    lines += ["", *(f"not measured: {name}: {why}" for name, why in figures.missing.items())]
    return "\n".join([*lines, *figures.notes])


def _row(figure: Figure) -> str:
    wrong = f"  AUDIT: {'; '.join(figure.wrong[:3])}" if figure.wrong else ""
    if figure.median is None:
        return f"  {figure.name:<54}{'none':>12}{'':>9}  {figure.unit}{wrong}"
    spread = f"{100 * (figure.spread or 0):.0f} %"
    return f"  {figure.name:<54}{_number(figure.median):>12}{spread:>9}  {figure.unit}{wrong}"


def _target(result: Result) -> str:
    target = result.target
    found = "none" if result.value is None else _number(result.value)
    said = {None: "not measured", True: "met", False: "MISSED"}[result.met]
    wanted = f"{target.bound} {_number(target.limit)} {target.unit}"
    return f"  {target.name:<54}{found:>12}{'':>9}  {wanted}: {said}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def as_json(figures: Figures, machine: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """The run as data; ``shape`` tells its readers what to expect."""
    return {
        "shape": SHAPE,
        "measured_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "settings": settings,
        "figures": [figure.as_json() for figure in figures.all.values()],
        "targets": [result.as_json() for result in targets.results(figures)],
        "not_measured": figures.missing,
        "notes": figures.notes,
    }


def write(folder: Path, name: str, run: dict[str, Any], figures: Figures) -> None:
    """Write ``<name>.json`` and ``<name>.svg``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(run, indent=1) + "\n")
    (folder / f"{name}.svg").write_text(plot(figures))


def plot(figures: Figures) -> str:
    """Bars for the medians, lines for the spread; each experiment and unit has its own scale."""
    groups: dict[tuple[str, str], list[Figure]] = {}
    for figure in figures.all.values():
        if figure.values and figure.unit != "cores":
            groups.setdefault((figure.experiment, figure.unit), []).append(figure)
    parts: list[str] = []
    y = TOP
    for (experiment, unit), members in groups.items():
        parts.append(_text(10, y, f"{experiment}, {unit}", "bold"))
        scale = (WIDTH - LABEL - 90) / max(max(figure.values) for figure in members)
        for figure in members:
            y += ROW
            parts += _bar(figure, y, scale)
        y += 2 * ROW
    size = f'width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">'
    return "\n".join([head, f'<rect width="{WIDTH}" height="{y}" fill="white"/>', *parts, "</svg>"])


def _bar(figure: Figure, y: int, scale: float) -> list[str]:
    median = figure.median or 0.0
    low, high = LABEL + min(figure.values) * scale, LABEL + max(figure.values) * scale
    return [
        _text(10, y, figure.name),
        f'<rect x="{LABEL}" y="{y - 11}" width="{median * scale:.1f}" height="14" fill="{BAR}"/>',
        f'<path d="M{low:.1f} {y - 4}H{high:.1f}" stroke="{SPREAD}" stroke-width="2"/>',
        _text(round(high) + 8, y, _number(median)),
    ]


def _text(x: int, y: int, text: str, weight: str = "normal") -> str:
    style = f'font-size="13" font-weight="{weight}" fill="{INK}"'
    return f'<text x="{x}" y="{y}" {style}>{escape(text)}</text>'
