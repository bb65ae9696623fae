"""Matches through the gateway: the caller's own skills go along, reasons come back in words."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.gateway.conftest import problem
from tests.gateway.standin import BOB, LISTING, Services


def test_a_match_is_a_listing_with_its_owner_and_the_reasons_in_words(alice: FlaskClient) -> None:
    found = alice.get("/v1/matches").get_json()

    (match,) = found["items"]
    assert found["next"] is None
    assert match["listing"]["id"] == LISTING
    assert match["listing"]["owner"] == {
        "id": BOB, "name": "Bob Sample", "region": "south-west",
        "organisation_name": "Sample Care",
    }  # fmt: skip
    assert match["reasons"] == [
        {"code": "skill", "skill": "Excel", "text": "You would like: Excel"},
        {"code": "region", "skill": None, "text": "In your region, London"},
    ]


def test_who_could_be_helped_is_asked_among_requests_and_said_the_other_way(
    alice: FlaskClient, services: Services
) -> None:
    (match,) = alice.get("/v1/matches?for=give&limit=7").get_json()["items"]

    assert match["reasons"][0]["text"] == "You can help with: Excel"
    (asked,) = services.of("exchanges", "matches")
    assert asked.arguments == {"kind": "request", "limit": 7, "offered": ["Excel"], "wanted": []}


@pytest.mark.parametrize("query", ["for=gain", "limit=0", "limit=21", "limit=x", "q=excel"])
def test_a_question_of_the_wrong_shape_is_refused(alice: FlaskClient, query: str) -> None:
    problem(alice.get(f"/v1/matches?{query}"), 422, "invalid")


def test_a_skill_that_looks_like_a_pattern_is_said_as_it_is(
    alice: FlaskClient, services: Services
) -> None:
    item: dict[str, Any] = services.answers["exchanges", "matches"]["items"][0]
    item["reasons"] = [{"code": "close", "skill": "{region} {0}"}, {"code": "new", "skill": None}]

    (match,) = alice.get("/v1/matches").get_json()["items"]

    assert [each["text"] for each in match["reasons"]] == [
        "Close to what you would like: {region} {0}",
        "It may fit",
    ]
