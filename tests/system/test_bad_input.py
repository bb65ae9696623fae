"""What bad input gets from the whole platform: a clear answer with a code, and nothing lost."""

import base64
import json
import threading
import time
import uuid

import amqp
import kombu
import psycopg
import pytest
import requests

from deploy.client import Answer, Person
from tests.bus.running import eventually


def member(platform, name, organisation="RJ1", region="london"):
    person = Person(platform.gateway_url, f"{name}.{uuid.uuid4().hex[:8]}@dev.nhs.uk")
    person.post(
        "/v1/members", {"name": f"{name} Invented", "organisation": organisation, "region": region}
    )
    return person


def offer(person, **changed):
    body = {
        "kind": "offer",
        "title": "Help with rotas",
        "description": "Bring your own.",
        "category": "problem-solving",
        "minutes": 60,
        "online": True,
        "skills": ["Rotas"],
        **changed,
    }
    return person.post("/v1/listings", body)


@pytest.fixture(scope="module")
def giver(platform):
    return member(platform, "gwen", "R0A", "north-west")


@pytest.fixture(scope="module")
def listing(giver):
    return offer(giver)


@pytest.fixture
def receiver(platform):
    """Somebody new, whose credits no other test has spent."""
    return member(platform, "rory")


def ask(person, listing, minutes=60):
    return person.post("/v1/exchanges", {"listing_id": listing["id"], "minutes": minutes})


def in_state(person, exchange, state):
    def found():
        seen = person.get(f"/v1/exchanges/{exchange['id']}")
        return seen if seen["state"] == state else None

    return eventually(found)


def refused(call, *arguments, **named):
    with pytest.raises(Answer) as caught:
        call(*arguments, **named)
    problem = caught.value.problem
    assert problem["code"]
    assert problem["status"] == caught.value.status
    return caught.value.status, problem


@pytest.mark.parametrize("minutes", [0, -15, 1.5, 10**9, True, "60", 20, None])
def test_minutes_outside_the_rule_are_refused_with_a_pointer(receiver, listing, minutes):
    status, problem = refused(ask, receiver, listing, minutes)

    assert status in (400, 422)
    assert {error["pointer"] for error in problem["errors"]} == {"/minutes"}


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"listing_id": ', "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"listing_id": 7, "minutes": 60}', "application/json", 422),
        (b'{"surprise": 1}', "application/json", 422),
        (b"\xff\xfe", "application/json", 400),
        (b"minutes=60", "application/x-www-form-urlencoded", 415),
        (b'{"message": "' + b"x" * 70_000 + b'"}', "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_used_is_a_problem_document(receiver, body, content_type, status):
    headers = {"Content-Type": content_type, "Idempotency-Key": str(uuid.uuid4())}

    answer = receiver.http.post(
        f"{receiver.gateway}/v1/exchanges", data=body, headers=headers, timeout=10
    )

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"]


def test_anothers_exchange_is_not_found(platform, receiver, listing):
    exchange = ask(receiver, listing)

    status, problem = refused(member(platform, "nosy").get, f"/v1/exchanges/{exchange['id']}")
    assert (status, problem["code"]) == (404, "exchange_not_found")


def test_a_step_the_state_does_not_allow_tells_the_state_and_what_is_allowed(receiver, listing):
    exchange = ask(receiver, listing)

    status, problem = refused(receiver.act, exchange["id"], "confirm")

    assert (status, problem["code"]) == (409, "step_not_allowed")
    assert problem["state"] == "requested"
    assert "withdraw" in problem["allowed"]


def test_ones_own_listing_cannot_be_asked_for(giver, listing):
    assert refused(ask, giver, listing)[1]["code"] == "own_listing"


def test_too_few_credits_are_shown_before_sending(receiver, giver):
    big = offer(giver, minutes=600)

    funding = receiver.get(f"/v1/listings/{big['id']}")["funding"]

    assert funding["enough"] is False
    assert funding["available_minutes"] == 240
    assert funding["shortfall_minutes"] == 360
    assert funding["ways_out"]


def test_too_few_credits_at_the_hold_leave_it_unfunded_with_the_ways_out(receiver, giver, listing):
    exchange = ask(receiver, listing, 600)
    giver.act(exchange["id"], "accept")

    unfunded = in_state(receiver, exchange, "unfunded")

    assert unfunded["shortfall_minutes"] == 360
    assert set(unfunded["ways_out"]) == {"amend", "ask_fund", "withdraw"}
    receiver.act(exchange["id"], "amend", minutes=60)
    giver.act(exchange["id"], "accept")
    assert in_state(receiver, exchange, "booked")["held_minutes"] == 60


def test_of_two_accepts_at_the_same_moment_one_wins(platform, receiver, giver, listing):
    exchange = ask(receiver, listing)
    twin = Person(platform.gateway_url, giver.email)
    results = []

    def accept(person):
        try:
            results.append(person.act(exchange["id"], "accept")["state"])
        except Answer as answer:
            results.append((answer.status, answer.problem["code"]))

    threads = [threading.Thread(target=accept, args=(person,)) for person in (giver, twin)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (409, "step_not_allowed") in results
    assert any(isinstance(result, str) for result in results)


def test_the_same_key_books_once_and_another_payload_under_it_is_refused(receiver, listing):
    key = str(uuid.uuid4())
    body = {"listing_id": listing["id"], "minutes": 15}

    first = receiver.post("/v1/exchanges", body, key=key)
    again = receiver.post("/v1/exchanges", body, key=f'"{key}"')
    status, problem = refused(receiver.post, "/v1/exchanges", {**body, "minutes": 30}, key=key)

    assert again["id"] == first["id"]
    assert (status, problem["code"]) == (422, "idempotency_key_reused")


def _unsigned(claims):
    def part(data):
        return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}."


@pytest.mark.parametrize("kind", ["missing", "none", "tampered", "nonsense"])
def test_a_token_that_proves_nothing_is_401(platform, receiver, kind):
    real = receiver.authorization.removeprefix("Bearer ")
    tokens = {
        "missing": None,
        "none": _unsigned({"email": receiver.email, "exp": time.time() + 600}),
        "tampered": real[:-8] + ("AAAAAAAA" if not real.endswith("AAAAAAAA") else "BBBBBBBB"),
        "nonsense": "nonsense",
    }
    headers = {"Authorization": f"Bearer {tokens[kind]}"} if tokens[kind] else {}

    answer = requests.get(f"{platform.gateway_url}/v1/account", headers=headers, timeout=10)

    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_message_of_the_wrong_shape_is_parked_and_its_neighbours_go_on(
    platform, receiver, giver, listing
):
    message_id = str(uuid.uuid4())
    headers = {
        "ce-id": message_id,
        "ce-specversion": "1.0",
        "ce-source": "/timebank/exchanges",
        "ce-type": "exchange_completed",
        "ce-time": "2026-11-21T10:00:00Z",
        "ce-region": "london",
    }
    with kombu.Connection(platform.amqp_url) as connection:
        connection.channel().basic_publish(
            amqp.basic_message.Message(b'{"minutes": "many"}', application_headers=headers),
            exchange="timebank",
            routing_key="london.exchanges.exchange_completed",
        )
    exchange = ask(receiver, listing, 15)
    giver.act(exchange["id"], "accept")
    in_state(receiver, exchange, "booked")
    receiver.act(exchange["id"], "done", minutes=15)
    in_state(receiver, exchange, "settled")

    for service in ("ledger", "reporting", "notifications"):
        assert "exchange_id" in _reason(platform, service, message_id)
        _forget(platform, service, message_id)


def _reason(platform, service, event_id):
    return eventually(lambda: _parked(platform, service, event_id))


def _parked(platform, service, event_id):
    with psycopg.connect(platform.database_urls[service]) as conn:
        row = conn.execute(
            "select reason from retry where event_id = %s and parked_at is not null", [event_id]
        ).fetchone()
        return row[0] if row else None


def _forget(platform, service, event_id):
    """The audit of other tests counts what is parked."""
    with psycopg.connect(platform.database_urls[service]) as conn:
        conn.execute("delete from retry where event_id = %s", [event_id])
