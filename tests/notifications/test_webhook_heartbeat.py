"""Proves that a webhook hears heartbeats in their order, and of several only the newest."""

import datetime

import pytest

from services.bus.transaction import Database
from services.contracts import exchanges
from services.notifications import webhook_handlers
from tests.notifications import receiver, scene, subscribing
from tests.notifications.receiver import Receiver
from tests.notifications.scene import NOW, Pair


@pytest.fixture(autouse=True)
def _at_the_time_of_the_events(database: Database) -> None:
    scene.rows(database, "update clock set ahead = %s - now() returning ahead", NOW)


def beat(database: Database, minutes: int, region: str = "london") -> None:
    scene.hear(database, scene.beat(region, NOW + datetime.timedelta(minutes=minutes)))


def test_a_heartbeat_comes_in_its_order_and_one_that_was_not_delivered_makes_room(
    database: Database, hook: Receiver
) -> None:
    subscribing.active(database, hook.url)
    subscribing.active(database, hook.url, types=["timebank-exchange-booked-1"])
    courier = subscribing.courier(database)
    hook.answer = receiver.status(503)
    beat(database, 0)
    assert courier.run() == {"postponed": 1}
    hook.answer = receiver.status(204)
    scene.hear(database, scene.beat("london", NOW + datetime.timedelta(minutes=2)),
               scene.beat("london", NOW + datetime.timedelta(minutes=1)))  # fmt: skip
    scene.hear(database, Pair().says(exchanges.ExchangeSettled))
    scene.advance(database, seconds=6)
    assert courier.run() == {"delivered": 2}
    assert [each["type"] for each in hook.signals[1:]] == [
        "timebank-exchange-settled-1", "timebank-heartbeat-1",
    ]  # fmt: skip
    assert hook.signals[-1]["time"] == "2026-05-04T09:32:00Z"
    assert hook.signals[-1]["subject"] == "london"
    assert scene.rows(database, "select count(*) from webhook_delivery") == [(2,)]


def test_heartbeats_that_wait_together_are_sent_as_one(database: Database, hook: Receiver) -> None:
    subscribing.active(database, hook.url, regions=["london", "south-west"])
    late = [scene.beat("london", NOW + datetime.timedelta(minutes=each)) for each in (1, 0)]
    with database.transaction() as tx:
        webhook_handlers.signal(tx, [*late, scene.beat("south-west", NOW)])
    assert subscribing.courier(database).run() == {"delivered": 2}
    assert {each["time"] for each in hook.signals} == {
        "2026-05-04T09:31:00Z", "2026-05-04T09:30:00Z",
    }  # fmt: skip


def test_a_receiver_of_heartbeats_alone_is_given_up_after_three_days(
    database: Database, hook: Receiver
) -> None:
    found, _ = subscribing.active(database, hook.url, types=["timebank-heartbeat-1"])
    hook.answer = receiver.status(500)
    courier = subscribing.courier(database)
    for day in (0, 2, 4):
        beat(database, 24 * 60 * day)
        courier.run()
        scene.advance(database, days=2)
    assert subscribing.one(database, found)["end_reason"] == "unreachable"
