"""Adds up what single cases of a fault have shown."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.faults.platform import Platform, wrong_of
from tests.faults.scenario import Result

MAILS_OF_A_KILL = 10
"""E-mails recorded together: as many may come twice when their sender dies in between."""


@dataclass
class Case:
    """One time a fault was put in; JSON-ready by ``vars``."""

    exchanges: int = 0
    figures: dict[str, int] = field(default_factory=dict)
    first_success: list[float] = field(default_factory=list)
    empty: list[float] = field(default_factory=list)
    redelivered: int = 0
    duplicate_mails: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not any(self.figures.values()) and not self.wrong


class Driven(Protocol):
    """Exchanges that somebody drives, such as a ``Load``."""

    exchanges: int

    def outcome(self) -> Mapping[str, Any]:
        """What the clients saw, as ``tests.system.traffic`` sums it up, once they are done."""


class Watch:
    """Looks at a platform before and after a case.

    Args:
        mails_allowed: e-mails that may come twice.
    """

    def __init__(self, platform: Platform, mails_allowed: int = 0) -> None:
        self.platform, self.mails_allowed = platform, mails_allowed
        self.began = time.time()
        self.before = platform.redelivered()

    def ended(self, case: Case, *loads: Driven) -> Case:
        """Wait for the clients, then for quiet; audit, and fill in the case."""
        for load in loads:
            outcome = load.outcome()
            case.exchanges += outcome["exchanges"]
            case.wrong += wrong_of(outcome, load.exchanges)
        empty, case.figures = self.platform.settled()
        case.empty.append(round(empty, 2))
        case.redelivered = sum((self.platform.redelivered() - self.before).values())
        twice = [count - 1 for count in self.platform.mails(self.began).values() if count > 1]
        case.duplicate_mails = sum(twice)
        if case.duplicate_mails > self.mails_allowed:
            case.wrong.append(
                f"{case.duplicate_mails} e-mails came twice, {self.mails_allowed} may"
            )
        if not case.sound:
            case.wrong += self.platform.last_warnings()
        return case


def total(cases: Sequence[Case], measured: Mapping[str, float] | None = None) -> Result:
    """All cases of a fault as its result."""
    figures: dict[str, int] = {}
    for case in cases:
        for code, count in case.figures.items():
            figures[code] = figures.get(code, 0) + count
    return Result(
        cases=len(cases),
        exchanges=_sum(cases, "exchanges"),
        lost=figures.pop("A1", 0),
        doubled=figures.pop("A2", 0),
        ghost=figures.pop("A3", 0),
        figures=figures,
        first_success=tuple(value for case in cases for value in case.first_success),
        empty=tuple(value for case in cases for value in case.empty),
        redelivered=_sum(cases, "redelivered"),
        duplicate_mails=_sum(cases, "duplicate_mails"),
        wrong=tuple(sentence for case in cases for sentence in case.wrong),
        measured=measured or {},
    )


def _sum(cases: Sequence[Any], name: str) -> int:
    return sum(getattr(case, name) for case in cases)
