"""What the measurements must show: each target with what was found, and whether it was met."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.benchmarks.figures import Figures

HOP, ONE_CALL, REGIONS = "ledger hop", "one call", "regions: completed to settled"
SPREAD, PAIR = "1000 accounts", "2 accounts"
OURS = "this platform"
Find = Callable[[Figures], list[float]]


@dataclass(frozen=True)
class Target:
    """One thing that must be shown.

    Attributes:
        name: what is compared.
        unit: of the value; ``x`` is a ratio of two figures of the same round.
        bound: ``at least`` or ``at most``.
        limit: the bound's value.
        find: the value of each round; none when it was not measured.
    """

    name: str
    unit: str
    bound: Literal["at least", "at most"]
    limit: float
    find: Find

    def result(self, figures: Figures) -> Result:
        values = self.find(figures)
        return Result(self, statistics.median(values) if values else None)


@dataclass(frozen=True)
class Result:
    """A target with the median of its rounds; ``None`` when it was not measured."""

    target: Target
    value: float | None

    @property
    def met(self) -> bool | None:
        """Whether it was met; ``None`` when nobody knows."""
        if self.value is None:
            return None
        if self.target.bound == "at least":
            return self.value >= self.target.limit
        return self.value <= self.target.limit

    def as_json(self) -> dict[str, Any]:
        target = self.target
        value = None if self.value is None else round(self.value, 3)
        return {
            "name": target.name, "value": value, "unit": target.unit, "bound": target.bound,
            "limit": target.limit, "met": self.met,
        }  # fmt: skip


def figure(experiment: str, name: str, unit: str) -> Find:
    """The figure itself."""
    return lambda figures: _values(figures, experiment, name, unit)


def ratio(experiment: str, name: str, other: str, unit: str) -> Find:
    """One figure divided by another of the same experiment, round by round.

    Rounds are compared with themselves because what else happens on the machine changes
    between them. Where one of the two lacks a round, their medians are compared.
    """

    def find(figures: Figures) -> list[float]:
        ours, theirs = (_values(figures, experiment, each, unit) for each in (name, other))
        if not ours or not theirs:
            return []
        if len(ours) != len(theirs):
            ours, theirs = [statistics.median(ours)], [statistics.median(theirs)]
        return [one / two for one, two in zip(ours, theirs, strict=True) if two]

    return find


def _values(figures: Figures, experiment: str, name: str, unit: str) -> list[float]:
    found = figures.all.get((experiment, name, unit))
    return list(found.values) if found else []


def _backlog(what: str) -> Find:
    """p95 of a region beside a backlog, whatever its size, divided by another phase's."""
    one, two = what.split(" / ")

    def find(figures: Figures) -> list[float]:
        names = {each.name.lstrip("0123456789 "): each.name for each in figures.of(REGIONS)}
        if one not in names or two not in names:
            return []
        return ratio(REGIONS, names[one], names[two], "ms p95")(figures)

    return find


def _hop(peer: str) -> Find:
    return ratio(HOP, f"{OURS}, {SPREAD}", f"{peer}, {SPREAD}", "events/s")


TARGETS: Sequence[Target] = (
    Target("ledger hop", "events/s", "at least", 3000,
           figure(HOP, f"{OURS}, {SPREAD}", "events/s")),
    Target("ledger hop to pgbench with the same SQL", "x", "at least", 1.5,
           _hop("pgbench same SQL")),
    Target("ledger hop to pgbench TPC-B-like (aim)", "x", "at least", 2.0,
           _hop("pgbench TPC-B-like")),
    Target("ledger hop to stock nameko", "x", "at least", 6.0, _hop("stock nameko")),
    Target("ledger hop to FastStream", "x", "at least", 6.0, _hop("FastStream asyncpg")),
    Target("hot pair to spread accounts", "x", "at least", 0.85,
           ratio(HOP, f"{OURS}, {PAIR}", f"{OURS}, {SPREAD}", "events/s")),
    Target("open loop at 70 % of the maximum", "ms p95", "at most", 150,
           figure("ledger hop: open loop", OURS, "ms p95")),
    Target("single event when idle", "ms p50", "at most", 10,
           figure("ledger hop: single event when idle", OURS, "ms p50")),
    Target("whole pipeline", "exchanges/s", "at least", 300,
           figure("whole pipeline", "completed to settled, told, reported", "exchanges/s")),
    Target("our call to nameko's own, in sequence", "x", "at least", 1.5,
           ratio(ONE_CALL, "ours, 1 callers", "nameko's own, 1 callers", "calls/s")),
    Target("a region's p95 beside a standing backlog to its idle one", "x", "at most", 1.2,
           _backlog("standing elsewhere / idle")),
    Target("p95 in one shared queue to p95 beside a draining backlog", "x", "at least", 10,
           _backlog("in the same queue / draining elsewhere")),
    Target("growth: ledger hop alone (aim)", "x", "at most", 1.3,
           figure("growth: grown to small", "ledger hop", "x")),
    Target("growth: completed to settled per exchange", "x", "at most", 1.3,
           figure("growth: grown to small", "completed to settled", "x")),
    Target("growth: asked, accepted, confirmed per exchange", "x", "at most", 1.3,
           figure("growth: grown to small", "asked, accepted, confirmed", "x")),
    Target("first byte of the slowest page, 800 members", "ms p50", "at most", 80,
           figure("first byte", "the slowest page, 800 members", "ms p50")),
    Target("first byte of the slowest page, a million members", "ms p50", "at most", 150,
           figure("first byte", "the slowest page, 1,000,000 members", "ms p50")),
)  # fmt: skip


def results(figures: Figures) -> list[Result]:
    """Every target with what was found, in their order."""
    return [target.result(figures) for target in TARGETS]
