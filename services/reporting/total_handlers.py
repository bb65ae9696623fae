"""Counts totals; what takes long is kept, and counted again before anybody waits for it."""

import datetime
import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from services.bus.transaction import Transaction
from services.reporting import figure_handlers, figure_store, kept_store, measure
from services.reporting.period import Period

T = TypeVar("T")

LARGE = 100_000
"""Transfers from which answers are kept: counting them takes a fifth of a second, and a page is
waited for. In a smaller bank every answer is counted when it is asked for."""
AGAIN_AFTER = datetime.timedelta(minutes=1)
"""Kept answers are counted again by the clock."""
GOOD_FOR = datetime.timedelta(minutes=10)
"""When nobody counts again, somebody waits for it rather than read what is older than this."""
WANTED_FOR = datetime.timedelta(days=1)
"""What nobody asked for so long is not counted any more."""
NOTED_AFTER = datetime.timedelta(hours=1)
TURN = 5.0
"""Seconds one run lasts at most, so that a process told to stop soon does: where counting all
that is wanted takes longer than a minute, something is always due."""

OVERVIEW, GAUGES = "overview", "gauges"
_WHOLE: dict[str, Callable[[Transaction], Sequence[Any]]] = {
    OVERVIEW: figure_handlers.figures,
    GAUGES: figure_handlers.gauges,
}
"""Questions about the whole bank, always wanted once they were asked."""
NEVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
"""When these were asked last: a version that knows totals alone forgets them, and goes on."""


@dataclass(frozen=True)
class Question:
    """What is to be counted.

    Attributes:
        by: one of ``measure.GROUPINGS``.
        days: of completion, both included; ``None`` for without a limit.
        region: only exchanges of this region (a slug).
    """

    by: str
    days: Period
    region: str | None

    @property
    def text(self) -> str:
        first, last = self.days.date_from, self.days.date_to
        return json.dumps([self.by, str(first or ""), str(last or ""), self.region])

    @classmethod
    def of(cls, text: str) -> "Question":
        by, first, last, region = json.loads(text)
        return cls(by, Period.read(first or None, last or None), region)


def totals(tx: Transaction, question: Question) -> tuple[list[measure.Total], datetime.datetime]:
    """Totals by key, and when they were counted."""
    return _answer(tx, question.text, measure.Total)


def overview(tx: Transaction) -> tuple[list[measure.Figure], datetime.datetime]:
    """Every figure of the whole bank, and when they were counted."""
    return _answer(tx, OVERVIEW, measure.Figure)


def gauges(tx: Transaction) -> list[measure.Gauge]:
    """What Prometheus is told of the whole bank: every process asks, and one of them counts."""
    return _answer(tx, GAUGES, measure.Gauge)[0]


def _answer(tx: Transaction, question: str, kind: type[T]) -> tuple[list[T], datetime.datetime]:
    kept = kept_store.find(tx.conn, question)
    if kept is None or tx.now - kept.counted_at > GOOD_FOR:
        return list(_count(tx, question)), tx.now
    if question not in _WHOLE and tx.now - kept.asked_at > NOTED_AFTER:
        kept_store.ask(tx.conn, question, tx.now)
    return [kind(**each) for each in kept.answer], kept.counted_at


def _count(tx: Transaction, question: str) -> Sequence[Any]:
    whole = _WHOLE.get(question)
    found = whole(tx) if whole else _totals(tx, Question.of(question))
    if kept_store.transfers(tx.conn) >= LARGE:
        kept_store.keep(tx.conn, question, found, tx.now, NEVER if whole else tx.now)
    return found


def _totals(tx: Transaction, question: Question) -> list[measure.Total]:
    days = question.days
    return figure_store.totals(tx.conn, question.by, days.date_from, days.date_to, question.region)


def count_due(
    transaction: Callable[[], AbstractContextManager[Transaction]], seconds: float = TURN
) -> None:
    """Count again what is due, for ``seconds`` at most and the last answer's time."""
    end = time.monotonic() + seconds
    more = True
    while more and time.monotonic() < end:
        with transaction() as tx:
            more = count_again(tx)


def count_again(tx: Transaction) -> bool:
    """Count one kept answer again, or forget it; whether there was one."""
    due = kept_store.take_due(tx.conn, tx.now - AGAIN_AFTER)
    if due is None:
        return False
    wanted = due.question in _WHOLE or tx.now - due.asked_at <= WANTED_FOR
    if wanted:
        _count(tx, due.question)
    if not wanted or kept_store.find(tx.conn, due.question) == due:
        kept_store.forget(tx.conn, due.question)  # nobody asks, or it is quickly counted again
    return True
