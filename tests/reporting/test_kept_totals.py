"""What takes long to count is kept, counted again by the clock, and never told for too long."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from services.bus.transaction import Database
from services.reporting import kept_store, total_handlers
from services.reporting.period import Period
from tests.reporting import story

QUESTION = total_handlers.Question("region", Period.read("2026-01-01", None), "south-west")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bank in which counting takes long, whatever there is to count."""
    monkeypatch.setattr(total_handlers, "LARGE", -1)


def later(database: Database, **ahead: float) -> None:
    with database.transaction() as tx:
        tx.conn.execute("update clock set ahead = ahead + %s", [datetime.timedelta(**ahead)])


def exchanges(database: Database) -> tuple[int, datetime.datetime]:
    with database.transaction() as tx:
        found, counted_at = total_handlers.totals(tx, QUESTION)
    return next(each.exchanges for each in found if each.key is None), counted_at


def count_again(database: Database) -> bool:
    with database.transaction() as tx:
        return total_handlers.count_again(tx)


def one_more(database: Database, name: str) -> None:
    story.hear(database, story.Exchange(name).undisturbed())


def test_in_a_small_bank_every_answer_is_counted_and_nothing_is_kept(database: Database) -> None:
    one_more(database, "first")
    assert exchanges(database)[0] == 1
    one_more(database, "second")
    assert exchanges(database)[0] == 2
    with database.transaction() as tx:
        assert kept_store.find(tx.conn, QUESTION.text) is None


@pytest.mark.usefixtures("large")
def test_in_a_large_bank_an_answer_is_read_until_it_is_counted_again(database: Database) -> None:
    one_more(database, "first")
    assert exchanges(database)[0] == 1
    one_more(database, "second")
    later(database, seconds=59)
    before, counted_at = exchanges(database)
    assert (before, count_again(database)) == (1, False)
    later(database, seconds=1)
    assert count_again(database)
    after, counted_again_at = exchanges(database)
    assert after == 2
    assert counted_again_at > counted_at
    assert not count_again(database)


@pytest.mark.usefixtures("large")
def test_where_nobody_counts_again_somebody_waits_rather_than_read_what_is_old(
    database: Database,
) -> None:
    one_more(database, "first")
    exchanges(database)
    one_more(database, "second")
    later(database, minutes=10, seconds=1)
    assert exchanges(database)[0] == 2


@pytest.mark.usefixtures("large")
def test_what_nobody_asks_for_is_forgotten(database: Database) -> None:
    one_more(database, "first")
    exchanges(database)
    later(database, days=1, seconds=1)
    assert count_again(database)
    with database.transaction() as tx:
        assert kept_store.find(tx.conn, QUESTION.text) is None


def test_what_has_become_quick_to_count_is_forgotten(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(total_handlers, "LARGE", -1)
    one_more(database, "first")
    exchanges(database)
    monkeypatch.setattr(total_handlers, "LARGE", 100)
    later(database, minutes=2)
    assert count_again(database)
    assert not count_again(database)


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        total_handlers.Question("month", Period.read(None, "2026-12-31"), None),
        total_handlers.Question("category", Period.read(None, None), "london"),
    ],
)
def test_a_question_is_written_down_and_read_back(question: Any) -> None:
    assert total_handlers.Question.of(question.text) == question
