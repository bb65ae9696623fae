"""A queue that has lost its leader for good, which a broker killed at a bad moment leaves."""

import amqp
import eventlet
import pytest

from services.bus import intake, link
from services.bus.intake import QueueReader
from tests.bus.running import eventually


class Channel:
    """As py-amqp's, for a queue that may be silent."""

    def __init__(self, connection):
        self.connection = connection

    def basic_qos(self, *_):
        """Nothing is counted here."""

    def basic_consume(self, queue, **_):
        if queue in self.connection.silent:
            eventlet.sleep(60)
        if queue in self.connection.failing:
            raise amqp.exceptions.InternalError

    def queue_delete(self, queue):
        self.connection.silent.discard(queue)
        self.connection.failing.discard(queue)
        self.connection.deleted.append(queue)


class Connection:
    def __init__(self, *silent, failing=()):
        self.silent, self.failing, self.deleted = set(silent), set(failing), []

    def channel(self):
        return Channel(self)


@pytest.fixture
def readers(monkeypatch):
    monkeypatch.setattr(intake, "CONSUME_PATIENCE", 0.05)
    monkeypatch.setattr(intake, "SILENT_SECONDS", 0.12)
    made: list[QueueReader] = []
    made += [
        QueueReader(name, "london", 10, lambda _: None, neighbours=made) for name in ("one", "two")
    ]
    return made


def connect(users, connection):
    """As a link does, once; whether all were opened."""
    try:
        for user in list(users):
            user.opened(connection)
    except link.QueueSilent as silent:
        users.remove(silent.user)
        users.append(silent.user)
        for user in users:
            user.closed()
        return False
    return True


@pytest.mark.parametrize(
    "connection", [Connection("one"), Connection(failing=["one"])], ids=["silent", "failing"]
)
def test_a_queue_that_stays_silent_while_its_neighbour_answers_is_replaced(readers, connection):
    users = list(readers)

    eventually(lambda: connect(users, connection), 5)

    assert connection.deleted == ["one"]


def test_queues_that_are_all_silent_are_left_alone(readers):
    """So it is in a cluster that has lost its majority: what waits there will be back."""
    connection, users = Connection("one", "two"), list(readers)

    assert not any(connect(users, connection) for _ in range(10))
    assert connection.deleted == []


def test_a_queue_that_was_only_slow_is_left_alone(readers):
    connection, users = Connection("one"), list(readers)
    assert not connect(users, connection)

    connection.silent.clear()

    assert connect(users, connection)
    assert connection.deleted == []
