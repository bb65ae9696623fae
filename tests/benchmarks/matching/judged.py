"""Lets a population look for three people, one after the other, and judges what they are shown."""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.bus.transaction import Database, Transaction
from services.exchanges import exchange_handlers
from tests.benchmarks.matching import ways
from tests.benchmarks.matching.population import Person, Population

Way = Callable[[Transaction, Person, str], list[UUID]]
ASK = 0.5
"""Of those who are shown somebody ask the first; what follows knows of it."""


@dataclass(frozen=True)
class Judged:
    """What one way has shown to so many askers.

    Attributes:
        precision: good ones among three, as a share; a place left empty is not good.
        ceiling: the same, had everybody been shown as many good ones as there are.
        one: share of the askers who were shown at least one good one.
        mutual: share of all places with somebody who is good and could be helped in return.
        reached: share of the people who fit one of the askers that was shown to somebody.
        most_asked: how often the one who was asked most often was asked.
        waits: milliseconds of each look.
    """

    askers: int
    precision: float
    ceiling: float
    one: float
    mutual: float
    reached: float
    most_asked: int
    waits: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.waits)

    @property
    def slow(self) -> float:
        """Of twenty looks one takes longer, in milliseconds."""
        return statistics.quantiles(self.waits, n=20)[-1]

    def figures(self) -> dict[str, Any]:
        """What is kept of it: shares rounded to a tenth of a percent, waits to a tenth of a ms."""
        shares = ("precision", "ceiling", "one", "mutual", "reached")
        return {
            "askers": self.askers,
            **{name: round(getattr(self, name), 3) for name in shares},
            "most_asked": self.most_asked,
            "median_ms": round(self.median, 1),
            "p95_ms": round(self.slow, 1),
        }


def judged(
    database: Database, population: Population, way: Way, kind: str, askers: list[int]
) -> Judged:
    """Each asker looks once, and every second asks whom they are shown first."""
    draw, shown, waits = random.Random(7), [], []
    asked: Counter[int] = Counter()
    for asker in askers:
        who = population.people[asker]
        began = time.perf_counter()
        with database.transaction() as tx:
            found = way(tx, who, kind)
        waits.append(1000 * (time.perf_counter() - began))
        shown.append((asker, found))
        if found and draw.random() < ASK:
            with database.transaction() as tx:
                body = {"listing_id": str(found[0]), "minutes": 60}
                exchange_handlers.ask(tx, ways.caller(who), body)
            asked[population.owner(found[0])] += 1
    return _summed_up(population, kind, shown, max(asked.values(), default=0), waits)


def _summed_up(
    population: Population,
    kind: str,
    shown: list[tuple[int, list[UUID]]],
    most_asked: int,
    waits: list[float],
) -> Judged:
    good = [[each for each in found if population.is_good(asker, each)] for asker, found in shown]
    fitting = [population.fitting(asker, kind) for asker, _ in shown]
    places = ways.SHOWN * len(shown)
    mutual = sum(
        population.is_mutual(asker, each)
        for (asker, _), some in zip(shown, good, strict=True)
        for each in some
    )
    possible = set().union(*fitting)
    seen = {population.owner(each) for _, found in shown for each in found}
    return Judged(
        askers=len(shown),
        precision=sum(map(len, good)) / places,
        ceiling=sum(min(ways.SHOWN, len(each)) for each in fitting) / places,
        one=sum(map(bool, good)) / len(shown),
        mutual=mutual / places,
        reached=len(seen & possible) / max(1, len(possible)),
        most_asked=most_asked,
        waits=waits,
    )
