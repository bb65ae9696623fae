"""What was in hand at a death is begun in ever smaller groups, until the killer stands alone."""

import datetime
import random
from dataclasses import replace

import pytest

from services.bus import attempts, retries
from services.bus.envelope import Event
from services.bus.intake import Delivery
from services.bus.item import Item
from services.bus.transaction import Database
from tests.bus.echo import SUBSCRIPTIONS, Word

NOW = datetime.datetime(2026, 11, 2, tzinfo=datetime.UTC)


class Death(BaseException):
    """The process is gone: nothing of its memory is left."""


class Reader:
    """Lives again and again on the same deliveries."""

    def __init__(self, database, *killers):
        self.database, self.killers = database, set(killers)
        self.settled: list[str] = []
        self.sizes: list[int] = []

    def settle(self, group):
        self.sizes.append(len(group))
        if any(item.event.id in self.killers for item in group):
            raise Death
        ids = [item.event.id for item in group]
        with self.database.transaction() as tx:
            attempts.forget(tx, ids)
        self.settled += ids

    def live(self, items):
        """Whether it lived to the end; what was settled is not delivered again."""
        attempts._begun_in_this_life.clear()
        done = {*self.settled, *self.parked()}
        try:
            left = [item for item in items if item.event.id not in done]
            attempts.carefully("echo", self.database, left, self.settle)
        except Death:
            return False
        return True

    def parked(self):
        with self.database.transaction() as tx:
            return {kept.event_id for kept in retries.listed(tx)}


@pytest.fixture
def database(place):
    made = Database(place["DATABASE_URL"], size=2)
    made.open()
    yield made
    made.close()


def items(*ids):
    event = Event("", "echo.said", "london", "x", NOW, "c", Word("w"))
    delivery = Delivery("london.echo.said", "london", {}, b"{}", True)
    return [
        Item(
            replace(event, id=name),
            replace(delivery, headers={"ce-id": name}),
            SUBSCRIPTIONS["echo.said"],
        )
        for name in ids
    ]


INNOCENTS = [f"innocent-{number:03}" for number in range(200)]


def test_what_is_redelivered_for_the_first_time_is_handled_together(database):
    reader = Reader(database)

    assert reader.live(items(*INNOCENTS))

    assert reader.sizes == [200]


@pytest.mark.parametrize(("count", "seed"), [(1, 1), (1, 2), (2, 3)])
def test_killers_among_two_hundred_are_parked_and_nobody_else(database, count, seed):
    killers = [f"killer-{number}" for number in range(count)]
    delivered = items(*random.Random(seed).sample([*INNOCENTS, *killers], 200 + count))
    reader = Reader(database, *killers)

    deaths = 0
    while not reader.live(delivered):
        deaths += 1

    assert reader.parked() == set(killers)
    assert sorted(reader.settled) == INNOCENTS
    assert deaths <= (2 + attempts.KILLS_TOLERATED) * count
    with database.transaction() as tx:
        assert {kept.reason for kept in retries.listed(tx)} == {"begun 3 times and never ended"}
        assert tx.conn.execute("select count(*) from attempt").fetchone() == (0,)


def test_what_a_living_process_meets_again_is_not_counted_again(database):
    """A lost connection, or a database away in the middle, is no death."""
    reader = Reader(database, "unlucky")
    unlucky = items("unlucky")
    attempts._begun_in_this_life.clear()

    for _ in range(2 * attempts.KILLS_TOLERATED):
        with pytest.raises(Death):
            attempts.carefully("echo", database, unlucky, reader.settle)

    assert reader.parked() == set()


def test_groups_are_neighbours_of_the_same_past():
    before = {"b": 40, "c": 40, "d": 40, "e": 1}

    made = attempts.groups(items("a", "b", "c", "d", "e", "f", "g"), before)

    assert [[each.event.id for each in group] for group in made] == [
        ["a"], ["b", "c"], ["d"], ["e"], ["f", "g"],
    ]  # fmt: skip
