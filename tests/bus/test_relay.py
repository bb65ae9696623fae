"""The relay's choice: oldest first, region by region, never what another relay has in hand."""

import datetime
import time

import eventlet
import kombu
import prometheus_client
import psycopg
import pytest

from services.bus import envelope, relay, said
from services.bus import topology as names
from services.bus.transaction import Database, new_id
from tests.bus import running
from tests.bus.echo import Said

REGIONS = ("london", "north-west")


@pytest.fixture
def database(service_database):
    made = Database(service_database("services.bus"), size=4)
    made.open()
    yield made
    made.close()


def say(database, region, count):
    with database.transaction() as tx:
        return [
            tx.emit(Said, region=region, subject="x", data={"word": str(number)})
            for number in range(count)
        ]


def test_a_region_with_a_backlog_delays_no_other(database):
    say(database, "london", 500)
    few = say(database, "north-west", 3)

    with database.pool.connection() as conn:
        chosen = relay.choose(conn, REGIONS, 10)

    assert set(few) <= set(chosen)
    assert len(chosen) == 10


def test_the_oldest_of_a_region_leave_first(database):
    ids = say(database, "london", 20)

    with database.pool.connection() as conn:
        chosen = relay.choose(conn, REGIONS, 5)

    assert set(chosen) == set(ids[:5])


def test_what_commits_late_is_chosen_although_younger_ids_have_left(database):
    with psycopg.connect(database.pool.conninfo) as slow:
        slow.execute(
            "insert into outbox (id, region)"
            " values ('00000000-0000-7000-8000-000000000000', 'london')"
        )
        younger = say(database, "london", 1)
        with database.pool.connection() as conn:
            assert relay.choose(conn, REGIONS, 5) == younger
            relay.remove(conn, set(younger))
        slow.commit()

    with database.pool.connection() as conn:
        assert len(relay.choose(conn, REGIONS, 5)) == 1


def test_two_relays_never_have_the_same_row_in_hand(database):
    say(database, "london", 10)

    with database.pool.connection() as one, database.pool.connection() as other:
        first = set(relay.choose(one, REGIONS, 6))
        second = set(relay.choose(other, REGIONS, 10))

    assert first.isdisjoint(second)
    assert len(first | second) == 10


def test_a_contract_refuses_a_body_that_lacks_a_field(database):
    with pytest.raises(ValueError, match="word"), database.transaction() as tx:
        tx.emit(Said, region="london", subject="x", data={})


def test_what_another_process_left_is_published_however_much_is_announced(bus, place):
    running.eventually(lambda: nothing_was_lost(place))  # else all is said again in a moment
    left = envelope_of("left behind")
    with psycopg.connect(place["DATABASE_URL"]) as conn:
        said.keep(conn, [left])

    def talk_on():
        with bus.transaction() as tx:
            tx.emit(Said, region="london", subject="x", data={"word": "more"})
        eventlet.sleep(0)
        return words(place, "left behind")

    running.eventually(talk_on)


def test_a_relay_whose_link_is_away_waits_and_does_not_turn_in_circles(bus):
    rounds = []
    bus.link.blocked = True
    one_round = bus.relay.round

    def counted():
        rounds.append(time.monotonic())
        return one_round()

    bus.relay.round = counted
    running.eventually(lambda: len(rounds) >= 5)

    assert rounds[4] - rounds[0] >= 3 * bus.relay.poll


@pytest.mark.parametrize("elsewhere", [True, False], ids=["in another's hands", "in no hands"])
def test_what_an_alarm_left_is_not_counted_against_the_rows_behind_it(
    bus, place, monkeypatch, elsewhere
):
    running.eventually(lambda: nothing_was_lost(place))
    before = counted("refused"), counted("returned")
    bus.link.blocked = True
    left = [envelope_of("left") for _ in range(3)]
    with psycopg.connect(place["DATABASE_URL"]) as conn:
        said.keep(conn, left)
    running.left_by_an_alarm(monkeypatch, bus.relay.publisher, left)
    with psycopg.connect(place["DATABASE_URL"]) as other:
        if elsewhere:
            relay.lock(other, [row.id for row in left])
        with bus.transaction() as tx:
            tx.emit(Said, region="london", subject="x", data={"word": "behind it"})
        bus.link.blocked = False
        running.eventually(lambda: not bus.relay.publisher._unsettled)

    running.eventually(lambda: words(place, "behind it"))
    running.eventually(lambda: not outbox(place))
    assert (counted("refused"), counted("returned")) == before


def test_who_could_not_publish_is_told_of_nothing_taken_before(bus, place):
    running.eventually(lambda: nothing_was_lost(place))
    publisher, row = bus.relay.publisher, envelope_of("once")
    assert publisher.publish([row]) == {row.id}

    bus.link.blocked = True
    with pytest.raises(relay.Unconfirmed):
        publisher.publish([row])

    assert publisher.taken == set()


def counted(outcome):
    labels = {"service": "echo", "outcome": outcome}
    return prometheus_client.REGISTRY.get_sample_value("timebank_published_total", labels) or 0


def outbox(place):
    with psycopg.connect(place["DATABASE_URL"]) as conn:
        return conn.execute("select id from outbox").fetchall()


def nothing_was_lost(place):
    """Whether the first wish of all, at every start on a new broker, is fulfilled."""
    with kombu.Connection(place["AMQP_URL"]) as connection:
        try:
            connection.channel().exchange_declare(names.again_queue("echo"), "", passive=True)
        except connection.channel_errors:
            return False
    return True


def envelope_of(word):
    return envelope.outgoing(
        event_id=new_id(), schema=Said, region="london", subject="x",
        time=datetime.datetime.now(datetime.UTC), correlation_id="c", data={"word": word},
    )  # fmt: skip


def words(place, word):
    with psycopg.connect(place["DATABASE_URL"]) as conn:
        return conn.execute("select word from heard where word = %s", [word]).fetchall()
