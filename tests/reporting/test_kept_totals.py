"""What takes long to count is kept, counted again by the clock, and never told for too long."""

from __future__ import annotations

import datetime
from typing import Any

import eventlet
import pytest

from services.bus.caller import SERVICE
from services.bus.transaction import Database, Transaction
from services.reporting import handlers, kept_store, measure, total_handlers
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


def whole_bank(database: Database) -> tuple[str, int, int]:
    """When the overview was counted, and how many exchanges it and Prometheus know."""
    with database.transaction() as tx:
        told = handlers.overview(tx, SERVICE)
        gauges = handlers.gauges(tx, {})
    exchanges = told["figures"]["exchanges_settled"]["value"]
    return told["as_of"], exchanges, sum(g.exchanges for g in gauges if g.by == "month")


def test_in_a_small_bank_the_whole_is_counted_whenever_somebody_asks(database: Database) -> None:
    one_more(database, "first")
    first, *known = whole_bank(database)
    one_more(database, "second")
    second, *known_then = whole_bank(database)
    assert (known, known_then) == ([1, 1], [2, 2])
    assert second > first
    assert not count_again(database)


@pytest.mark.usefixtures("large")
def test_in_a_large_bank_the_whole_is_counted_once_a_minute_for_all_who_ask(
    database: Database,
) -> None:
    one_more(database, "first")
    first = whole_bank(database)
    one_more(database, "second")
    later(database, seconds=59)
    total_handlers.count_due(database.transaction)
    assert whole_bank(database) == first
    later(database, days=2)
    total_handlers.count_due(database.transaction)
    counted_at, *known = whole_bank(database)
    assert known == [2, 2]
    assert counted_at > first[0]
    one_more(database, "third")
    assert whole_bank(database) == (counted_at, 2, 2)


@pytest.mark.usefixtures("large")
def test_a_version_that_knows_totals_alone_takes_the_whole_for_what_nobody_wants(
    database: Database,
) -> None:
    whole_bank(database)
    with database.transaction() as tx:
        kept = [kept_store.find(tx.conn, name) for name in ("overview", "gauges")]
        assert all(each and tx.now - each.asked_at > total_handlers.WANTED_FOR for each in kept)


@pytest.mark.usefixtures("large")
def test_a_figure_that_was_not_kept_has_no_value_until_it_is_counted(database: Database) -> None:
    whole_bank(database)
    with database.transaction() as tx:
        tx.conn.execute("update kept_total set answer = answer - 0 where question = 'overview'")
        told = handlers.overview(tx, SERVICE)["figures"]
    assert list(told) == [each.name for each in measure.DEFINITIONS]
    assert told["exchanges_settled"]["value"] is None
    assert told["minutes_given"]["value"] == 0


@pytest.mark.usefixtures("large")
def test_a_run_ends_in_time_though_something_is_always_due(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(total_handlers, "AGAIN_AFTER", datetime.timedelta(seconds=-1))
    whole_bank(database)
    runs = []

    def count(tx: Transaction) -> bool:
        runs.append(count_one(tx))
        return runs[-1]

    count_one = total_handlers.count_again
    monkeypatch.setattr(total_handlers, "count_again", count)
    with eventlet.Timeout(10):
        total_handlers.count_due(database.transaction, seconds=0.1)
    assert runs
    assert all(runs)


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
