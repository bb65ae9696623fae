"""An event from one committed transaction to the next, on a real broker and database."""

import amqp
import kombu
import psycopg
import pytest
import structlog.testing

from services.bus import parking, retries
from services.bus.caller import Caller
from services.bus.rpc import RpcError
from services.bus.transaction import new_id
from tests.bus.echo import Said
from tests.bus.running import eventually

LONDONER = Caller(id=new_id(), region="london", approved=True)


def say(bus, word, region="london", event_id=None):
    with bus.transaction() as tx:
        return tx.emit(Said, region=region, subject=word, data={"word": word}, event_id=event_id)


def heard(bus):
    with bus.database.pool.connection() as conn:
        return [row[0] for row in conn.execute("select word from heard").fetchall()]


def outbox(bus):
    with bus.database.pool.connection() as conn:
        return conn.execute("select count(*) from outbox").fetchone()[0]


def parked(bus):
    with bus.transaction() as tx:
        return retries.listed(tx)


def publish(bus, body, headers, routing_key="london.echo.said"):
    with kombu.Connection(bus.link.url) as connection:
        channel = connection.channel()
        channel.basic_publish(
            amqp.basic_message.Message(body, application_headers=headers),
            exchange="timebank",
            routing_key=routing_key,
        )


def test_what_was_committed_is_heard_and_leaves_the_outbox(bus):
    for number in range(300):
        say(bus, f"word {number}", region=("london", "north-west", "national")[number % 3])

    eventually(lambda: len(heard(bus)) == 300)

    assert sorted(heard(bus)) == sorted(f"word {number}" for number in range(300))
    eventually(lambda: outbox(bus) == 0)


def test_what_was_rolled_back_is_never_said(bus):
    def fail():
        with bus.transaction() as tx:
            tx.emit(Said, region="london", subject="x", data={"word": "unsaid"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    say(bus, "said")

    eventually(lambda: heard(bus) == ["said"])


def test_an_event_said_twice_takes_effect_once(bus):
    event_id = new_id()

    for _ in range(3):
        say(bus, "once", event_id=event_id)
        eventually(lambda: outbox(bus) == 0)
    say(bus, "last")

    eventually(lambda: "last" in heard(bus))
    assert heard(bus).count("once") == 1


def test_poison_is_parked_with_its_reason_and_its_neighbours_are_handled(bus):
    with bus.transaction() as tx:
        for number in range(40):
            word = "poison" if number == 17 else f"word {number}"
            tx.emit(Said, region="london", subject=word, data={"word": word})

    eventually(lambda: len(heard(bus)) == 39)
    eventually(lambda: parked(bus))

    assert [row.reason for row in parked(bus)] == ["Poison: poison"]
    assert "poison" not in heard(bus)


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        (b"{", {"ce-id": "1"}, "not an event"),
        (b'{"word": "x"}', {}, "not an event"),
        (
            b'{"word": 7}',
            {
                "ce-id": "2",
                "ce-specversion": "1.0",
                "ce-type": "said",
                "ce-source": "/timebank/echo",
                "ce-time": "2026-11-21T10:00:00Z",
            },
            "word",
        ),
        (
            b'{"word": "x"}',
            {
                "ce-id": "3",
                "ce-specversion": "1.0",
                "ce-type": "sung",
                "ce-source": "/timebank/echo",
                "ce-time": "2026-11-21T10:00:00Z",
            },
            "nobody here handles echo.sung",
        ),
    ],
)
def test_a_message_of_the_wrong_shape_is_parked_with_its_reason(bus, body, headers, reason):
    publish(bus, body, headers)
    say(bus, "neighbour")

    eventually(lambda: parked(bus))
    eventually(lambda: heard(bus) == ["neighbour"])

    assert reason in parked(bus)[0].reason
    assert bytes(parked(bus)[0].body) == body


OURS = {
    "ce-id": "4",
    "ce-specversion": "1.0",
    "ce-type": "said",
    "ce-source": "/timebank/echo",
    "ce-time": "2026-11-21T10:00:00Z",
    "ce-subject": "x",
    "ce-region": "london",
    "ce-correlationid": "c",
}


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (OURS | {"ce-id": "4\x00"}, "the event has text that no database keeps"),
        (OURS | {"ce-subject": "half \ud83d"}, "the event has text that no database keeps"),
        (OURS | {"ce-note": "\x00"}, "the event has text that no database keeps"),
        ({"x-note": "half \ud83d", "x-\x00": "1"}, "not an event"),
    ],
)
def test_text_no_database_keeps_is_parked_and_its_neighbours_are_handled(bus, headers, reason):
    publish(bus, b'{"word": "x"}', headers)
    say(bus, "neighbour")

    eventually(lambda: parked(bus))
    eventually(lambda: heard(bus) == ["neighbour"])

    (row,) = parked(bus)
    assert row.reason.startswith(reason)
    # An id that cannot be kept is not shortened to one that an event of ours may have.
    assert (row.event_id == "4") == (headers.get("ce-id") == "4")
    assert bytes(row.body) == b'{"word": "x"}'


def test_what_a_database_quotes_from_a_row_is_told_nobody(bus):
    with structlog.testing.capture_logs() as lines:
        say(bus, "unwanted Asha Invented")
        eventually(lambda: parked(bus))

    (row,) = parked(bus)
    assert row.reason == (
        'CheckViolation 23514: new row for relation "heard" violates check constraint'
        ' "heard_word_check"'
    )
    assert "event failed again" in str(lines)
    assert "Asha" not in str(lines)


def test_a_parked_message_is_handled_when_it_is_sent_again(bus):
    say(bus, "poison that is cured")
    eventually(lambda: parked(bus))

    with bus.transaction() as tx:
        tx.conn.execute(
            "update retry set body = %s where parked_at is not null", [b'{"word": "cured"}']
        )
        assert parking.carry_out(tx, None, parking.PUT_BACK, None, "cured")

    eventually(lambda: heard(bus) == ["cured"])
    assert not parked(bus)


def test_an_event_without_a_queue_waits_until_its_queue_is_back(bus):
    with kombu.Connection(bus.link.url) as connection:
        channel = connection.channel()
        for service in ("echo", "all"):
            channel.queue_delete(f"{service}.london")

    say(bus, "homeless")
    say(bus, "housed", region="north-west")

    eventually(lambda: sorted(heard(bus)) == ["homeless", "housed"])
    eventually(lambda: outbox(bus) == 0)


def test_losing_the_connection_to_the_broker_loses_and_doubles_nothing(bus):
    for number in range(200):
        say(bus, f"word {number}")
        if number % 50 == 25:
            bus.link.reset("test")
            bus.incoming.reset("test")

    eventually(lambda: len(heard(bus)) >= 200)
    eventually(lambda: outbox(bus) == 0)
    assert sorted(heard(bus)) == sorted(f"word {number}" for number in range(200))


def test_losing_the_connections_to_the_database_loses_and_doubles_nothing(bus):
    for number in range(100):
        if number % 30 == 15:
            with psycopg.connect(bus.database.pool.conninfo, autocommit=True) as conn:
                conn.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where usename = current_user and pid <> pg_backend_pid()"
                )
        say(bus, f"word {number}")

    eventually(lambda: len(heard(bus)) >= 100)
    assert sorted(heard(bus)) == sorted(f"word {number}" for number in range(100))


def test_a_call_is_answered_with_the_caller_it_came_with(bus):
    answer = bus.call("echo", "say", caller=LONDONER, word="hello")

    assert answer["caller"] == LONDONER.as_json()
    eventually(lambda: heard(bus) == ["hello"])


def test_a_refusal_crosses_by_its_code_and_detail(bus):
    with pytest.raises(RpcError) as caught:
        bus.call("echo", "say", caller=LONDONER, word="rude")

    assert (caught.value.code, caught.value.family) == ("rude", "refused")
    assert caught.value.message == "That word is refused."
    assert caught.value.detail == {"word": "rude"}


def test_a_broken_call_tells_nothing_of_the_inside(bus):
    with pytest.raises(RpcError) as caught:
        bus.call("echo", "crash", caller=LONDONER)

    assert (caught.value.code, caught.value.family) == ("broken", "broken")
    assert "private" not in str(caught.value)


def test_a_call_that_takes_too_long_is_given_up(bus):
    with pytest.raises(RpcError) as caught:
        bus.call("echo", "slow", caller=LONDONER, seconds=5, timeout=0.2)

    assert (caught.value.code, caught.value.family) == ("timed_out", "try_later")


def test_a_call_to_nobody_is_told_at_once(bus):
    with pytest.raises(RpcError) as caught:
        bus.call("nobody", "say", caller=LONDONER, timeout=10)

    assert caught.value.code == "nobody_there"


@pytest.mark.parametrize("method", ["no_such_method", "say"])
def test_a_malformed_call_is_refused_and_the_service_lives_on(bus, method):
    with pytest.raises(RpcError) as caught:
        bus.call("echo", method, caller=LONDONER, nonsense=1)

    assert caught.value.code == "malformed_call"
    assert bus.call("echo", "say", caller=LONDONER, word="alive")


def test_a_request_that_is_no_request_is_dropped_and_the_service_lives_on(bus):
    with kombu.Connection(bus.link.url) as connection:
        connection.channel().basic_publish(
            amqp.basic_message.Message(b"\xff{"), exchange="", routing_key="rpc.echo.london"
        )

    assert bus.call("echo", "say", caller=LONDONER, word="alive")
