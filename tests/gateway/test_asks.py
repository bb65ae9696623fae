"""Asking several givers at once through the gateway."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.gateway.conftest import problem
from tests.gateway.standin import ASK, LISTING, Services, refused

OTHER = "01931c6e-0000-7000-8000-000000000012"
BODY: dict[str, Any] = {"listing_ids": [LISTING, OTHER], "minutes": 60}


def keyed(client: FlaskClient, body: dict[str, Any]) -> Any:
    return client.post("/v1/asks", json=body, headers={"Idempotency-Key": "one"})


def test_an_ask_is_answered_with_its_exchanges_and_where_to_look_again(
    alice: FlaskClient, services: Services
) -> None:
    answer = keyed(alice, {**BODY, "message": "Please"})

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/asks/{ASK}"
    names = [each["giver"]["name"] for each in answer.get_json()["exchanges"]]
    assert names == ["Bob Sample", "Bob Sample"]
    (asked,) = services.of("exchanges", "ask_several")
    assert asked.arguments["body"] == {**BODY, "message": "Please"}
    assert asked.key is not None


def test_what_became_of_an_ask_is_read_again(alice: FlaskClient, services: Services) -> None:
    assert alice.get(f"/v1/asks/{ASK}").get_json()["id"] == ASK

    services.answers["exchanges", "asked"] = refused("ask_not_found")
    problem(alice.get(f"/v1/asks/{ASK}"), 404, "ask_not_found")


@pytest.mark.parametrize(
    "change",
    [
        {"listing_ids": [LISTING]},
        {"listing_ids": [LISTING] * 4},
        {"listing_ids": ["x", OTHER]},
        {"minutes": 50},
        {"wishes": 1},
    ],
)
def test_an_ask_of_the_wrong_shape_is_refused(alice: FlaskClient, change: dict[str, Any]) -> None:
    problem(keyed(alice, {**BODY, **change}), 422, "invalid")


def test_an_ask_without_a_key_is_refused(alice: FlaskClient) -> None:
    problem(alice.post("/v1/asks", json=BODY), 400, "idempotency_key_missing")


@pytest.mark.parametrize("code", ["same_giver", "only_offers", "capacity_full", "own_listing"])
def test_a_refusal_says_which_offer_it_is_about(
    alice: FlaskClient, services: Services, code: str
) -> None:
    services.answers["exchanges", "ask_several"] = refused(code, listing_id=OTHER)

    told = problem(keyed(alice, BODY), 409, code)

    assert told["listing_id"] == OTHER
