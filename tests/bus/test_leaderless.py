"""A queue that has lost its leader for good, which a broker killed at a bad moment leaves."""

import time
from typing import Any

import amqp
import eventlet
import pytest
from amqp import spec

from services.bus import leaderless, link
from services.bus.entrypoints import Bus
from services.bus.intake import QueueReader
from services.bus.leaderless import Leaderless
from tests.bus.running import eventually

SILENT, FAILING = 0.2, 0.05
"""Seconds of patience here."""


class Channel:
    """As py-amqp's, for a queue that may be silent, or end the connection when it is read."""

    def __init__(self, connection):
        self.connection = connection
        self.callbacks, self._callbacks = {}, {}

    def basic_qos(self, *_):
        """Nothing is counted here."""

    def send_method(self, method, _, arguments):
        assert method == spec.Basic.Consume
        queue, broker = arguments[1], self.connection.broker
        if queue in broker.failing:
            self.connection.ended = True
        elif queue not in broker.silent:
            self.connection.answers.append(lambda: self._callbacks[spec.Basic.ConsumeOk](queue))

    def basic_consume(self, queue, **_):
        if queue in self.connection.broker.failing:
            raise amqp.exceptions.InternalError

    def queue_delete(self, queue):
        broker = self.connection.broker
        broker.silent.discard(queue)
        broker.failing.discard(queue)
        broker.deleted[queue] = True

    def queue_declare(self, queue, **_):
        assert queue in self.connection.broker.deleted


class Broker:
    """What is true of its queues."""

    def __init__(self, silent=(), failing=()):
        self.silent, self.failing, self.deleted = set(silent), set(failing), {}


class Connection:
    """One connection to it; what it answers is heard once it is read."""

    def __init__(self, broker):
        self.broker, self.ended, self.answers = broker, False, []

    def channel(self):
        return Channel(self)

    def clone(self):
        return Connection(self.broker)

    def connect(self):
        """It is connected."""

    def collect(self):
        """Nothing is open."""


class Link:
    """Keeps a connection as the real one does, again when it is given up."""

    def __init__(self, broker):
        self.broker, self.users = broker, []
        self.up, self.up_since = False, 0.0
        self.given_up = 0
        self.opening_takes = 0.0

    def reset(self, reason):
        """Does nothing before the link is read, as on the real one."""
        if self.up:
            self.given_up += 1
            self.up = False

    def serve(self):
        while True:
            self._once(Connection(self.broker))

    def _once(self, connection):
        try:
            for user in self.users:
                user.opened(connection)
            eventlet.sleep(self.opening_takes)
            self.up, self.up_since = True, time.monotonic()
            for answer in connection.answers:
                answer()
            eventually(lambda: connection.ended or not self.up, 60)
        finally:
            self.up = False
            for user in self.users:
                user.closed()


@pytest.fixture
def served(monkeypatch):
    """Serves two queues of a broker, by a link that is opened slowly or not, until something
    is true, or long enough for anything to have happened."""
    monkeypatch.setattr(leaderless, "SILENT_SECONDS", SILENT)
    monkeypatch.setattr(leaderless, "FAILING_SECONDS", FAILING)
    monkeypatch.setattr(leaderless, "LOOK", 0.01)

    def serve(broker, until=None, seconds=3 * SILENT, opening_takes=0.0):
        kept: Any = Link(broker)
        kept.opening_takes = opening_takes
        readers: list[QueueReader] = []
        watch = Leaderless(kept, readers)
        readers += [
            QueueReader(name, "london", 10, lambda _: None, passed_over=watch.passes_over)
            for name in ("one", "two")
        ]
        kept.users = [watch, *readers]
        serving = eventlet.spawn(kept.serve)
        if until:
            eventually(until)
        else:
            eventlet.sleep(seconds)
        serving.kill()
        return kept

    return serve


@pytest.mark.parametrize(
    ("silent", "failing"),
    [(["one"], ()), ((), ["one"]), ((), ["two"])],
    ids=["silent", "failing first", "failing last"],
)
def test_a_queue_that_stays_silent_while_its_neighbour_answers_is_replaced(served, silent, failing):
    broker = Broker(silent, failing)

    served(broker, until=lambda: broker.deleted)

    assert list(broker.deleted) == [*silent, *failing]


@pytest.mark.parametrize(("silent", "failing"), [(["one"], ()), ((), ["one"])])
def test_it_is_replaced_however_long_opening_the_link_takes(served, silent, failing):
    """Giving the link up does nothing before it is read: nobody tried again, and nothing of
    the service was ever read."""
    broker = Broker(silent, failing)

    kept = served(broker, until=lambda: broker.deleted, opening_takes=2 * SILENT)

    assert list(broker.deleted) == ["one"]
    assert kept.given_up == 1


def test_a_slow_opening_costs_no_queue(served):
    broker = Broker()

    kept = served(broker, opening_takes=2 * SILENT)

    assert not broker.deleted
    assert kept.given_up == 0


@pytest.mark.parametrize(("silent", "failing"), [(["one", "two"], ()), ((), ["one", "two"])])
def test_queues_of_which_none_answers_are_left_alone(served, silent, failing):
    """So it is in a cluster that has lost its majority: what waits there will be back."""
    broker = Broker(silent, failing)

    served(broker)

    assert not broker.deleted


def test_a_queue_that_was_only_slow_is_left_alone(served):
    broker = Broker(silent=["one"])
    served(broker, seconds=SILENT / 2)

    broker.silent.clear()
    served(broker)

    assert not broker.deleted


def test_a_process_is_not_ready_before_every_queue_it_reads_has_answered():
    bus = Bus((("london",), {}), database=False)
    bus.link = bus.incoming = link.Link("", "", "")
    bus.link.up = True
    reader = QueueReader("one", "london", 10, lambda _: None)
    bus.readers = [reader]
    assert not bus.checks()["consuming"]

    reader._answered("one")

    assert bus.checks()["consuming"]


def test_connections_that_never_came_about_raise_no_doubt():
    reader = QueueReader("one", "london", 10, lambda _: None)

    for _ in range(leaderless.DOUBTED):
        reader.closed()

    assert reader.unanswered == 0
