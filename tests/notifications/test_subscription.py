"""Proves what may be subscribed to, who hears what, and when a webhook is tried again."""

import datetime
import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.contracts import feed, words
from services.notifications import errors, feed_rights, handlers, subscription
from services.notifications.subscription import RETRIES, Attempt, Hearer, Signal
from services.notifications.subscription_handlers import FEED, TYPES
from tests.notifications.scene import NOW

ID = UUID("01931c6e-0000-7000-8000-0000000000c1")
WEBHOOK = {
    "kind": "webhook", "name": "Rota", "regions": ["london"], "url": "https://rota.example/hook",
}  # fmt: skip


def wished(**changes: Any) -> subscription.Wish:
    return subscription.wished({**WEBHOOK, **changes}, words.ROUTES, TYPES, False)


def test_a_wish_names_regions_and_types_that_exist() -> None:
    found = wished(regions=["london", "midlands", "london"], types=["timebank-exchange-booked-1"])
    assert found.regions == ("london", "midlands")
    assert found.types == ("timebank-exchange-booked-1",)
    assert wished(types=[feed.HEARTBEAT.type]).types == (feed.HEARTBEAT.type,)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"kind": "fax"}, "/kind"),
        ({"name": " "}, "/name"),
        ({"name": None}, "/name"),
        ({"regions": []}, "/regions"),
        ({"regions": None}, "/regions"),
        ({"regions": ["london", "mars"]}, "/regions/1"),
        ({"types": ["timebank-moon-landed-1"]}, "/types/0"),
        ({"url": None}, "/url"),
        ({"kind": "amqp"}, "/url"),
    ],
)
def test_a_wish_for_anything_else_is_refused_with_the_place_of_the_mistake(
    changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(errors.BadSubscription) as caught:
        wished(**changes)
    assert caught.value.detail["pointer"] == pointer


def test_a_webhook_hears_its_types_in_its_regions_also_as_the_second_region() -> None:
    signal = Signal("1", "timebank-exchange-booked-1", ("london", "midlands"), NOW, {})
    for regions, types, hears in (
        (["london"], [], True),
        (["midlands"], [], True),
        (["north-west"], [], False),
        (["london"], ["timebank-exchange-booked-1"], True),
        (["london"], ["timebank-exchange-settled-1"], False),
    ):
        assert Hearer(uuid4(), regions, types).hears(signal) is hears


def test_every_public_event_is_heard_so_that_webhooks_miss_nothing_queues_are_told() -> None:
    heard = {name.rpartition(".")[2] for name in handlers.SUBSCRIPTIONS}
    assert feed.BY_EVENT.keys() <= heard


def test_the_tries_follow_the_table_within_a_tenth_and_then_end() -> None:
    failed = Attempt(500, "refused")
    for number, seconds in enumerate(RETRIES, 1):
        assert subscription.next_try(number, failed, 0.5) == seconds
        assert subscription.next_try(number, failed, 0.0) == pytest.approx(0.9 * seconds)
        assert subscription.next_try(number, failed, 1.0) == pytest.approx(1.1 * seconds)
    assert subscription.next_try(len(RETRIES) + 1, failed, 0.5) is None


def test_a_receiver_that_asks_for_time_is_given_it_but_not_more_than_a_day() -> None:
    assert subscription.next_try(1, Attempt(429, "refused", 90), 0.5) == 90
    assert subscription.next_try(1, Attempt(429, "refused", 10**9), 0.5) == 86_400
    assert subscription.rest(1, Attempt(503, "refused", 40)) == 40
    assert [subscription.rest(each, Attempt(500, "refused")) for each in (1, 2, 3, 4, 9)] == [
        5, 15, 60, 300, 300,
    ]  # fmt: skip


def test_a_receiver_is_lost_after_three_days_without_a_success() -> None:
    assert not subscription.is_lost(None, NOW)
    assert not subscription.is_lost(NOW - datetime.timedelta(days=2.9), NOW)
    assert subscription.is_lost(NOW - datetime.timedelta(days=3), NOW)


def test_rights_name_the_subscribers_own_queue_and_the_regions_granted() -> None:
    found = feed_rights.rights(ID, ["london", "midlands"], [], FEED)
    assert found.bindings == ("region.london.#", "region.midlands.#")
    readable = [found.queue, FEED.exchange, FEED.streams["london"], FEED.streams["midlands"]]
    for name in readable:
        assert re.search(found.read, name), name
    for name in (
        "timebank", "ledger.london", "timebank.public.complete", FEED.streams["north-west"],
        f"{feed_rights.user_of(uuid4())}.signals", f"x{found.queue}", "timebankxpublic",
        f"{FEED.exchange}x", found.user,
    ):  # fmt: skip
        assert not re.search(found.read, name), name
        assert not re.search(found.write, name), name
    assert not re.search(found.configure, found.queue)
    assert not re.search(found.write, FEED.exchange)
    for key in ("region.london.#", "region.midlands.timebank-exchange-booked-1"):
        assert re.search(found.hears, key)
    for key in (
        "#",
        "region.#",
        "region.*.x",
        "*.london.#",
        "region.north-west.#",
        "region.londonx.#",
    ):
        assert not re.search(found.hears, key), key


def test_a_subscriber_to_some_types_is_bound_to_them_alone() -> None:
    keys = feed_rights.bindings(["london", "midlands"], ["timebank-exchange-booked-1"])
    assert keys == (
        "region.london.timebank-exchange-booked-1", "region.midlands.timebank-exchange-booked-1",
    )  # fmt: skip
