"""Counts totals; what takes long is kept, and counted again before anybody waits for it."""

import datetime
import json
from dataclasses import dataclass

from services.bus.transaction import Transaction
from services.reporting import figure_store, kept_store, measure
from services.reporting.period import Period

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
    kept = kept_store.find(tx.conn, question.text)
    if kept is None or tx.now - kept.counted_at > GOOD_FOR:
        return _count(tx, question), tx.now
    if tx.now - kept.asked_at > NOTED_AFTER:
        kept_store.ask(tx.conn, question.text, tx.now)
    return kept.totals, kept.counted_at


def _count(tx: Transaction, question: Question) -> list[measure.Total]:
    days = question.days
    found = figure_store.totals(tx.conn, question.by, days.date_from, days.date_to, question.region)
    if kept_store.transfers(tx.conn) >= LARGE:
        kept_store.keep(tx.conn, question.text, found, tx.now)
    return found


def count_again(tx: Transaction) -> bool:
    """Count one kept answer again, or forget it; whether there was one."""
    due = kept_store.take_due(tx.conn, tx.now - AGAIN_AFTER)
    if due is None:
        return False
    wanted = tx.now - due.asked_at <= WANTED_FOR
    if wanted:
        _count(tx, Question.of(due.question))
    if not wanted or kept_store.find(tx.conn, due.question) == due:
        kept_store.forget(tx.conn, due.question)  # nobody asks, or it is quickly counted again
    return True
