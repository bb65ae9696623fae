"""Public signals on a real broker: once to each subscriber, and no trouble for the events."""

import datetime
import json
import secrets
from dataclasses import dataclass

import amqp
import kombu
import psycopg
import pytest

from services.bus import envelope, feed, relay, said
from services.bus import topology as names
from services.bus.entrypoints import Bus, receive
from services.bus.transaction import new_id
from tests.bus import echo, running
from tests.bus.running import eventually


@dataclass(frozen=True)
class Kind:
    type: str = "echo-said-1"
    source: str = "uk.nhs.echo"
    path: str = "/v1/words/{}"


SAID = Kind()
NOW = datetime.datetime(2026, 11, 2, tzinfo=datetime.UTC)
RUN = secrets.token_hex(4)
"""Ends every subject: where one virtual host is all there is, streams remember earlier runs."""


class Speaker:
    """The echo service, which also says signals."""

    name = "echo"
    bus = Bus(echo.TOPOLOGY, public=True)

    @receive(echo.SUBSCRIPTIONS)
    def hear(self, batch):
        return self.bus.handle(batch)


@pytest.fixture(scope="module")
def place(databases, virtual_hosts):
    """One installation for all these tests, each of which uses words of its own."""
    url = databases.fresh("services.bus")
    with psycopg.connect(url) as conn:
        conn.execute(echo.TABLE)
    yield {"AMQP_URL": virtual_hosts.fresh(), "DATABASE_URL": url, "RELAY_POLL": "0.2"}
    databases.drop(url)


@pytest.fixture(scope="module")
def bus(place):
    with pytest.MonkeyPatch.context() as patch, running.running(patch, Speaker, **place) as found:
        said_on = found.feed
        assert said_on
        eventually(lambda: said_on.link.up)
        running.wishes_are_over(place["DATABASE_URL"], place["AMQP_URL"])
        yield found


def signal(bus, word, *regions):
    with bus.transaction() as tx:
        return str(tx.signal(SAID, regions=regions, subject=f"{word}.{RUN}"))


def event(bus, word):
    with bus.transaction() as tx:
        tx.emit(echo.Said, region="london", subject=word, data={"word": word})


def rows(place, statement):
    with psycopg.connect(place["DATABASE_URL"]) as conn:
        return [row[0] for row in conn.execute(statement).fetchall()]


def empty(place):
    return not rows(place, "select id from outbox")


@pytest.fixture
def channel(place):
    with kombu.Connection(place["AMQP_URL"]) as connection:
        yield connection.channel()


def subscribed(channel, *keys, exchange=names.PUBLIC, **arguments):
    """A queue of somebody's own, bound to these keys."""
    queue = channel.queue_declare("", exclusive=True, arguments=arguments).queue
    for key in keys:
        channel.queue_bind(queue, exchange, key)
    return queue


def waiting(channel, queue):
    """What waits in a queue, taken out of it."""
    found = []
    while (message := channel.basic_get(queue, no_ack=True)) is not None:
        found.append(message)
    return found


def subjects(messages):
    """What messages are about, those of this run."""
    found = [json.loads(message.body)["subject"].partition(".") for message in messages]
    return [word for word, _, run in found if run == RUN]


def replayed(place, region, *said):
    """The subjects in a region's stream from its beginning, until all that was said came by."""
    found = []

    def arrived(message):
        found.append(message)
        message.channel.basic_ack(message.delivery_tag)

    with kombu.Connection(place["AMQP_URL"]) as connection:
        reading = connection.channel()
        reading.basic_qos(0, 100, False)
        reading.basic_consume(
            names.public_stream(region), callback=arrived, arguments={"x-stream-offset": "first"}
        )
        while not set(said) <= set(subjects(found)):
            connection.drain_events(timeout=5)
    return subjects(found)


def replayed_when_there(place, region, last):
    """As ``replayed``, of a stream that is being made."""

    def tried():
        try:
            return replayed(place, region, last)
        except (amqp.exceptions.NotFound, amqp.exceptions.InternalError):
            return None

    return eventually(tried)


def test_a_signal_behind_what_an_alarm_left_has_been_refused_by_nobody(bus, monkeypatch):
    publisher = bus.feed.relay.publisher
    left, behind = (
        envelope.signal(
            event_id=new_id(), kind=SAID, regions=["london"], subject=f"alarm.{RUN}", time=NOW
        )
        for _ in range(2)
    )
    running.left_by_an_alarm(monkeypatch, publisher, [left])

    assert publisher.publish([behind]) == {left.id}

    assert behind.id not in publisher._refused
    assert publisher.publish([behind]) == {behind.id}


def test_a_signal_for_two_regions_comes_once_to_who_hears_both_and_once_to_each_stream(
    bus, place, channel
):
    both = subscribed(channel, "region.london.#", "region.north-west.#")
    other = subscribed(channel, "region.national.#")

    signal(bus, "across", "london", "north-west", "london")
    signal(bus, "after it", "london", "north-west", "national")
    eventually(lambda: empty(place))

    # In no order: what a look into the outbox finds together is published as it is read.
    assert sorted(subjects(waiting(channel, both))) == ["across", "after it"]
    assert subjects(waiting(channel, other)) == ["after it"]
    assert replayed(place, "london", "across", "after it").count("across") == 1
    assert replayed(place, "north-west", "across", "after it").count("across") == 1
    assert "across" not in replayed(place, "national", "after it")


def test_a_signal_is_a_cloudevent_without_data_that_every_library_reads(bus, place, channel):
    queue = subscribed(channel, "region.london.echo-said-1")

    signal_id = signal(bus, "a word", "london")
    eventually(lambda: empty(place))

    (message,) = waiting(channel, queue)
    assert message.content_type == envelope.SIGNAL_CONTENT_TYPE
    assert message.message_id == signal_id
    body = json.loads(message.body)
    assert body.pop("time").endswith("Z")
    assert body == {
        "specversion": "1.0", "id": signal_id, "source": "uk.nhs.echo", "type": "echo-said-1",
        "subject": f"a word.{RUN}", "dataref": f"/v1/words/a word.{RUN}",
    }  # fmt: skip


def test_a_feed_without_subscribers_loses_and_parks_nothing(bus, place):
    signal(bus, "unheard", "london")
    eventually(lambda: empty(place))

    assert rows(place, "select event_id from retry") == []
    assert "unheard" in replayed(place, "london", "unheard")


def test_a_signal_enters_no_queue_of_events_and_an_event_no_queue_of_signals(bus, place, channel):
    events = subscribed(channel, "#", exchange=names.EXCHANGE)
    signals = subscribed(channel, "#")

    signal(bus, "to others", "london")
    event(bus, "to us")
    eventually(lambda: empty(place) and "to us" in rows(place, "select word from heard"))

    assert [message.headers["ce-subject"] for message in waiting(channel, events)] == ["to us"]
    assert subjects(waiting(channel, signals)) == ["to others"]


def test_what_was_rolled_back_is_no_signal(bus, place, channel):
    queue = subscribed(channel, "#")

    def fail():
        with bus.transaction() as tx:
            tx.signal(SAID, regions=("london",), subject="never")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    signal(bus, "said", "london")
    eventually(lambda: empty(place))

    assert subjects(waiting(channel, queue)) == ["said"]


def test_a_feed_that_is_stuck_holds_up_no_event(bus, place, channel):
    queue = subscribed(channel, "#")
    bus.feed.link.blocked = True
    signal(bus, "waits", "london")
    event(bus, "goes on")

    eventually(lambda: "goes on" in rows(place, "select word from heard"))
    assert rows(place, "select region from outbox") == ["region.london"]
    bus.feed.link.blocked = False

    eventually(lambda: empty(place))
    assert subjects(waiting(channel, queue)) == ["waits"]


def test_a_subscriber_that_refuses_does_not_make_the_others_hear_it_for_ever(
    bus, place, channel, monkeypatch
):
    monkeypatch.setattr(relay, "UNROUTABLE_PAUSE", 0.01)
    subscribed(channel, "#", **{"x-max-length": 1, "x-overflow": "reject-publish"})
    queue = subscribed(channel, "#")

    signal(bus, "fills it", "london")
    eventually(lambda: empty(place))
    signal(bus, "is refused", "london")
    eventually(lambda: empty(place))

    heard = waiting(channel, queue)
    assert set(subjects(heard)) == {"fills it", "is refused"}
    assert len({message.message_id for message in heard}) == 2
    assert len(heard) <= 1 + feed.TRIES


def test_a_stream_that_was_lost_gets_its_region_again_and_the_queues_of_events_nothing(
    bus, place, channel
):
    signal(bus, "london's", "london")
    signal(bus, "the north west's", "north-west")
    event(bus, "an event")
    eventually(lambda: empty(place))
    events = subscribed(channel, "#", exchange=names.EXCHANGE)
    signals = subscribed(channel, "#")

    channel.queue_delete(names.public_stream("london"))
    bus.feed.link.reset("a test")
    assert "london's" in replayed_when_there(place, "london", "london's")
    running.wishes_are_over(place["DATABASE_URL"], place["AMQP_URL"])
    eventually(lambda: empty(place))

    again = subjects(waiting(channel, signals))
    assert again.count("london's") == 1
    assert "the north west's" not in again
    assert waiting(channel, events) == []


def test_an_operator_has_a_regions_events_said_again_or_its_signals(bus, place, channel):
    signal(bus, "a signal", "national")
    with bus.transaction() as tx:
        tx.emit(echo.Said, region="national", subject="x", data={"word": "an event"})
    eventually(lambda: empty(place))

    with bus.transaction() as tx:
        assert said.say_again(tx.conn, ["national"]) == rows_in(tx, "national") > 0
        assert said.say_again(tx.conn, [names.lane("national")]) == rows_in(tx, "region.national")
    eventually(lambda: empty(place))


def rows_in(tx, region):
    return tx.conn.execute("select count(*) from said where region = %s", [region]).fetchone()[0]


def test_a_service_that_says_no_signals_has_neither_a_link_nor_a_relay_for_them(monkeypatch, place):
    elsewhere = {**place, "REGIONS": "national"}
    with running.running(monkeypatch, echo.Echo, **elsewhere) as bus:
        assert bus.feed is None
