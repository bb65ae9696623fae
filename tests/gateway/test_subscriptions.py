"""Each route of subscriptions asks notifications the right thing, and says what is refused."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.gateway.conftest import problem
from tests.gateway.standin import ALICE, SUBSCRIPTION, Services, refused

KEY = {"Idempotency-Key": "k"}
BODY = {"kind": "amqp", "name": "Rota system", "regions": ["london"]}
ONE = f"/v1/subscriptions/{SUBSCRIPTION}"


def told(services: Services, method: str) -> Any:
    (asked,) = services.of("notifications", method)
    return asked


def test_a_wish_is_handed_on_once_for_each_key(alice: FlaskClient, services: Services) -> None:
    problem(alice.post("/v1/subscriptions", json=BODY), 400, "idempotency_key_missing")
    response = alice.post("/v1/subscriptions", json=BODY, headers=KEY)
    assert response.status_code == 201
    assert response.headers["Location"] == ONE
    assert response.get_json()["binding_keys"] == ["region.london.#"]
    asked = told(services, "subscribe")
    assert asked.arguments == {"body": BODY}
    assert (str(asked.caller.id), asked.key.key) == (ALICE, "k")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"kind": "fax"}, "/kind"),
        ({"regions": []}, "/regions"),
        ({"regions": ["mars"]}, "/regions/0"),
        ({"types": ["timebank-moon-landed-1"]}, "/types/0"),
        ({"password": "mine"}, "/password"),
    ],
)
def test_a_wish_with_a_mistake_is_refused_at_its_place(
    alice: FlaskClient, services: Services, changes: dict[str, Any], pointer: str
) -> None:
    response = alice.post("/v1/subscriptions", json={**BODY, **changes}, headers=KEY)
    assert problem(response, 422, "invalid")["errors"][0]["pointer"] == pointer
    assert not services.of("notifications", "subscribe")


@pytest.mark.parametrize(
    ("code", "status", "pointer"),
    [
        ("feed_not_offered", 409, None),
        ("too_many_subscriptions", 409, None),
        ("receiver_not_valid", 422, "/url"),
    ],
)
def test_what_notifications_refuses_is_told_by_its_code(
    alice: FlaskClient, services: Services, code: str, status: int, pointer: str | None
) -> None:
    services.answers["notifications", "subscribe"] = refused(code)
    found = problem(alice.post("/v1/subscriptions", json=BODY, headers=KEY), status, code)
    assert [each["pointer"] for each in found["errors"]] == ([pointer] if pointer else [])


def test_a_subscription_is_seen_listed_let_in_and_ended(
    alice: FlaskClient, services: Services
) -> None:
    assert alice.get(ONE).headers["ETag"]
    assert len(alice.get("/v1/subscriptions?limit=5").get_json()["items"]) == 1
    assert told(services, "subscriptions").arguments == {"limit": 5}
    assert alice.post(f"{ONE}/approve").get_json()["state"] == "active"
    assert alice.delete(ONE).status_code == 204
    for method in ("subscription", "approve_subscription", "end_subscription"):
        assert told(services, method).arguments == {"subscription_id": SUBSCRIPTION}


def test_credentials_are_answered_and_cached_nowhere(
    alice: FlaskClient, services: Services
) -> None:
    response = alice.post(f"{ONE}/credentials", headers=KEY)
    assert response.get_json()["password"] == "word"
    assert response.headers["Cache-Control"] == "no-store"
    assert told(services, "subscription_credentials").key is None


def test_webhooks_are_pinged_listed_and_sent_again(alice: FlaskClient, services: Services) -> None:
    assert alice.post(f"{ONE}/ping").get_json()["delivered"] is True
    since = {"since": "2026-11-01T10:00:00+01:00"}
    assert alice.post(f"{ONE}/replay", json=since).get_json() == {"signals": 2}
    assert told(services, "replay_subscription").arguments["since"] == "2026-11-01T09:00:00Z"
    assert alice.get(f"{ONE}/deliveries?state=failed").get_json()["items"][0]["attempts"] == 10
    assert told(services, "webhook_deliveries").arguments["state"] == "failed"
    services.answers["notifications", "ping_subscription"] = refused("only_for_webhooks")
    problem(alice.post(f"{ONE}/ping"), 409, "only_for_webhooks")
