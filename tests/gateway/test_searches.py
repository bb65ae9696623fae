"""Saved searches through the gateway: kept, listed with what was found, and removed."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.gateway.conftest import problem
from tests.gateway.standin import LISTING, SEARCH, Services, refused

PATH = "/v1/saved-searches"
KEY = {"Idempotency-Key": "one"}


def test_a_search_is_saved_once_for_a_key(alice: FlaskClient, services: Services) -> None:
    answer = alice.post(PATH, json={"q": "Excel", "region": None}, headers=KEY)

    assert answer.status_code == 201
    assert answer.headers["Location"] == PATH
    assert answer.get_json()["id"] == SEARCH
    (told,) = services.of("exchanges", "save_search")
    assert told.arguments["body"] == {"q": "Excel", "region": None}
    assert told.key is not None


def test_searches_come_with_what_was_found_and_whose_it_is(alice: FlaskClient) -> None:
    found = alice.get(PATH).get_json()

    assert [each["id"] for each in found["items"]] == [SEARCH]
    assert [(each["id"], each["owner"]["name"]) for each in found["found"]] == [
        (LISTING, "Bob Sample")
    ]


def test_a_search_is_removed(alice: FlaskClient, services: Services) -> None:
    assert alice.delete(f"{PATH}/{SEARCH}").status_code == 204

    services.answers["exchanges", "remove_search"] = refused("search_not_found")
    problem(alice.delete(f"{PATH}/{SEARCH}"), 404, "search_not_found")


@pytest.mark.parametrize("code", ["already_saved", "too_many_searches"])
def test_what_cannot_be_saved_is_told(alice: FlaskClient, services: Services, code: str) -> None:
    services.answers["exchanges", "save_search"] = refused(code)

    problem(alice.post(PATH, json={"q": "Excel"}, headers=KEY), 409, code)


@pytest.mark.parametrize("body", [{"kind": "gift"}, {"q": "x" * 201}, {"online": True}, {"q": 1}])
def test_a_search_of_the_wrong_shape_is_refused(alice: FlaskClient, body: dict[str, Any]) -> None:
    problem(alice.post(PATH, json=body, headers=KEY), 422, "invalid")
