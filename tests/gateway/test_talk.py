"""Messages, concerns and blocks at the door: the right question, and nothing that is not asked."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.gateway.conftest import problem
from tests.gateway.standin import BOB, CONCERN, EXCHANGE, Services, refused

KEY = {"Idempotency-Key": "k"}
OPEN = {
    "contact_open": True, "message_count": 2, "unread_count": 1, "messages_open": True,
    "helped": None, "feedback_open": False, "reachable": True,
}  # fmt: skip


def told(services: Services, method: str) -> dict[str, Any]:
    (asked,) = services.of("exchanges", method)
    return asked.arguments


def test_messages_are_read_page_by_page_without_counting_as_looked_at(
    alice: FlaskClient, services: Services
) -> None:
    found = alice.get(f"/v1/exchanges/{EXCHANGE}/messages?limit=5&cursor=9").get_json()
    assert [each["text"] for each in found["items"]] == ["Thursday?"]
    assert told(services, "messages") == {"exchange_id": EXCHANGE, "limit": 5, "cursor": "9"}
    assert alice.post(f"/v1/exchanges/{EXCHANGE}/messages/seen").get_json() == {"unread_count": 0}
    assert told(services, "see_messages") == {"exchange_id": EXCHANGE}


def test_a_message_is_answered_with_its_words(alice: FlaskClient, services: Services) -> None:
    path = f"/v1/exchanges/{EXCHANGE}/messages"
    response = alice.post(path, json={"text": "Two\nlines"}, headers=KEY)
    assert response.status_code == 201
    assert response.get_json()["text"] == "Two\nlines"
    assert told(services, "write_message")["body"] == {"text": "Two\nlines"}
    problem(alice.post(path, json={"text": "x"}), 400, "idempotency_key_missing")
    for text in ("", "  ", "x" * 2001, "a\x00b", 7):
        problem(alice.post(path, json={"text": text}, headers=KEY), 422, "invalid")


@pytest.mark.parametrize(
    ("code", "family", "status"),
    [
        ("private_to_the_two", "not_allowed", 403), ("messages_closed", "refused", 409),
        ("too_many_messages", "refused", 409), ("exchange_not_found", "refused", 404),
    ],
)  # fmt: skip
def test_a_refused_message_has_its_code(
    alice: FlaskClient, services: Services, code: str, family: str, status: int
) -> None:
    services.answers["exchanges", "write_message"] = refused(code, "No.", family)
    path = f"/v1/exchanges/{EXCHANGE}/messages"
    problem(alice.post(path, json={"text": "x"}, headers=KEY), status, code)


def test_the_others_address_is_shown_when_it_is_open_and_they_show_it(
    alice: FlaskClient, services: Services
) -> None:
    path = f"/v1/exchanges/{EXCHANGE}"
    assert "contact" not in alice.get(path).get_json()
    assert services.of("members", "contacts") == []
    services.change("exchanges", "exchange", **OPEN)
    assert alice.get(path).get_json()["contact"] == {"email": "bob@nhs.net"}
    (asked,) = services.of("members", "contacts")
    assert (asked.arguments, asked.caller.is_service) == ({"ids": [BOB]}, True)
    hidden = {BOB: {"name": "Bob Sample", "email": "bob@nhs.net", "shows_email": False}}
    services.answers["members", "contacts"] = hidden
    assert alice.get(path).get_json()["contact"] is None
    services.answers["members", "contacts"] = refused("timed_out", "Slow.", "try_later")
    assert alice.get(path).get_json()["contact"] is None
    services.change("exchanges", "exchange", contact_open=False)
    before = len(services.of("members", "contacts"))
    assert alice.get(path).get_json()["contact"] is None
    assert len(services.of("members", "contacts")) == before


def test_whether_it_helped_is_one_of_three_words(alice: FlaskClient, services: Services) -> None:
    path = f"/v1/exchanges/{EXCHANGE}/feedback"
    assert alice.post(path, json={"helped": "yes"}).get_json() == {"helped": "yes"}
    assert told(services, "give_feedback")["body"] == {"helped": "yes"}
    problem(alice.post(path, json={"helped": "very"}), 422, "invalid")
    services.answers["exchanges", "give_feedback"] = refused("feedback_closed")
    problem(alice.post(path, json={"helped": "no"}), 409, "feedback_closed")


def test_a_concern_is_raised_and_led_through_its_steps(
    alice: FlaskClient, services: Services
) -> None:
    body = {"member_id": BOB, "severity": "serious", "text": "He shouted."}
    response = alice.post("/v1/concerns", json=body, headers=KEY)
    assert response.status_code == 201
    assert response.headers["Location"] == f"/v1/concerns/{CONCERN}"
    assert told(services, "raise_concern")["body"] == {**body, "attach_messages": False}
    assert alice.get("/v1/concerns?handled=true").status_code == 200
    assert told(services, "concerns") == {"handled": True, "limit": 20}
    assert alice.get(f"/v1/concerns/{CONCERN}").get_json()["steps"][0]["action"] == "raise"
    path = f"/v1/concerns/{CONCERN}"
    headers = {"If-Match": '"1"'}
    closed = alice.post(f"{path}/close", json={"text": "Spoke."}, headers=headers)
    assert closed.status_code == 200
    assert told(services, "act_on_concern") == {
        "concern_id": CONCERN, "action": "close", "body": {"text": "Spoke."},
        "expected_version": 1,
    }  # fmt: skip
    problem(alice.post(f"{path}/close", json={}), 422, "invalid")
    problem(alice.post(f"{path}/dismiss", json={"text": "x"}), 404, "not_found")
    services.answers["exchanges", "act_on_concern"] = refused("concern_not_found")
    problem(alice.post(f"{path}/acknowledge"), 404, "concern_not_found")


def test_the_ranked_list_has_concerns_apart_with_the_same_score(
    alice: FlaskClient, services: Services
) -> None:
    found = alice.get("/v1/queue").get_json()
    (concern,) = found["concerns"]
    assert (concern["id"], concern["severity"]) == (CONCERN, "serious")
    assert concern["reason"].startswith("Somebody says that they were treated badly.")
    assert CONCERN not in [each["id"] for each in found["items"]]
    assert found["total"] == len(found["items"]) + 1


def test_blocking_is_by_id_listed_by_name_and_taken_back(
    alice: FlaskClient, services: Services
) -> None:
    path = "/v1/members/me/blocks"
    assert alice.post(path, json={"member_id": BOB}, headers=KEY).status_code == 201
    assert told(services, "block") == {"member_id": BOB}
    assert alice.get(path).get_json()["items"][0]["name"] == "Bob Sample"
    assert alice.delete(f"{path}/{BOB}").status_code == 204
    assert told(services, "unblock") == {"member_id": BOB}
    services.answers["exchanges", "block"] = refused("too_many_blocked")
    problem(alice.post(path, json={"member_id": BOB}, headers=KEY), 409, "too_many_blocked")
    problem(alice.post(path, json={"member_id": "x"}, headers=KEY), 422, "invalid")
