"""What was measured: figures by name, one a round, with their median and spread."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Figure:
    """One quantity, measured in every round.

    Attributes:
        experiment: it belongs to, such as ``ledger hop``.
        name: who or what was measured.
        unit: such as ``events/s`` or ``ms``.
        values: one for each round that passed its audit.
        wrong: what an audit found; such a round has no value.
    """

    experiment: str
    name: str
    unit: str
    values: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def median(self) -> float | None:
        return statistics.median(self.values) if self.values else None

    @property
    def spread(self) -> float | None:
        """Largest less smallest, as a share of the median."""
        if not self.values or not self.median:
            return None
        return (max(self.values) - min(self.values)) / self.median

    def as_json(self) -> dict[str, Any]:
        spread = self.spread
        return {
            "experiment": self.experiment,
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "spread": None if spread is None else round(spread, 3),
            "values": self.values,
            "wrong": self.wrong,
        }


class Figures:
    """All figures of a run, in the order in which they were first measured."""

    def __init__(self) -> None:
        self.all: dict[tuple[str, str, str], Figure] = {}
        self.missing: dict[str, str] = {}
        self.notes: list[str] = []

    def add(
        self, experiment: str, name: str, unit: str, value: float, wrong: Sequence[str] = ()
    ) -> None:
        """Keep a value, unless an audit found something wrong with it."""
        figure = self.all.setdefault((experiment, name, unit), Figure(experiment, name, unit))
        if wrong:
            figure.wrong.extend(wrong)
        else:
            figure.values.append(round(value, 3))

    def lack(self, name: str, reason: str) -> None:
        """Name what was not measured, with the reason."""
        self.missing[name] = reason

    def of(self, experiment: str) -> list[Figure]:
        return [figure for figure in self.all.values() if figure.experiment == experiment]

    def experiments(self) -> list[str]:
        return list(dict.fromkeys(figure.experiment for figure in self.all.values()))

    def median(self, experiment: str, name: str, unit: str) -> float | None:
        found = self.all.get((experiment, name, unit))
        return found.median if found else None


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least ``share`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
