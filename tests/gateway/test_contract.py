"""The description and the door agree: whatever is sent, only what is declared comes back."""

import os
from typing import Any

import flask
import hypothesis
import pytest
import schemathesis
from flask.testing import FlaskClient
from joserfc import jwk
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from gateway import app as application
from gateway import issuer
from gateway.settings import Settings
from tests.gateway import recorded
from tests.gateway.conftest import PUBLIC_URL
from tests.gateway.standin import Services

KEYED = ("/v1/clients", "/v1/clients/{client_id}/keys")
"""They take public keys, and no schema can say which numbers are one."""
ADDRESSED = ("/dev/sign-in",)
"""They take an address, and one with a character more, made to be wrong, may be one still."""
LONG = os.environ.get("TIMEBANK_TEST_LONG") == "1"
"""Beside the edges of what is described, which are the same each time, how much at random."""
GENEROUS = 1_000_000
"""Requests a minute: here the limit is not what is proved."""


def _described() -> tuple[Any, dict[str, str]]:
    """The document of an application whose services always answer as recorded, and a token.

    Made while tests are collected: each operation becomes a test.
    """
    key = jwk.ECKey.generate_key("P-256")
    key.ensure_kid()
    settings = Settings("local", PUBLIC_URL, development_key=key, rate_limit=GENEROUS)
    app = application.create(Services(recorded.answers()), settings)
    bearer = {"Authorization": f"Bearer {issuer.token(settings, 'alice@nhs.net')}"}
    return schemathesis.openapi.from_wsgi("/openapi.json", app), bearer


described, bearer = _described()


@described.parametrize()
@hypothesis.settings(
    max_examples=8 if LONG else 3, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)  # fmt: skip
def test_every_answer_is_a_declared_one(case: Any) -> None:
    # Addresses and headers are text: a number "instead of a string" is a string there, which
    # the check takes for accepted nonsense. Wrong parameters have tests of their own.
    wrong_body = case.meta.components.get(ParameterLocation.BODY)
    excluded = [] if wrong_body and wrong_body.mode.is_negative else [negative_data_rejection]
    if case.operation.path in ADDRESSED:
        excluded = [negative_data_rejection]
    if case.operation.path in KEYED:
        excluded.append(positive_data_acceptance)
    case.body = _whole(case.body)
    case.call_and_validate(headers=bearer, excluded_checks=excluded)


def _whole(value: Any) -> Any:
    """The same JSON without numbers like 60.0: a whole number to the document, a mistake to us."""
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@pytest.fixture
def document(anybody: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = anybody.get("/openapi.json").get_json()
    return found


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": PUBLIC_URL}]


def test_every_route_of_the_contract_is_there(document: dict[str, Any]) -> None:
    wanted = {
        "GET /_ping", "GET /_status", "GET /metrics",
        "POST /v1/members", "GET /v1/members", "GET /v1/members/me", "PATCH /v1/members/me",
        "DELETE /v1/members/me", "GET /v1/members/{member_id}",
        "POST /v1/members/{member_id}/approve", "POST /v1/members/{member_id}/refuse",
        "GET /v1/organisations", "GET /v1/regions",
        "GET /v1/listings", "POST /v1/listings", "GET /v1/listings/{listing_id}",
        "PATCH /v1/listings/{listing_id}", "POST /v1/listings/{listing_id}/pause",
        "POST /v1/listings/{listing_id}/renew", "POST /v1/listings/{listing_id}/close",
        "GET /v1/matches",
        "GET /v1/exchanges", "POST /v1/exchanges", "GET /v1/exchanges/{exchange_id}",
        *(f"POST /v1/exchanges/{{exchange_id}}/{action}" for action in (
            "accept", "withdraw", "decline", "cancel", "dispute", "no_show", "reverse", "amend",
            "reschedule", "done", "confirm", "resolve", "thank", "ask_fund",
        )),
        "GET /v1/account", "GET /v1/account/statement", "GET /v1/notices",
        "GET /v1/notice-preferences", "PATCH /v1/notice-preferences", "GET /v1/insight/totals",
        "GET /v1/insight/overview", "GET /v1/insight/definitions", "GET /v1/event-types",
        "POST /oauth/token", "POST /v1/clients", "GET /v1/clients",
        "PUT /v1/clients/{client_id}/keys", "POST /v1/clients/{client_id}/withdraw",
        "POST /v1/members/me/consents", "GET /v1/members/me/consents",
        "DELETE /v1/members/me/consents/{client_id}",
        "POST /v1/subscriptions", "GET /v1/subscriptions",
        "GET /v1/subscriptions/{subscription_id}", "DELETE /v1/subscriptions/{subscription_id}",
        *(f"POST /v1/subscriptions/{{subscription_id}}/{action}" for action in (
            "approve", "credentials", "ping", "replay",
        )),
        "GET /v1/subscriptions/{subscription_id}/deliveries",
    }  # fmt: skip
    found = {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert wanted - found == set()


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method != "parameters"
    ]


def test_every_operation_has_a_name_of_its_own_a_summary_and_its_refusals(
    document: dict[str, Any],
) -> None:
    names = [operation["operationId"] for _, _, operation in _operations(document)]
    assert len(set(names)) == len(names)
    for path, method, operation in _operations(document):
        assert operation["summary"], (path, method)
        if path.startswith("/v1"):
            assert {"401", "403", "429", "500", "503"} <= operation["responses"].keys()
            assert "security" not in operation
        else:
            assert operation["security"] == []


def test_bodies_refuse_unknown_fields_and_answers_do_not(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for _, _, operation in _operations(document):
        if "requestBody" in operation and operation["operationId"] != "post_oauth_token":
            (content,) = operation["requestBody"]["content"].values()
            name = content["schema"]["$ref"].rpartition("/")[2]
            assert schemas[name]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["Exchange"]


def test_minutes_are_described_as_they_are_checked(document: dict[str, Any]) -> None:
    minutes = document["components"]["schemas"]["ExchangeBody"]["properties"]["minutes"]
    assert minutes == {
        "type": "integer", "minimum": 15, "maximum": 1440, "multipleOf": 15,
        "description": "Whole minutes; a credit is 60.",
    }  # fmt: skip


def test_the_page_for_people_lists_operations_and_problems_without_foreign_hosts(
    anybody: FlaskClient, app: flask.Flask
) -> None:
    response = anybody.get("/docs")
    text = response.get_data(as_text=True)
    assert "POST /v1/exchanges" in text
    assert 'id="step_not_allowed"' in text
    assert "http" not in text.replace('content="width', "")
    assert "script" not in response.headers["Content-Security-Policy"]
    assert "sha256-" in response.headers["Content-Security-Policy"]
