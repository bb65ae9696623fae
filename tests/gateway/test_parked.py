"""Parked messages of all services: by the API and on the page, in words."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from gateway import parked
from services.bus import retries
from tests.gateway.conftest import problem
from tests.gateway.standin import ALICE, EXCHANGE, TRANSFER, Services, refused
from tests.gateway.test_pages import SESSION, csrf

KEY = {"Idempotency-Key": "k"}
PAGE = "/national/parked"
ONE = f"{PAGE}/ledger?message={TRANSFER}"
BODY = {"service": "ledger", "event_ids": [TRANSFER], "decision": "discard", "reason": "No use."}
GONE = refused("try_later", "Away.", "try_later")


def browser(app: flask.Flask, services: Services, role: str) -> FlaskClient:
    member: dict[str, Any] = {**SESSION["member"], "roles": [role]}
    services.answers["members", "session"] = {**SESSION, "member": member}
    services.answers["exchanges", "exchanges"] = {"items": [], "next": None}
    client = app.test_client()
    client.set_cookie("timebank", "a secret")
    return client


@pytest.fixture
def national(app: flask.Flask, services: Services) -> FlaskClient:
    return browser(app, services, "national")


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (retries.NEVER_ENDED.format(3), "the whole process ended"),
        (retries.GIVEN_UP, "handed out again and again"),
        ("nobody here handles echo.sung", "does not know this kind"),
        ("not an event: KeyError: 'id'", "damaged"),
        ("the body is not a JSON object", "damaged"),
        ("exchanges.exchange_done: {'minutes': ['Missing']}", "lacks something"),
        ("RpcError: members does not answer", "did not answer"),
        ("MembersAway: x", "did not answer"),
        ("CheckViolation: new row for relation", "database refused it"),
        ("ZeroDivisionError: division by zero", "failed every time"),
        ("", "failed every time"),
    ],
)
def test_why_it_was_parked_is_said_in_a_sentence(failure: str, said: str) -> None:
    assert said in parked.why(failure)


def test_the_api_lists_what_every_service_has_parked(alice: FlaskClient) -> None:
    found = alice.get("/v1/parked-messages").get_json()
    assert [each["service"] for each in found["items"]] == list(parked.SERVICES)
    assert found["items"][0]["event"] == "exchange_completed"
    assert found["silent"] == []


def test_a_service_that_is_away_keeps_nothing_back_of_the_others(
    alice: FlaskClient, national: FlaskClient, services: Services
) -> None:
    services.answers["ledger", "parked"] = GONE
    found = alice.get("/v1/parked-messages").get_json()
    assert found["silent"] == ["ledger"]
    assert len(found["items"]) == 3
    page = national.get(PAGE)
    assert page.status_code == 200
    assert "Hours: no answer just now" in page.text


def test_who_may_not_see_it_is_refused(alice: FlaskClient, services: Services) -> None:
    services.answers["exchanges", "parked"] = refused("not_allowed", "No.", "not_allowed")
    problem(alice.get("/v1/parked-messages"), 403, "not_allowed")


def test_a_decision_goes_to_its_service_with_its_key(
    alice: FlaskClient, services: Services
) -> None:
    assert alice.post("/v1/parked-messages/decisions", json=BODY, headers=KEY).status_code == 201
    (asked,) = services.of("ledger", "decide_parked")
    assert asked.arguments == {key: BODY[key] for key in ("event_ids", "decision", "reason")}
    assert asked.key is not None


@pytest.mark.parametrize("wrong", [{"service": "members"}, {"reason": " "}, {"event_ids": []}])
def test_what_is_no_decision_is_refused(alice: FlaskClient, wrong: dict[str, Any]) -> None:
    answer = alice.post("/v1/parked-messages/decisions", json={**BODY, **wrong}, headers=KEY)
    problem(answer, 422, "invalid")


@pytest.mark.parametrize(("code", "status"), [("message_kills", 409), ("message_not_parked", 404)])
def test_a_refusal_has_its_code(
    alice: FlaskClient, services: Services, code: str, status: int
) -> None:
    services.answers["ledger", "decide_parked"] = refused(code)
    answer = alice.post("/v1/parked-messages/decisions", json=BODY, headers=KEY)
    problem(answer, status, code)


def test_what_was_decided_is_told_with_names(alice: FlaskClient) -> None:
    found = alice.get("/v1/parked-messages/decisions").get_json()["items"]
    assert (found[0]["actor"], found[0]["actor_name"]) == (ALICE, "Alice Example")


def test_the_page_says_what_failed_where_and_what_it_means(national: FlaskClient) -> None:
    page = national.get(PAGE).text
    assert page.count("Exchange completed<span") == 4
    assert "The database refused it" in page
    assert "Hours may not have been held" in page
    assert "The cause is mended." in page
    one = national.get(ONE).text
    assert f'href="/exchanges/{EXCHANGE}"' in one
    assert "CheckViolation: no" in one


def test_alike_ones_stand_together_and_are_decided_together(
    national: FlaskClient, services: Services
) -> None:
    (first,) = services.answers["ledger", "parked"]["items"]
    alike = [{**first, "event_id": f"e{number}"} for number in range(3)]
    other = {**first, "event_id": "other", "failure": "ZeroDivisionError"}
    services.answers["ledger", "parked"] = {"items": [*alike, other], "total": 4}
    assert "Exchange completed, 3 messages" in national.get(PAGE).text
    path = f"{PAGE}/ledger?message=e1"
    form = {"csrf": csrf(national.get(path).text), "decision": "put_back", "reason": "Mended."}
    assert national.post(path, data=form).headers["Location"].endswith("said=parked-put_back")
    national.post(path, data={**form, "whole": "yes"})
    one, all_of_them = services.of("ledger", "decide_parked")
    assert one.arguments["event_ids"] == ["e1"]
    assert all_of_them.arguments["event_ids"] == ["e0", "e1", "e2"]


def test_a_decision_without_a_reason_is_not_taken(
    national: FlaskClient, services: Services
) -> None:
    answer = national.post(ONE, data={"csrf": csrf(national.get(ONE).text), "decision": "discard"})
    assert answer.status_code == 422
    assert "Say why" in answer.text
    assert not services.of("ledger", "decide_parked")


def test_what_ends_processes_can_only_be_discarded_here(
    national: FlaskClient, services: Services
) -> None:
    services.answers["ledger", "parked"]["items"][0]["kills"] = True
    page = national.get(ONE).text
    assert "Only an operator can send it again" in page
    assert "put_back" not in page
    form = {"csrf": csrf(page), "decision": "put_back", "reason": "Try."}
    assert national.post(ONE, data=form).status_code == 422


def test_the_senate_sees_and_has_nothing_to_decide_with(
    app: flask.Flask, services: Services
) -> None:
    senate = browser(app, services, "senate")
    assert "Exchange completed" in senate.get(PAGE).text
    page = senate.get(ONE).text
    assert "CheckViolation: no" in page
    assert 'name="decision"' not in page


def test_others_are_shown_none_of_it(app: flask.Flask, services: Services) -> None:
    member = browser(app, services, "rep:london")
    assert [member.get(path).status_code for path in (PAGE, ONE)] == [403, 403]
    assert not services.of("ledger", "parked")


@pytest.mark.parametrize(
    ("path", "status"), [(f"{PAGE}/members?message=x", 404), (f"{PAGE}/ledger?message=x", 303)]
)
def test_what_is_not_there_any_more_leads_back(
    national: FlaskClient, path: str, status: int
) -> None:
    assert national.get(path).status_code == status
