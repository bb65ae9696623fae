"""What other systems hear of exchanges and listings, and the heartbeat that is said once."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid5

import eventlet
import kombu
import pytest

from services.bus import envelope, topology
from services.bus.caller import Caller
from services.bus.entrypoints import Bus
from services.bus.transaction import Database
from services.contracts import feed
from services.contracts import ledger as contract
from services.exchanges import heartbeat_handlers
from services.exchanges.service import Exchanges
from tests.bus import running
from tests.exchanges import people
from tests.exchanges.people import Bank

REGIONS = ("london", "north-west")


@pytest.fixture
def giver() -> Caller:
    return people.member("london")


@pytest.fixture
def receiver() -> Caller:
    return people.member("north-west")


def signals(bank: Bank, subject: str) -> list[str]:
    """What was signalled about a subject, in its order, without product and version."""
    return [
        json.loads(body)["type"].removeprefix("timebank-").removesuffix("-1")
        for (body,) in bank.execute(
            "select convert_from(body, 'utf8') from unsaid where starts_with(region, 'region.')"
            " and convert_from(body, 'utf8')::json ->> 'subject' = %s order by id",
            subject,
        )
    ]


def test_an_exchange_is_told_of_from_its_request_to_its_settlement(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.settled(giver, receiver)

    assert signals(bank, exchange_id) == [
        "exchange-requested", "exchange-booked", "exchange-completed", "exchange-settled",
    ]  # fmt: skip


def test_a_signal_goes_to_the_receivers_region_and_a_copy_to_the_givers(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver)

    rows = bank.execute(
        "select region, routing_key, headers from unsaid where routing_key like 'region.%%booked-1'"
    )

    assert rows == [
        (
            "region.north-west",
            "region.north-west.timebank-exchange-booked-1",
            {"CC": ["region.london.timebank-exchange-booked-1"]},
        )
    ]
    assert exchange_id


def test_within_one_region_there_is_no_copy(bank: Bank, giver: Caller) -> None:
    bank.booked(giver, people.member("london"))

    found = bank.execute("select headers from unsaid where starts_with(region, 'region.')")

    assert {json.dumps(headers) for (headers,) in found} == {"{}"}


@pytest.mark.parametrize(
    ("action", "more", "told"),
    [
        ("decline", {"reason": "away"}, "exchange-closed"),
        ("amend", {"minutes": 30}, "exchange-amended"),
    ],
)
def test_a_request_that_is_not_accepted_is_told_without_who_and_why(
    bank: Bank, giver: Caller, receiver: Caller, action: str, more: dict[str, Any], told: str
) -> None:
    asked = bank.ask(receiver, bank.publish(giver))

    bank.act(giver, asked["id"], action, **more)

    assert signals(bank, asked["id"]) == ["exchange-requested", told]


@pytest.mark.parametrize("action", ["cancel", "no_show"])
def test_a_booking_that_comes_to_nothing_is_told_as_cancelled_whatever_happened(
    bank: Bank, giver: Caller, receiver: Caller, action: str
) -> None:
    exchange_id = bank.booked(giver, receiver)

    bank.act(giver, exchange_id, action, reason="a reason of theirs")

    assert signals(bank, exchange_id)[-1] == "exchange-cancelled"


def test_minutes_that_are_missing_are_told_to_nobody_else(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    asked = bank.ask(receiver, bank.publish(giver))
    bank.act(giver, asked["id"], "accept")
    bank.refused(asked["id"])

    assert bank.state(asked["id"]) == "unfunded"
    assert signals(bank, asked["id"]) == ["exchange-requested"]


def test_a_question_to_the_ledger_that_is_asked_again_is_told_once(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.booked(giver, receiver)
    bank.act(receiver, exchange_id, "done", minutes=60)

    bank.wait(minutes=20)

    assert bank.events(exchange_id).count("completed") == 2
    assert signals(bank, exchange_id).count("exchange-completed") == 1


def test_a_listing_is_told_of_when_it_can_be_found_and_when_no_longer(
    bank: Bank, giver: Caller
) -> None:
    listing = bank.publish(giver)
    bank.act_on_listing(giver, listing, "close")

    assert signals(bank, listing["id"]) == ["listing-published", "listing-closed"]


def test_no_signal_carries_anything_of_the_event_beyond_its_id(
    bank: Bank, giver: Caller, receiver: Caller
) -> None:
    exchange_id = bank.settled(giver, receiver)
    bodies = bank.execute(
        "select convert_from(body, 'utf8') from unsaid where starts_with(region, 'region.')"
    )

    assert bodies
    for (body,) in bodies:
        assert set(json.loads(body)) == set(feed.sample(feed.HEARTBEAT))
        for person in (giver, receiver):
            assert str(person.id) not in body
            assert str(person.organisation) not in body
    assert exchange_id


# The heartbeat.


@pytest.fixture
def clock(bank: Bank) -> Bank:
    """A bank at the beginning of a minute nobody has begun."""
    bank.execute("truncate heartbeat")
    bank.execute("update clock set ahead = date_trunc('minute', now()) - now()")
    return bank


def beat(bank: Bank, regions: tuple[str, ...] = REGIONS) -> list[str]:
    return sorted(bank.do(heartbeat_handlers.beat, regions))


def test_a_heartbeat_is_said_once_a_minute_and_region(clock: Bank) -> None:
    assert beat(clock) == ["london", "north-west"]
    assert beat(clock) == []
    clock.advance(seconds=40)
    assert beat(clock) == []
    clock.advance(seconds=20)
    assert beat(clock) == ["london", "north-west"]

    assert signals(clock, "london") == ["heartbeat", "heartbeat"]
    inside = "select count(*) from unsaid where routing_key = 'london.exchanges.heartbeat_said'"
    assert clock.execute(inside) == [(2,)]


def test_every_signal_has_the_id_and_time_that_follow_from_its_event(
    clock: Bank, giver: Caller, receiver: Caller
) -> None:
    clock.settled(giver, receiver)
    beat(clock)

    told = clock.execute(
        "select id, convert_from(body, 'utf8')::json ->> 'time' from unsaid"
        " where starts_with(region, 'region.')"
    )
    events = clock.execute(
        "select id, headers ->> 'ce-time' from unsaid where not starts_with(region, 'region.')"
    )

    assert told
    assert set(told) <= {(envelope.public_id(event_id), time) for event_id, time in events}


def test_a_region_is_said_for_by_who_works_for_it(clock: Bank) -> None:
    assert beat(clock, ("london",)) == ["london"]

    assert beat(clock) == ["north-west"]


def test_a_minute_nobody_worked_in_stays_without_a_heartbeat(clock: Bank) -> None:
    beat(clock)
    clock.advance(minutes=5)

    assert beat(clock) == ["london", "north-west"]
    assert signals(clock, "london") == ["heartbeat", "heartbeat"]


def test_a_clock_that_was_put_back_repeats_no_minute(clock: Bank) -> None:
    clock.advance(minutes=2)
    beat(clock)
    clock.advance(minutes=-1)

    assert beat(clock) == []


def test_of_many_at_the_same_moment_one_says_it(clock: Bank) -> None:
    others = [Database(clock.url, size=2) for _ in range(4)]
    for other in others:
        other.open()

    def said_by(database: Database) -> list[str]:
        with database.transaction() as tx:
            return heartbeat_handlers.beat(tx, REGIONS)

    at_once = [eventlet.spawn(said_by, database) for database in others * 2]
    said = [region for each in at_once for region in each.wait()]
    for other in others:
        other.close()

    assert sorted(said) == ["london", "north-west"]


# On the real bus.


@pytest.fixture
def bus(
    monkeypatch: pytest.MonkeyPatch, service_database: Callable[[str], str], vhost: str
) -> Iterator[Bus]:
    place = {"AMQP_URL": vhost, "DATABASE_URL": service_database("services.exchanges")}
    with running.running(monkeypatch, Exchanges, **place) as found:
        assert found.feed
        feed_of_it = found.feed
        running.eventually(lambda: feed_of_it.link.up)
        running.wishes_are_over(place["DATABASE_URL"], vhost)
        yield found


def test_a_cross_region_exchange_is_heard_once_by_who_hears_both_regions(
    bus: Bus, giver: Caller, receiver: Caller
) -> None:
    with kombu.Connection(bus.link.url) as connection:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).queue
        for region in REGIONS:
            channel.queue_bind(queue, topology.PUBLIC, topology.public_key(region, "#"))
        exchange_id = booked(bus, giver, receiver)
        heard: list[Any] = []

        def all_heard() -> bool:
            if (message := channel.basic_get(queue, no_ack=True)) is not None:
                heard.append(json.loads(message.body))
            return bool(heard) and heard[-1]["type"] == "timebank-exchange-booked-1"

        running.eventually(all_heard)

    ours = [each for each in heard if each["subject"] == exchange_id]
    assert [each["type"] for each in ours] == [
        "timebank-exchange-requested-1",
        "timebank-exchange-booked-1",
    ]
    assert {each["dataref"] for each in ours} == {f"/v1/exchanges/{exchange_id}"}


def booked(bus: Bus, giver: Caller, receiver: Caller) -> str:
    def ask(method: str, caller: Caller, **arguments: Any) -> Any:
        return bus.call("exchanges", method, caller=caller, timeout=10, **arguments)

    listing = ask("publish_listing", giver, body=people.OFFER)
    body = {"listing_id": listing["id"], "minutes": 60}
    exchange_id: str = ask("ask", receiver, body=body)["id"]
    ask("act", giver, exchange_id=exchange_id, action="accept", body={})
    hold_id = uuid5(UUID(exchange_id), "hold:1")
    data = {"hold_id": hold_id, "exchange_id": UUID(exchange_id), "minutes": 60}
    with bus.transaction() as tx:
        tx.emit(
            contract.MinutesHeld, region="north-west", subject=exchange_id,
            data={**data, "account_id": receiver.id},
        )  # fmt: skip
    return exchange_id
