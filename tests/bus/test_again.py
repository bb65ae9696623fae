"""Queues that were lost with what waited in them, and how it is said again."""

import datetime

import kombu
import psycopg
import pytest

from services.bus import again, relay, said
from services.bus import topology as names
from tests.bus import echo, running
from tests.bus.running import eventually


def say(bus, *words, region="london"):
    with bus.transaction() as tx:
        for word in words:
            tx.emit(echo.Said, region=region, subject=word, data={"word": word})


def rows(place, statement, *values):
    with psycopg.connect(place["DATABASE_URL"]) as conn:
        cursor = conn.execute(statement, values)
        return [row[0] for row in cursor.fetchall()] if cursor.description else []


def heard(place):
    return sorted(rows(place, "select word from heard"))


def empty(place):
    return not rows(place, "select id from outbox")


def broker(place):
    return kombu.Connection(place["AMQP_URL"])


def lose(place, *queues):
    """Delete queues; what waits in them is gone."""
    with broker(place) as connection:
        for queue in queues:
            connection.channel().queue_delete(queue)


def again_is_missing(place):
    """Whether not everything has been said again yet since the broker lost everything."""
    with broker(place) as connection:
        try:
            connection.channel().exchange_declare(names.again_queue("echo"), "", passive=True)
        except connection.channel_errors:
            return True
    return False


def wish(place, body):
    with broker(place) as connection:
        connection.Producer().publish(
            body, exchange=names.AGAIN, routing_key="", content_type="application/octet-stream",
            content_encoding="binary",
        )  # fmt: skip


@pytest.fixture
def bus(bus, place):
    """A running service whose wishes at its first start, for queues it has just made, are over."""
    eventually(lambda: not again_is_missing(place))
    return bus


EVERY_QUEUE = [
    *(queue.name for queue in names.Topology(*echo.TOPOLOGY).event_queues()),
    *names.Topology(*echo.TOPOLOGY).parked_queues(),
    names.again_queue("echo"),
]


@pytest.fixture
def spoken(monkeypatch, place):
    """An installation whose events are confirmed, and lost before anybody heard them."""
    with running.running(monkeypatch, echo.Echo, **place) as bus:
        say(bus, "heard")
        eventually(lambda: heard(place) == ["heard"] and empty(place))
        eventually(lambda: not again_is_missing(place))
    with broker(place) as connection:  # a listener that takes everything, and the reader's is gone
        channel = connection.channel()
        # Both links may have wished at this first start; the second wish is not for the next one.
        channel.queue_purge(names.again_queue("echo"))
        channel.queue_declare("elsewhere", durable=True, auto_delete=False)
        channel.queue_bind("elsewhere", names.EXCHANGE, "#")
    with psycopg.connect(place["DATABASE_URL"]) as conn:
        conn.execute("truncate heard")
        conn.execute("truncate inbox")
    return place


def test_what_the_broker_confirmed_is_kept(bus, place):
    say(bus, "one", "two")

    eventually(lambda: empty(place) and len(heard(place)) == 2)

    assert len(rows(place, "select id from said")) == 2


def test_a_queue_found_missing_gets_everything_again(monkeypatch, spoken):
    lose(spoken, "echo.london")

    with running.running(monkeypatch, echo.Echo, **spoken):
        eventually(lambda: heard(spoken) == ["heard"])


def test_a_broker_that_lost_everything_gets_everything_again(monkeypatch, spoken):
    lose(spoken, *EVERY_QUEUE)

    with running.running(monkeypatch, echo.Echo, **spoken):
        eventually(lambda: heard(spoken) == ["heard"])
        eventually(lambda: not again_is_missing(spoken))


def test_a_wish_that_comes_while_all_is_said_again_is_kept_until_it_is_fulfilled(
    monkeypatch, spoken
):
    lose(spoken, *EVERY_QUEUE)

    with psycopg.connect(spoken["DATABASE_URL"]) as conn:
        conn.execute("lock table said in exclusive mode")  # nothing can be said again
        with running.running(monkeypatch, echo.Echo, **spoken):
            eventually(lambda: again_messages(spoken) is not None)
            wish(spoken, b'{"regions": ["london"]}')
            assert again_is_missing(spoken)
    eventually(lambda: again_messages(spoken))

    with running.running(monkeypatch, echo.Echo, **spoken):
        eventually(lambda: not again_is_missing(spoken))
        eventually(lambda: heard(spoken) == ["heard"])
    assert again_messages(spoken) == 0


def test_a_queue_deleted_from_a_running_service_is_back_and_nothing_is_missing(bus, place):
    say(bus, "before")
    eventually(lambda: heard(place) == ["before"])

    lose(place, "echo.london")
    say(bus, *(f"word {number}" for number in range(20)))

    eventually(lambda: len(heard(place)) == 21, 20)
    assert len(set(heard(place))) == 21


def test_nothing_is_said_again_where_nothing_is_missing(monkeypatch, spoken):
    with running.running(monkeypatch, echo.Echo, **spoken) as bus:
        say(bus, "last")
        eventually(lambda: "last" in heard(spoken))

    assert heard(spoken) == ["last"]


def test_an_operator_has_a_region_said_again_since_a_moment(bus, place):
    say(bus, "of london")
    say(bus, "of the north west", region="north-west")
    eventually(lambda: empty(place) and len(heard(place)) == 2)
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)

    with bus.transaction() as tx:
        assert said.say_again(tx.conn, ["london"], later) == 0
        assert said.say_again(tx.conn, ["london"]) == 1
        assert said.say_again(tx.conn, ["london"]) == 0  # it waits already
    eventually(lambda: empty(place))

    assert len(heard(place)) == 2  # the readers knew it


def test_what_a_relay_has_in_hand_is_waited_for(bus, place):
    """It may have been published before the queue was made anew, and be confirmed after."""
    bus.link.blocked = True
    say(bus, "in hand")
    with psycopg.connect(place["DATABASE_URL"]) as conn:
        ids = set(relay.choose(conn, bus.topology.regions, 10))
        with psycopg.connect(place["DATABASE_URL"], options="-c lock_timeout=200") as other:
            with pytest.raises(psycopg.errors.LockNotAvailable):
                said.say_again(other)
            other.rollback()
        relay.remove(conn, ids)
    with bus.transaction() as tx:
        assert said.say_again(tx.conn) == 1
    bus.link.blocked = False

    eventually(lambda: heard(place) == ["in hand"])


NO_MORE_THAN_FIVE = """
create function refuse_many() returns trigger language plpgsql as $$
begin
    if (select count(*) from put) > 5 then
        raise exception 'longer than a statement may take';
    end if;
    return null;
end $$;
create trigger few after insert on outbox referencing new table as put
    for each statement execute function refuse_many();
"""


@pytest.fixture
def few_at_once(place):
    """Call it: from then on no statement puts many into the outbox, until the test ends."""
    yield lambda: rows(place, NO_MORE_THAN_FIVE)
    rows(place, "drop function refuse_many cascade")


def test_a_week_is_said_again_in_parts_none_of_which_outlasts_a_statement(
    bus, place, few_at_once, monkeypatch
):
    say(bus, *(f"word {number}" for number in range(9)))
    eventually(lambda: empty(place) and len(heard(place)) == 9)
    rows(place, "update said set said_at = now() - interval '1 hour'")
    rows(place, "update said set said_at = said_at + interval '1 second'"
         " where id = any (array(select id from said limit 4))")  # fmt: skip
    few_at_once()
    monkeypatch.setattr(said, "PART", 4)  # and the five of one moment stay together
    monkeypatch.setattr(again, "PATIENCE", 0.0)
    bus.link.blocked = True

    bus.repeater._say_in_turn(["london"])

    assert len(rows(place, "select id from outbox")) == 9


def test_what_was_said_is_forgotten_after_its_days(bus, place):
    say(bus, "old", "new")
    eventually(lambda: empty(place) and len(rows(place, "select id from said")) == 2)
    rows(
        place,
        "update said set said_at = now() - interval '8 days'"
        " where id = (select id from said limit 1)",
    )

    with bus.transaction() as tx:
        said.forget(tx.conn, 7)

    assert len(rows(place, "select id from said")) == 1


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"regions": 7}', b"{}"])
def test_a_wish_nobody_can_read_is_let_go(bus, place, body):
    eventually(lambda: not again_is_missing(place))
    wish(place, body)
    say(bus, "alive")

    eventually(lambda: heard(place) == ["alive"])
    eventually(lambda: again_messages(place) == 0)


def again_messages(place):
    """Wishes that wait; nothing when not even their queue is there."""
    with broker(place) as connection:
        try:
            name = names.again_queue("echo")
            return connection.channel().queue_declare(name, passive=True).message_count
        except connection.channel_errors:
            return None
