"""Proves on a real receiver that signals arrive signed and once, and what becomes of failures."""

import datetime
import socket
from collections import Counter
from uuid import UUID

import eventlet
import pytest
from standardwebhooks.webhooks import Webhook

from services.bus import envelope
from services.bus.transaction import Database
from services.contracts import exchanges
from services.notifications import courier as courier_module
from services.notifications import (
    errors,
    subscription,
    subscription_handlers,
    webhook,
    webhook_handlers,
)
from services.notifications.subscription import RETRIES
from tests.notifications import receiver, scene, subscribing
from tests.notifications.receiver import Receiver
from tests.notifications.scene import NOW, Pair
from tests.notifications.subscribing import ANOTHER, INTEGRATOR, NATIONAL


@pytest.fixture(autouse=True)
def _at_the_time_of_the_events(database: Database) -> None:
    scene.rows(database, "update clock set ahead = %s - now() returning ahead", NOW)


def states(database: Database) -> list[tuple[str, int, str | None]]:
    return scene.rows(
        database, "select state, attempts, reason from webhook_delivery order by event_id"
    )


def settled(database: Database) -> Pair:
    pair = Pair()
    scene.hear(database, pair.says(exchanges.ExchangeSettled))
    return pair


def test_an_event_arrives_signed_as_a_signal_without_data(
    database: Database, hook: Receiver
) -> None:
    _, secret = subscribing.active(database, hook.url)
    pair = settled(database)
    assert subscribing.courier(database).run() == {"delivered": 1}
    (heard,) = hook.heard
    signal = Webhook(secret).verify(heard.body, heard.headers)
    assert signal == {
        "specversion": "1.0", "id": heard.headers["webhook-id"],
        "source": "uk.nhs.talent-timebanking", "type": "timebank-exchange-settled-1",
        "time": "2026-05-04T09:30:00Z", "subject": "subject",
        "dataref": "/v1/exchanges/subject",
    }  # fmt: skip
    assert heard.path == "/hook?to=us"
    assert heard.headers["content-type"] == "application/cloudevents+json"
    assert str(pair.giver_id) not in heard.body.decode()


def test_nothing_is_sent_before_it_is_let_in_or_beyond_its_regions_and_types(
    database: Database, hook: Receiver
) -> None:
    subscribing.subscribe(database, url=hook.url)
    subscribing.active(database, hook.url, regions=["midlands"])
    subscribing.active(database, hook.url, types=["timebank-exchange-booked-1"])
    settled(database)
    assert not subscribing.courier(database).run()
    assert not hook.heard


def test_the_other_region_of_an_exchange_hears_too_and_a_receiver_of_both_hears_once(
    database: Database, hook: Receiver
) -> None:
    subscribing.active(database, hook.url, regions=["south-west"])
    subscribing.active(database, hook.url, regions=["london", "south-west"])
    settled(database)
    assert subscribing.courier(database).run() == {"delivered": 2}


def test_an_event_heard_three_times_is_sent_once_and_one_that_asks_again_is_no_news(
    database: Database, hook: Receiver
) -> None:
    subscribing.active(database, hook.url)
    pair = Pair()
    completed = pair.says(exchanges.ExchangeCompleted)
    later = NOW + datetime.timedelta(minutes=15)
    asked_again = pair.says(exchanges.ExchangeCompleted, happened_at=later)
    scene.hear(database, completed, completed)
    subscribing.courier(database).run()
    scene.hear(database, completed, asked_again)
    assert not subscribing.courier(database).run()
    assert len(hook.heard) == 1


def test_a_signal_has_the_id_and_the_time_it_has_on_the_feed(
    database: Database, hook: Receiver
) -> None:
    subscribing.active(database, hook.url)
    event = Pair().says(exchanges.ExchangeSettled)
    scene.hear(database, event)
    subscribing.courier(database).run()
    on_the_feed = str(envelope.public_id(UUID(event.id)))
    assert hook.heard[0].headers["webhook-id"] == hook.signals[0]["id"] == on_the_feed
    with database.transaction() as tx:
        found = scene.rows(database, "select id::text from subscription")[0][0]
        (item,) = webhook_handlers.deliveries(tx, INTEGRATOR, found)["items"]
    assert item["id"] == on_the_feed


def test_a_failure_is_tried_again_by_the_table_under_the_same_id_and_given_up_at_its_end(
    database: Database, hook: Receiver
) -> None:
    subscribing.active(database, hook.url)
    settled(database)
    hook.answer = receiver.status(500)
    courier = subscribing.courier(database)
    for seconds in RETRIES:
        assert courier.run() == {"postponed": 1}
        assert not courier.run()
        scene.advance(database, seconds=1.1 * seconds + 1)
    assert courier.run() == {"failed": 1}
    assert states(database) == [("failed", len(RETRIES) + 1, "refused")]
    assert len({heard.headers["webhook-id"] for heard in hook.heard}) == 1
    assert len(hook.heard) == len(RETRIES) + 1
    ended = scene.rows(database, "select state, end_reason from subscription")
    assert ended == [("ended", "unreachable")]


def test_a_receiver_that_fails_is_left_alone_and_its_other_signals_lose_no_try(
    database: Database, hook: Receiver
) -> None:
    found, _ = subscribing.active(database, hook.url)
    for _ in range(5):
        settled(database)
    hook.answer = receiver.status(503)
    courier = subscribing.courier(database)
    courier.run()
    assert len(hook.heard) == 1
    assert Counter(states(database)) == {("pending", 1, "refused"): 1, ("pending", 0, None): 4}
    assert subscribing.one(database, found)["failing_since"]
    hook.answer = receiver.status(204)
    assert not courier.run()
    scene.advance(database, seconds=6)
    assert courier.run() == {"delivered": 5}
    assert subscribing.one(database, found)["failing_since"] is None


def test_a_receiver_that_hangs_holds_up_no_other(database: Database, hook: Receiver) -> None:
    with receiver.listening() as slow:
        slow.answer = receiver.drip
        subscribing.active(database, slow.url)
        subscribing.active(database, hook.url)
        for _ in range(20):
            settled(database)
        counts = subscribing.courier(database).run()
    assert counts == {"delivered": 20, "postponed": 1}
    assert len(slow.heard) == 1
    assert ("pending", 1, "timed_out") in states(database)


def test_410_ends_the_subscription_for_ever(database: Database, hook: Receiver) -> None:
    found, _ = subscribing.active(database, hook.url)
    settled(database)
    settled(database)
    hook.answer = receiver.status(410)
    assert subscribing.courier(database).run() == {"failed": 1}
    assert subscribing.one(database, found)["end_reason"] == "gone"
    assert {state for state, _, _ in states(database)} == {"failed"}
    settled(database)
    assert not subscribing.courier(database).run()
    assert len(hook.heard) == 1


def test_a_redirect_is_a_failure_and_nobody_follows_it(database: Database, hook: Receiver) -> None:
    subscribing.active(database, hook.url)
    settled(database)
    with receiver.listening() as elsewhere:
        hook.answer = receiver.status(307, Location=elsewhere.url)
        subscribing.courier(database).run()
        assert not elsewhere.heard
    assert states(database) == [("pending", 1, "redirected")]


def test_a_receiver_that_is_asked_to_wait_longer_is_waited_for(
    database: Database, hook: Receiver
) -> None:
    subscribing.active(database, hook.url)
    settled(database)
    hook.answer = receiver.status(429, Retry_After="120")
    courier = subscribing.courier(database)
    courier.run()
    scene.advance(database, seconds=100)
    assert not courier.run()
    scene.advance(database, seconds=40)
    assert courier.run() == {"postponed": 1}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://127.0.0.1:9/", "not_a_public_address"),
        ("https://localhost:9/", "not_a_public_address"),
        ("https://[::ffff:10.0.0.1]/", "not_a_public_address"),
        ("https://169.254.169.254/latest", "not_a_public_address"),
        ("https://no-such-name.invalid/", "name_unknown"),
        ("https://a..b.org/", "name_unknown"),
        (f"https://{'a' * 64}.example/", "name_unknown"),
    ],
)
def test_what_a_name_leads_to_is_checked_when_something_is_sent(url: str, reason: str) -> None:
    attempt = webhook.send(url, "1", {"id": "1"}, ["whsec_YWJj"], NOW)
    assert (attempt.status, attempt.reason) == (None, reason)


def test_a_name_with_one_public_and_one_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    attempt = webhook.send("https://two-faced.example/", "1", {}, ["whsec_YWJj"], NOW)
    assert attempt.reason == "not_a_public_address"


def test_the_address_that_was_checked_is_the_one_that_is_asked(
    hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere at every question is asked once."""
    asked = []
    port = int(hook.url.split(":")[2].split("/")[0])

    def once(*arguments: object, **_: object) -> list[object]:
        asked.append(arguments)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", once)
    attempt = webhook.send(
        f"http://rebinding.example:{port}/", "1", {}, ["whsec_YWJj"], NOW, loopback=True
    )
    assert attempt.status == 204
    assert hook.heard[0].headers["host"] == f"rebinding.example:{port}"
    assert len([each for each in asked if each[0] == "rebinding.example"]) == 1


def test_a_replaced_secret_signs_beside_the_new_one_for_a_day(
    database: Database, hook: Receiver
) -> None:
    found, old = subscribing.active(database, hook.url)
    new = subscribing.secret(database, found)
    settled(database)
    subscribing.courier(database).run()
    scene.advance(database, hours=25)
    settled(database)
    subscribing.courier(database).run()
    during, after = hook.heard
    for secret in (old, new):
        Webhook(secret).verify(during.body, during.headers)
    Webhook(new).verify(after.body, after.headers)
    assert len(after.headers["webhook-signature"].split()) == 1


def test_everything_since_a_moment_is_sent_again_under_the_ids_it_had(
    database: Database, hook: Receiver
) -> None:
    found, _ = subscribing.active(database, hook.url)
    for _ in range(3):
        settled(database)
    courier = subscribing.courier(database)
    courier.run()
    for moment, count in ((NOW, 3), (NOW + datetime.timedelta(seconds=1), 0)):
        with database.transaction() as tx:
            again = webhook_handlers.replay(tx, INTEGRATOR, found, moment.isoformat())
        assert again == {"signals": count}
        courier.run()
    assert Counter(Counter(each["id"] for each in hook.signals).values()) == {2: 3}
    for nonsense in ("yesterday", "2026-05-04T09:30:00", None, "2026-03-01T00:00:00Z"):
        with database.transaction() as tx, pytest.raises(errors.BadMoment):
            webhook_handlers.replay(tx, INTEGRATOR, found, nonsense)


def test_failures_are_listed_for_their_owner_and_for_who_sees_everything(
    database: Database, hook: Receiver
) -> None:
    found, _ = subscribing.active(database, hook.url)
    settled(database)
    hook.answer = receiver.status(500)
    subscribing.courier(database).run()
    for caller in (INTEGRATOR, NATIONAL):
        with database.transaction() as tx:
            listed = webhook_handlers.deliveries(tx, caller, found, "pending")
        (item,) = listed["items"]
        assert (item["attempts"], item["status"], item["reason"]) == (1, 500, "refused")
        assert item["next_at"]
    with database.transaction() as tx:
        assert webhook_handlers.deliveries(tx, INTEGRATOR, found, "failed")["items"] == []
    with database.transaction() as tx, pytest.raises(errors.NoSuchSubscription):
        webhook_handlers.deliveries(tx, ANOTHER, found)


def test_a_ping_tells_at_once_what_came_of_it(database: Database, hook: Receiver) -> None:
    found, secret = subscribing.active(database, hook.url)

    def ping() -> dict[str, object]:
        return webhook_handlers.ping(database.transaction, subscribing.HERE, INTEGRATOR, found)

    assert ping()["delivered"] is True
    assert Webhook(secret).verify(hook.heard[0].body, hook.heard[0].headers)["type"] == (
        webhook_handlers.PING
    )
    hook.answer = receiver.status(500)
    assert (ping()["delivered"], ping()["status"]) == (False, 500)
    assert states(database) == []


def test_what_waits_for_a_receiver_is_sent_in_one_turn_however_many_batches(
    database: Database, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "BATCH", 4)
    subscribing.active(database, hook.url)
    for _ in range(10):
        settled(database)
    assert subscribing.courier(database).run() == {"delivered": 10}


def test_two_couriers_at_once_never_send_one_signal_twice(
    database: Database, hook: Receiver
) -> None:
    subscribing.active(database, hook.url)
    for _ in range(60):
        settled(database)
    couriers = [subscribing.courier(database) for _ in range(2)]
    total: Counter[str] = Counter()
    for _ in range(3):
        for running in [eventlet.spawn(each.run) for each in couriers]:
            total += running.wait()
    assert total == {"delivered": 60}
    assert set(Counter(each["id"] for each in hook.signals).values()) == {1}


def test_what_was_in_hand_of_a_courier_that_died_is_sent_by_another(
    database: Database, hook: Receiver
) -> None:
    subscribing.active(database, hook.url)
    settled(database)
    dead, living = subscribing.courier(database), subscribing.courier(database)
    ((receiver_id,),) = scene.rows(database, "select id from subscription")
    assert dead._take(receiver_id).due
    assert not living.run()
    scene.advance(database, seconds=living.lease.total_seconds() + 1)
    assert living.run() == {"delivered": 1}


def test_signals_are_forgotten_after_thirty_days(database: Database, hook: Receiver) -> None:
    subscribing.active(database, hook.url)
    settled(database)
    courier = subscribing.courier(database)
    courier.run()
    scene.advance(database, days=subscription.KEPT.days - 1)
    subscribing.courier(database).run()
    assert len(states(database)) == 1
    scene.advance(database, days=2)
    subscribing.courier(database).run()
    assert states(database) == []


def test_the_end_of_a_subscription_ends_what_was_to_be_sent(
    database: Database, hook: Receiver
) -> None:
    found, _ = subscribing.active(database, hook.url)
    settled(database)
    with database.transaction() as tx:
        subscription_handlers.end(tx, INTEGRATOR, found)
    assert not subscribing.courier(database).run()
    assert states(database) == [("failed", 0, "ended")]
