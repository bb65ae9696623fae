"""How often a message that failed is tried again, and for how long one that only came too early."""

import datetime

import pytest

from services.bus import retries
from services.bus.intake import Delivery
from services.bus.transaction import Database

DELIVERY = Delivery("london.echo.said", "london", {"ce-id": "e1"}, b"{}", False)
WAITS = (1.0, 600.0)


@pytest.fixture
def database(service_database):
    made = Database(service_database("services.bus"), size=2)
    made.open()
    with made.transaction() as tx:
        retries.schedule(tx, DELIVERY, "e1", "TryLater", WAITS[0])
    yield made
    made.close()


def fail(database, waits=WAITS, **how):
    with database.transaction() as tx:
        return retries.failed_again(tx, row(tx), "TryLater", waits, **how)


def row(tx):
    found = retries.found(tx, "e1")
    assert found
    return found


def move(database, **time):
    with database.transaction() as tx:
        tx.conn.execute("update clock set ahead = ahead + %s", [datetime.timedelta(**time)])


def wait(database):
    """Seconds from now to the next try."""
    with database.transaction() as tx:
        found = row(tx)
        return found.next_at and round((found.next_at - tx.now).total_seconds())


def test_a_message_that_fails_is_parked_behind_the_end_of_the_schedule(database):
    assert not fail(database)
    assert wait(database) == 600
    assert fail(database)
    assert wait(database) is None


def test_what_came_too_early_is_tried_at_the_last_interval_for_a_day_and_then_parked(database):
    fail(database)
    for _ in range(3):
        assert not fail(database, expected=True)
        assert wait(database) == 600

    move(database, hours=23)
    assert not fail(database, expected=True)
    move(database, hours=1)
    assert fail(database, expected=True)


def test_a_schedule_that_ends_without_a_wait_does_not_become_a_circle(database):
    assert not fail(database, (0.0,), expected=True)

    assert wait(database) == 1
