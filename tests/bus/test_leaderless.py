"""A queue that has lost its leader for good, which a broker killed at a bad moment leaves."""

import amqp
import eventlet
import pytest
from amqp import spec

from services.bus import intake, link
from services.bus.intake import QueueReader
from tests.bus.running import eventually


class Channel:
    """As py-amqp's, for a queue that may be silent, or end the connection when it is read."""

    def __init__(self, connection):
        self.connection = connection
        self.callbacks, self._callbacks = {}, {}

    def basic_qos(self, *_):
        """Nothing is counted here."""

    def send_method(self, method, _, arguments):
        assert method == spec.Basic.Consume
        queue = arguments[1]
        if queue in self.connection.failing:
            self.connection.ended = True
        elif queue not in self.connection.silent:
            self._callbacks[spec.Basic.ConsumeOk](queue)

    def basic_consume(self, queue, **_):
        if queue in self.connection.failing:
            raise amqp.exceptions.InternalError

    def queue_delete(self, queue):
        self.connection.silent.discard(queue)
        self.connection.failing.discard(queue)
        self.connection.deleted[queue] = True

    def queue_declare(self, queue, **_):
        assert queue in self.connection.deleted


class Connection:
    def __init__(self, *silent, failing=()):
        self.silent, self.failing, self.deleted = set(silent), set(failing), {}
        self.ended = False

    def channel(self):
        return Channel(self)

    clone = lambda self: self  # noqa: E731

    def connect(self):
        """It is connected."""

    def collect(self):
        """Nothing is open."""


@pytest.fixture
def readers(monkeypatch):
    monkeypatch.setattr(intake, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(intake, "FAILING_SECONDS", 0.05)
    made: list[QueueReader] = []
    made += [
        QueueReader(name, "london", 10, lambda _: None, neighbours=made) for name in ("one", "two")
    ]
    return made


def open_all(readers, connection):
    users = link.Link("", "", "")
    users.users = readers
    users._open(connection)


def serve(readers, connection, seconds=0.5):
    """Keep a connection as a link does, again when it is given up, for some seconds."""
    given_up: list[str] = []
    for reader in readers:
        reader.reset = given_up.append
    with eventlet.Timeout(seconds, False):
        while True:
            connection.ended = False
            given_up.clear()
            try:
                open_all(readers, connection)
                eventually(lambda: connection.ended or given_up)
            except link.QueueSilent:
                pass
            finally:
                for reader in readers:
                    reader.closed()


@pytest.mark.parametrize(
    "connection",
    [Connection("one"), Connection(failing=["one"]), Connection(failing=["two"])],
    ids=["silent", "failing first", "failing last"],
)
def test_a_queue_that_stays_silent_while_its_neighbour_answers_is_replaced(readers, connection):
    lost = [*connection.silent, *connection.failing]

    serve(readers, connection, 2)

    assert list(connection.deleted) == lost


def test_queues_that_are_all_silent_are_left_alone(readers):
    """So it is in a cluster that has lost its majority: what waits there will be back."""
    connection = Connection("one", "two")

    serve(readers, connection)

    assert not connection.deleted


def test_a_queue_that_was_only_slow_is_left_alone(readers):
    connection = Connection("one")
    serve(readers, connection, 0.1)

    connection.silent.clear()
    serve(readers, connection)

    assert not connection.deleted


def test_the_others_do_not_wait_for_a_silent_queue(readers):
    connection = Connection("one")

    for reader in readers:
        reader.opened(connection)

    assert readers[1].answered_at > 0
