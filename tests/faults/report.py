"""Writes what came of the faults: a table for a person and JSON of a stable shape."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults.scenario import Result, Scenario

HEADINGS = (
    "fault", "cases", "exchanges", "lost", "doubled", "ghost",
    "first success s", "empty s", "redelivered", "mails twice", "",
)  # fmt: skip
"""The two in seconds are the median, the 95th percentile and the maximum."""

UNLIKE_PRODUCTION = (
    "On these platforms, unlike the settings' defaults: a call is given up after 4 s instead of"
    " 10, a mail's lease is 6 s, retries follow within seconds, requests are not limited."
)
FIRST_SUCCESS = (
    "first success: until the next exchange settled, from the end of the fault; of F1, F2 and F7"
    " until the process that died was ready again, from its death."
)

Done = Mapping[Scenario, Result]


def table(done: Done) -> str:
    """One line a fault, and below it whatever was not as promised."""
    rows = [HEADINGS, *(_row(scenario, result) for scenario, result in done.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, "", FIRST_SUCCESS, UNLIKE_PRODUCTION, *_left_out(done), "",
                      *_remarks(done)])  # fmt: skip


def _left_out(done: Done) -> list[str]:
    """One sentence that counts what was not put in, so that nobody takes it for shown."""
    names = [scenario.name for scenario, result in done.items() if result.left_out]
    return [f"NOT PUT IN: {', '.join(names)}, for the reason in the last column."] if names else []


def _row(scenario: Scenario, result: Result) -> tuple[str, ...]:
    return (
        scenario.name,
        str(result.cases),
        str(result.exchanges),
        str(result.lost),
        str(result.doubled),
        str(result.ghost),
        _spread(result.first_success),
        _spread(result.empty),
        str(result.redelivered),
        str(result.duplicate_mails),
        result.left_out or ("ok" if result.sound else "NOT SOUND"),
    )


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "-"
    return " / ".join(f"{value:.1f}" for value in percentiles(seconds).values())


def _remarks(done: Done) -> list[str]:
    lines = []
    for scenario, result in done.items():
        if result.left_out:
            continue
        lines.append(f"{scenario.name}  {scenario.meaning}")
        lines += [f"    {name}: {value:g}" for name, value in result.measured.items()]
        lines += [
            f"    {code} is {count}, not 0" for code, count in result.figures.items() if count
        ]
        lines += [f"    {sentence}" for sentence in result.wrong]
    return lines


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum, each a value that was really measured."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    ranks = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {
        name: round(ordered[max(0, math.ceil(rank * len(ordered)) - 1)], 2)
        for name, rank in ranks.items()
    }


def as_json(done: Done, run: Mapping[str, Any]) -> dict[str, Any]:
    """
    Args:
        run: what is true of the whole run: commit, seed, minutes, machine.
    """
    return {
        **run,
        "sound": all(result.sound for result in done.values()),
        "faults": {
            scenario.name: {
                "meaning": scenario.meaning,
                **asdict(result),
                "first_success": percentiles(result.first_success),
                "empty": percentiles(result.empty),
                "sound": result.sound,
            }
            for scenario, result in done.items()
        },
    }


def write(folder: Path, content: Mapping[str, Any], *, latest: bool = True) -> Path:
    """Keep a run beside the ones before, and as the latest."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=2, default=list) + "\n"
    if latest:
        (folder / "latest.json").write_text(text)
    kept = folder / f"{content['began'].replace(':', '')}.json"
    kept.write_text(text)
    return kept
