"""Times of offers through the gateway: set by their owner, taken with a request."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.gateway.conftest import problem
from tests.gateway.standin import AT, LISTING, SLOT, Services, refused

KEY = {"Idempotency-Key": "one"}
TIME = {"starts_at": "2027-05-04T13:00:00Z", "minutes": 30}


def test_times_are_handed_on_and_answered(alice: FlaskClient, services: Services) -> None:
    body = {"kind": "offer", "title": "Excel", "description": "x", "minutes": 60, "slots": [TIME]}

    answer = alice.post("/v1/listings", json=body, headers=KEY).get_json()

    assert answer["slots"] == [{"id": SLOT, "starts_at": AT, "minutes": 30, "taken": False}]
    (told,) = services.of("exchanges", "publish_listing")
    assert told.arguments["body"]["slots"] == [TIME]


def test_a_change_that_does_not_name_times_leaves_them(
    alice: FlaskClient, services: Services
) -> None:
    alice.patch(f"/v1/listings/{LISTING}", json={"title": "Excel"})
    alice.patch(f"/v1/listings/{LISTING}", json={"slots": []})

    first, second = services.of("exchanges", "edit_listing")
    assert first.arguments["body"] == {"title": "Excel"}
    assert second.arguments["body"] == {"slots": []}


@pytest.mark.parametrize(
    "slots", [[{"minutes": 30}], [{**TIME, "minutes": 20}], [{**TIME, "end": 1}], [TIME] * 21, {}]
)
def test_times_of_the_wrong_shape_are_refused(alice: FlaskClient, slots: Any) -> None:
    problem(alice.patch(f"/v1/listings/{LISTING}", json={"slots": slots}), 422, "invalid")


@pytest.mark.parametrize(("code", "status"), [("slot_taken", 409), ("slot_not_found", 404)])
def test_a_time_is_asked_for_by_its_id_and_may_be_gone(
    alice: FlaskClient, services: Services, code: str, status: int
) -> None:
    body = {"listing_id": LISTING, "slot_id": SLOT, "minutes": 30}
    assert alice.post("/v1/exchanges", json=body, headers=KEY).status_code == 201
    (told,) = services.of("exchanges", "ask")
    assert told.arguments["body"] == body

    services.answers["exchanges", "ask"] = refused(code)
    problem(alice.post("/v1/exchanges", json=body, headers=KEY), status, code)
