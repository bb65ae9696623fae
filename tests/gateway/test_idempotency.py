"""A repeated request does nothing twice: the key goes with the command to its service."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway import idempotency
from tests.gateway.conftest import problem
from tests.gateway.standin import EXCHANGE, LISTING, Services, identified, refused

ASK = {"listing_id": LISTING, "minutes": 60}
CREATING = {
    "/v1/members": {"name": "Alice", "organisation": "RJ1", "region": "london"},
    "/v1/listings": {"kind": "offer", "title": "Excel", "description": "Pivots.", "minutes": 60},
    "/v1/exchanges": ASK,
}


def ask(client: FlaskClient, key: str, body: Any = None, **options: Any) -> Any:
    headers = {"Idempotency-Key": key, **options.pop("headers", {})}
    return client.post("/v1/exchanges", json=body or ASK, headers=headers, **options)


@pytest.mark.parametrize("path", CREATING)
def test_what_creates_wants_a_key(alice: FlaskClient, services: Services, path: str) -> None:
    problem(alice.post(path, json=CREATING[path]), 400, "idempotency_key_missing")
    assert services.asked == []
    with_key = alice.post(path, json=CREATING[path], headers={"Idempotency-Key": "k"})
    assert with_key.status_code == 201
    assert with_key.headers["Location"].startswith(f"{path}/")


@pytest.mark.parametrize(
    ("header", "key"),
    [("abc", "abc"), ('"abc"', "abc"), (' "a b" ', "a b"), (r'"a\"b\\c"', r'a"b\c'),
     ("x" * 255, "x" * 255), ("a=b;c", "a=b;c")],
)  # fmt: skip
def test_a_key_may_be_quoted_or_bare(
    alice: FlaskClient, services: Services, header: str, key: str
) -> None:
    assert ask(alice, header).status_code == 201
    (asked,) = services.of("exchanges", "ask")
    assert asked.key is not None
    assert (asked.key.key, asked.key.route) == (key, "POST /v1/exchanges")


@pytest.mark.parametrize("header", ["", '""', '"', '"a', "a b", "x" * 256, "é", '"a"b"', "\x7f"])
def test_an_unusable_key_is_refused(alice: FlaskClient, services: Services, header: str) -> None:
    problem(ask(alice, header), 400, "idempotency_key_invalid")
    assert services.asked == []


def test_every_other_post_honours_a_key_and_does_without(
    alice: FlaskClient, services: Services
) -> None:
    path = f"/v1/exchanges/{EXCHANGE}/accept"
    alice.post(path)
    alice.post(path, headers={"Idempotency-Key": "k"})
    without, with_key = services.of("exchanges", "act")
    assert without.key is None
    assert with_key.key is not None
    assert with_key.key.route == "POST /v1/exchanges/<uuid:exchange_id>/accept"


def test_the_same_request_has_the_same_digest_however_it_is_laid_out(
    alice: FlaskClient, services: Services
) -> None:
    for body in (b'{"minutes":60,"listing_id":"%s"}', b'{ "listing_id": "%s",\n "minutes": 60 }'):
        alice.post(
            "/v1/exchanges", data=body % LISTING.encode(),
            headers={"Idempotency-Key": "k", "Content-Type": "application/json"},
        )  # fmt: skip
    ask(alice, "k", {**ASK, "minutes": 75})
    first, second, third = (each.key for each in services.of("exchanges", "ask"))
    assert first == second
    assert third is not None
    assert first is not None
    assert first.payload_hash != third.payload_hash


def test_the_digest_covers_the_address() -> None:
    assert idempotency.payload_hash("/a", None) != idempotency.payload_hash("/b", None)


def test_questions_beside_a_command_carry_no_key(alice: FlaskClient, services: Services) -> None:
    ask(alice, "k")
    assert {each.method: each.key is not None for each in services.asked} == {
        "identify": False, "ask": True, "cards": False, "account": False,
    }  # fmt: skip


def test_a_repeated_joining_looks_the_same_before_and_after_it(
    alice: FlaskClient, services: Services
) -> None:
    joined: list[bool] = []
    services.answers["members", "identify"] = lambda asked: identified(asked) if joined else None
    body, headers = CREATING["/v1/members"], {"Idempotency-Key": "k"}
    alice.post("/v1/members", json=body, headers=headers)
    joined.append(True)
    alice.get("/v1/account")
    alice.post("/v1/members", json=body, headers=headers)
    first, second = services.of("members", "join")
    assert first.caller == second.caller
    assert (first.caller.id, first.caller.email) == (None, "alice@nhs.net")
    assert first.key == second.key


def test_another_payload_is_422_and_a_request_still_running_409(
    alice: FlaskClient, services: Services
) -> None:
    services.answers["exchanges", "ask"] = refused("idempotency_key_reused")
    problem(ask(alice, "k"), 422, "idempotency_key_reused")
    services.answers["exchanges", "ask"] = refused("idempotency_still_running")
    problem(ask(alice, "k"), 409, "idempotency_still_running")
