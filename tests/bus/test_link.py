"""Shows that a link notices however its connection ends, and tells its users."""

import socket

import eventlet
import pytest

from services.bus import link
from tests.bus.running import eventually


class Listener:
    """Hears one queue, and may break the connection while it does."""

    def __init__(self):
        self.connections, self.heard = [], []
        self.hearing = lambda _: None

    def opened(self, connection):
        channel = connection.channel()
        self.queue = channel.queue_declare("", exclusive=True).queue
        channel.basic_consume(self.queue, callback=self._arrived, no_ack=True)
        self.channel = channel
        self.connections.append(connection)

    def closed(self):
        pass

    def _arrived(self, message):
        self.heard.append(bytes(message.body).decode())
        self.hearing(self.connections[-1])

    def say(self, *words):
        for word in words:
            link.send(
                self.channel, word.encode(), exchange="", routing_key=self.queue,
                mandatory=False, properties={},
            )  # fmt: skip


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def found(vhost, listener):
    """A running link with a listener on it."""
    made = link.Link(vhost, "test", "in")
    made.use(listener)
    running = eventlet.spawn(made.run)
    eventually(lambda: made.up)
    yield made
    made.stop()
    running.wait()


def fail_to_write(connection):
    """A write fails while the reader has yet to notice anything."""
    transport = connection.connection.transport
    transport.sock.shutdown(socket.SHUT_WR)
    with pytest.raises(BrokenPipeError):
        transport.write(b"x")


def test_a_write_that_fails_before_the_reader_notices_ends_the_connection(found, listener):
    listener.hearing = fail_to_write
    listener.say("first")
    eventually(lambda: listener.heard == ["first"])
    listener.hearing = lambda _: None

    eventually(lambda: len(listener.connections) == 2 and found.up)
    listener.say("second")

    eventually(lambda: listener.heard == ["first", "second"])


def test_a_lost_connection_makes_no_other_unasked(found, listener):
    connection = listener.connections[0]
    found.reset("a test")
    eventually(lambda: len(listener.connections) == 2)

    with pytest.raises(link.LinkLost):
        connection.channel()


NOBODY = "amqp://guest:guest@127.0.0.1:1/none"
"""An address at which every connection is refused."""


def test_a_broker_that_is_away_is_asked_several_times_a_second(monkeypatch):
    tries = []
    made = link.Link(NOBODY, "test", "in")
    serve = made._serve

    def tried(connection):
        tries.append(connection)
        serve(connection)

    monkeypatch.setattr(made, "_serve", tried)
    running = eventlet.spawn(made.run)
    with eventlet.Timeout(1.9, AssertionError(f"{tries}")):
        eventually(lambda: len(tries) == 4)
    made.stop()
    running.wait()
