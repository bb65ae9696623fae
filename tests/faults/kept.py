"""Keeps F1's cases over runs, so that seeds add up, and sums them up."""

from __future__ import annotations

import datetime
import fcntl
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.local.places import REPOSITORY
from tests.faults.measured import Case
from tests.faults.report import percentiles
from tests.faults.version import commit, tested

FILE = REPOSITORY / "var" / "faults" / "f1.json"
RESULTS = REPOSITORY / "tests" / "faults" / "results"

Cases = dict[str, dict[str, Any]]
"""By place, then seed; of a case that never reached its point only that is kept."""


class Kept:
    """Cases by what was tested, place and seed; several runs may share the file."""

    def __init__(self, file: Path = FILE) -> None:
        self.file, self.tested = file, tested()
        self._turn = threading.Lock()
        self._taken: set[tuple[str, int]] = set()
        self.here: Cases = self._read().get(self.tested, {})

    def _read(self) -> dict[str, Cases]:
        found: dict[str, Cases] = json.loads(self.file.read_text()) if self.file.exists() else {}
        return found

    def add(self, place: str, seed: int, case: Case | None) -> bool:
        """Keep a case; not when the code has changed since the run began.

        Returns:
            Whether it was kept.
        """
        if tested() != self.tested:
            return False
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        entry = {"commit": commit(), "at": now, "reached": case is not None}
        with self._alone() as everything:
            self.here = everything.setdefault(self.tested, {})
            self.here.setdefault(place, {})[str(seed)] = entry | (vars(case) if case else {})
        return True

    @contextmanager
    def _alone(self) -> Iterator[dict[str, Cases]]:
        """What is in the file, to be changed while nobody else does."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self._turn, self.file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            everything = self._read()
            yield everything
            draft = self.file.with_suffix(".new")
            draft.write_text(json.dumps(everything, indent=1) + "\n")
            draft.replace(self.file)

    def take(self, wanted: Callable[[Cases], Iterator[tuple[str, int]]]) -> tuple[str, int] | None:
        """The first case that is wanted, not done yet, and not taken by another worker."""
        with self._turn:
            for place, seed in wanted(self.here):
                if (place, seed) not in self._taken and str(seed) not in self.here.get(place, {}):
                    self._taken.add((place, seed))
                    return place, seed
        return None

    def summary(self) -> dict[str, Any]:
        """What all runs have shown of the code as it is; of a stable shape."""
        everything = self._read()
        cases = {
            place: [case for case in seeds.values() if case["reached"]]
            for place, seeds in sorted(everything.get(self.tested, {}).items())
        }
        return {
            "tested": self.tested,
            "commits": sorted({case["commit"] for all_ in cases.values() for case in all_}),
            "places": {place: _sum(all_) for place, all_ in cases.items() if all_},
            "total": _sum([case for all_ in cases.values() for case in all_]),
        }


def _sum(cases: list[dict[str, Any]]) -> dict[str, Any]:
    def figures(*codes: str) -> int:
        return sum(case["figures"].get(code, 0) for case in cases for code in codes)

    return {
        "cases": len(cases),
        "exchanges": sum(case["exchanges"] for case in cases),
        "lost": figures("A1"),
        "doubled": figures("A2"),
        "ghost": figures("A3"),
        "other figures": figures(*(f"A{number}" for number in range(4, 12))),
        "not sound": sum(1 for case in cases if any(case["figures"].values()) or case["wrong"]),
        "first_success": percentiles([s for case in cases for s in case["first_success"]]),
        "empty": percentiles([s for case in cases for s in case["empty"]]),
        "redelivered": sum(case["redelivered"] for case in cases),
        "duplicate_mails": sum(case["duplicate_mails"] for case in cases),
    }


def told(summary: Mapping[str, Any]) -> str:
    """A summary as lines for a person."""
    columns = ("cases", "exchanges", "lost", "doubled", "ghost", "other figures", "not sound",
               "first_success", "empty", "redelivered", "duplicate_mails")  # fmt: skip
    rows = [("place", *columns)]
    for name, sums in (*summary["places"].items(), ("all", summary["total"])):
        rows.append((name, *(_cell(sums[column]) for column in columns)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    seeds = [sums["cases"] for sums in summary["places"].values()]
    head = (
        f"F1, tested {summary['tested']} (commits {', '.join(summary['commits'])}):"
        f" {len(seeds)} points, {min(seeds, default=0)} to {max(seeds, default=0)} seeds each"
    )
    return "\n".join([head, *lines])


def _cell(value: int | Mapping[str, float]) -> str:
    if isinstance(value, int):
        return str(value)
    return " / ".join(f"{each:.1f}" for each in value.values()) or "-"


def record(summary: Mapping[str, Any], folder: Path = RESULTS) -> Path:
    """Keep a summary in the repository."""
    folder.mkdir(exist_ok=True)
    file = folder / "F1.json"
    file.write_text(json.dumps(summary, indent=2) + "\n")
    return file
