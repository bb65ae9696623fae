"""Proves that any order, any repetition and a rebuild give the same rows."""

import datetime
import random
import threading

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.bus.transaction import Database
from services.contracts import members
from services.reporting import handlers, measure, rebuild, store
from tests.reporting import story


def rows(database):
    with database.transaction() as tx:
        return store.fingerprints(tx.conn)


def in_batches(database, events, sizes):
    left = list(events)
    while left:
        size = sizes()
        batch, left = left[:size], left[size:]
        story.hear(database, batch)


@pytest.fixture
def told(database):
    """The fingerprints after the bank's events were heard in order, one by one."""
    in_batches(database, story.bank(), lambda: 1)
    return rows(database)


@pytest.mark.parametrize("seed", range(8))
def test_any_order_with_repeats_gives_the_same_rows(told, service_database, seed):
    chance = random.Random(seed)
    events = story.bank() + chance.choices(story.bank(), k=40)
    chance.shuffle(events)
    other = Database(service_database("services.reporting"), size=2)
    other.open()

    in_batches(other, events, lambda: chance.randint(1, 12))

    assert rows(other) == told
    other.close()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(story.Exchange("undone").undisturbed()), cut=st.integers(1, 6))
def test_every_order_of_one_exchange_settles_it_for_the_same_minutes(database, order, cut):
    with database.transaction() as tx:
        store.forget_facts(tx.conn)
        tx.conn.execute("alter table heard disable trigger heard_is_append_only")
        tx.conn.execute("delete from heard")
        tx.conn.execute("alter table heard enable trigger heard_is_append_only")

    story.hear(database, order[:cut])
    story.hear(database, order[cut:] or order[:1])

    with database.transaction() as tx:
        kept = tx.conn.execute("select state, version from exchange_fact").fetchall()
        counted = tx.conn.execute("select minutes, region from settlement").fetchall()
    assert kept == [("settled", 5)]
    assert counted == [(60, "south-west")]


def test_a_rebuild_gives_the_same_rows_and_keeps_the_log(database, told):
    with database.transaction() as tx:
        before, after = rebuild.rebuild(tx)

    assert before == after == told
    assert rows(database) == told


def test_a_rebuild_from_lost_projections_restores_them_and_tells_the_difference(
    database, database_url, told, monkeypatch, capsys
):
    with database.transaction() as tx:
        store.forget_facts(tx.conn)
    monkeypatch.setenv("TIMEBANK_DATABASE_URL", database_url)

    first, second = rebuild.main(), rebuild.main()

    assert (first, second) == (1, 0)
    assert rows(database) == told
    assert "exchanges: 0 rows before, 5 after, different" in capsys.readouterr().out


def test_a_rebuild_of_more_events_than_one_batch_loses_none(database, told, monkeypatch):
    monkeypatch.setattr(rebuild, "BATCH", 3)

    with database.transaction() as tx:
        before, after = rebuild.rebuild(tx)

    assert before == after


def test_an_event_heard_during_a_rebuild_waits_and_counts_once_it_is_over(database, told):
    late = story.Exchange("late").undisturbed()
    hearing = threading.Thread(target=story.hear, args=(database, late))

    with database.transaction() as tx:
        store.close_the_log(tx.conn)
        hearing.start()
        while not waits_for_the_log(tx):
            pass  # the condition is the other transaction's lock
        rebuild.rebuild(tx)
    hearing.join(10)

    with database.transaction() as tx:
        before, after = rebuild.rebuild(tx)
    assert before == after
    assert after[0].rows == told[0].rows + 1


def test_a_rebuild_waits_for_the_batch_under_way(database, told):
    late = story.Exchange("late").requested()
    rebuilt: list[list[store.Fingerprint]] = []

    def rebuild_all():
        with database.transaction() as tx:
            rebuilt.extend(rebuild.rebuild(tx))

    rebuilding = threading.Thread(target=rebuild_all)
    with database.transaction() as tx:
        handlers.record(tx, [late])
        rebuilding.start()
        while not waits_for_the_log(tx):
            pass  # the condition is the other transaction's lock
    rebuilding.join(10)

    before, after = rebuilt
    assert before == after
    assert after[0].rows == told[0].rows + 1


def waits_for_the_log(tx):
    (waiting,) = tx.conn.execute(
        "select count(*) from pg_locks where relation = 'heard'::regclass and not granted"
    ).fetchone()
    return waiting


def test_a_transfer_counts_before_anything_is_heard_of_its_exchange(database):
    exchange = story.Exchange("one")

    story.hear(database, [exchange.transferred()])

    with database.transaction() as tx:
        kept = tx.conn.execute("select minutes, region, category from settlement").fetchall()
    assert kept == [(60, "south-west", None)]


def test_a_reversal_heard_before_its_transfer_still_takes_it_back(database):
    exchange = story.Exchange("one")

    story.hear(database, [exchange.taken_back()])
    story.hear(database, [exchange.transferred()])

    with database.transaction() as tx:
        assert tx.conn.execute("select * from settlement").fetchall() == []


def test_a_partial_reversal_leaves_the_rest(database):
    exchange = story.Exchange("one", minutes=60)

    story.hear(database, [exchange.transferred(), exchange.taken_back(15)])

    with database.transaction() as tx:
        assert tx.conn.execute("select minutes from settlement").fetchall() == [(45,)]


def test_an_older_version_of_a_member_changes_nothing(database):
    moved = story.member("ama", "midlands", version=3, contract=members.MemberChanged)

    story.hear(database, [moved])
    story.hear(database, [story.member("ama", version=1)])

    with database.transaction() as tx:
        kept = tx.conn.execute("select region, version from member_fact").fetchall()
    assert kept == [("midlands", 3)]


def test_the_log_keeps_the_whole_event_even_what_no_fact_follows_from(database):
    exchange = story.Exchange("one")

    story.hear(database, [exchange.accepted()])

    with database.transaction() as tx:
        (kept,) = tx.conn.execute("select data from heard").fetchone()
    assert kept["hold_id"] == str(story.an("hold"))
    assert kept["from_fund"] is False
    assert datetime.datetime.fromisoformat(kept["requested_at"]) == exchange.requested_at


@pytest.mark.parametrize(
    "statement", ["update heard set region = 'london'", "delete from heard", "truncate heard"]
)
def test_what_was_heard_cannot_be_changed(database, told, statement):
    with pytest.raises(psycopg.errors.RaiseException), database.transaction() as tx:
        tx.conn.execute(statement)


def test_an_old_event_without_a_field_its_contract_gained_is_still_read():
    event = story.Exchange("one").booked()
    data = {k: v for k, v in vars(event.data).items() if k not in ("sequence", "deadline")}
    as_kept = {k: v if isinstance(v, int | None) else str(v) for k, v in data.items()}

    read = handlers.remembered(
        store.Heard(event.id, event.type, event.region, event.subject, event.time, as_kept)
    )

    assert read.data.exchange_id == event.data.exchange_id


def test_notices_are_counted_and_not_logged(database):
    story.hear(database, [story.notice("one"), story.notice("two")])
    story.hear(database, [story.notice("three"), story.notice("four", "in_app")])

    with database.transaction() as tx:
        counts = tx.conn.execute(
            "select channel, notices from notice_count order by channel"
        ).fetchall()
        assert tx.conn.execute("select * from heard").fetchall() == []
    assert counts == [("email", 3), ("in_app", 1)]


def test_totals_are_the_ledgers_minutes_whatever_has_been_heard_so_far(database):
    events = story.bank()
    random.Random(1).shuffle(events)

    for batch in (events[:15], events[15:30], events[30:]):
        story.hear(database, batch)
        with database.transaction() as tx:
            (expected,) = tx.conn.execute(
                "select coalesce(sum(t.minutes - coalesce(r.minutes, 0)), 0) from transfer_fact t"
                " left join transfer_fact r on r.reverses_transfer_id = t.transfer_id"
                " where t.kind = 'exchange'"
            ).fetchone()
            for by in measure.GAUGED:
                gauges = handlers.gauges(tx, {})
                assert sum(g.minutes for g in gauges if g.by == by) == expected
