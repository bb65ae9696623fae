"""Every failure is a problem document with a stable code, and none tells of our insides."""

import importlib
import inspect
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway import problems
from services.bus import errors, rpc
from tests.gateway.conftest import Token, problem, signed_in
from tests.gateway.standin import EXCHANGE, Services, refused


def act(client: FlaskClient, **headers: str) -> Any:
    return client.post(f"/v1/exchanges/{EXCHANGE}/accept", headers=headers)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("step_not_allowed", 409), ("own_listing", 409), ("listing_closed", 409),
        ("capacity_full", 409), ("hold_not_enlarged", 409), ("version_conflict", 409),
        ("idempotency_key_reused", 422), ("idempotency_still_running", 409),
        ("exchange_not_found", 404), ("not_a_member", 403), ("something_new", 409),
    ],
)  # fmt: skip
def test_a_refusal_has_its_status(
    alice: FlaskClient, services: Services, code: str, status: int
) -> None:
    services.answers["exchanges", "act"] = refused(code, "Not now.")
    assert problem(act(alice), status, code)["detail"] == "Not now."


def test_a_step_not_allowed_says_the_state_and_what_is_allowed(
    alice: FlaskClient, services: Services
) -> None:
    services.answers["exchanges", "act"] = refused(
        "step_not_allowed", "No.", state="settled", allowed=["thank"], status=200, code="x"
    )
    found = problem(act(alice), 409, "step_not_allowed")
    assert found["state"] == "settled"
    assert found["allowed"] == ["thank"]


def test_not_allowed_is_403_whatever_its_code(alice: FlaskClient, services: Services) -> None:
    services.answers["exchanges", "act"] = refused("some_new_right", "Not yours.", "not_allowed")
    problem(act(alice), 403, "some_new_right")


def test_a_service_that_is_away_is_503_with_a_time_to_wait(
    alice: FlaskClient, services: Services
) -> None:
    services.answers["exchanges", "act"] = refused("timed_out", "Too slow.", "try_later")
    response = act(alice)
    problem(response, 503, "timed_out")
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("code", ["broken", "contradiction"])
def test_what_broke_is_500_without_its_insides(
    alice: FlaskClient, services: Services, code: str
) -> None:
    services.answers["exchanges", "act"] = refused(code, "KeyError: 'x'", "broken", sql="select")
    found = problem(act(alice), 500, "broken")
    assert "KeyError" not in str(found)
    assert "select" not in str(found)


def test_a_call_that_does_not_fit_is_our_fault(alice: FlaskClient, services: Services) -> None:
    services.answers["exchanges", "act"] = refused("malformed_call", "missing 'action'")
    problem(act(alice), 500, "broken")


def test_an_error_of_the_gateway_is_500_without_its_insides(
    alice: FlaskClient, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(_: Any) -> Any:
        raise RuntimeError("alice@nhs.net wrote something private")

    services.answers["exchanges", "act"] = breaks
    found = problem(act(alice), 500, "broken")
    assert "private" not in str(found)
    logged = capsys.readouterr().out
    assert "RuntimeError" in logged
    assert found["correlation_id"] in logged
    assert "private" not in logged


def test_what_a_service_finds_wrong_is_pointed_at(alice: FlaskClient, services: Services) -> None:
    services.answers["exchanges", "act"] = refused(
        "invalid_request", errors=[{"pointer": "/minutes", "message": "Too many."}]
    )
    found = problem(act(alice), 422, "invalid_request")
    expected = {"pointer": "/minutes", "message": "Too many.", "code": "invalid"}
    assert found["errors"] == [expected]


def test_a_refusal_about_one_field_points_at_it(alice: FlaskClient, services: Services) -> None:
    services.answers["exchanges", "act"] = refused("starts_at_invalid", "In the past.")
    found = problem(act(alice), 422, "starts_at_invalid")
    assert found["errors"][0]["pointer"] == "/starts_at"


def test_a_cursor_that_is_none_names_the_parameter(alice: FlaskClient, services: Services) -> None:
    services.answers["exchanges", "listings"] = refused("bad_cursor", "There is no such page.")
    found = problem(alice.get("/v1/listings?cursor=x"), 422, "bad_cursor")
    assert found["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1", "/v1/nothing", "/v1/exchanges/x", "/v1/members/1", "/v1/exchanges/",
             f"/v1/exchanges/{EXCHANGE}x"]
)  # fmt: skip
def test_an_unknown_address_is_404(anybody: FlaskClient, path: str) -> None:
    problem(anybody.get(path), 404, "not_found")


def test_an_unknown_action_is_404(alice: FlaskClient) -> None:
    problem(alice.post(f"/v1/exchanges/{EXCHANGE}/steal"), 404, "not_found")


def test_an_unknown_method_is_405_and_told_which_there_are(anybody: FlaskClient) -> None:
    response = anybody.delete("/v1/exchanges")
    problem(response, 405, "method_not_allowed")
    assert {"GET", "POST"} <= {each.strip() for each in response.headers["Allow"].split(",")}


def test_who_has_not_joined_is_told_how(nobody: FlaskClient, services: Services) -> None:
    assert "POST /v1/members" in problem(nobody.get("/v1/account"), 403, "not_a_member")["detail"]
    assert [each.method for each in services.asked] == ["identify"]


def test_who_has_not_joined_can_look_up_employer_and_region(nobody: FlaskClient) -> None:
    assert nobody.get("/v1/organisations?q=example").status_code == 200
    assert nobody.get("/v1/regions").status_code == 200


def test_when_members_are_away_nobody_is_taken_for_a_stranger(
    app: Any, token: Token, services: Services
) -> None:
    services.answers["members", "identify"] = refused("nobody_there", "Away.", "try_later")
    problem(signed_in(app, token()).get("/v1/account"), 503, "nobody_there")


@pytest.mark.parametrize("given", ["a-B_9.z", "x" * 128])
def test_a_correlation_id_is_echoed_and_carried(
    alice: FlaskClient, services: Services, given: str
) -> None:
    response = alice.get("/v1/account", headers={"X-Correlation-ID": given})
    assert response.headers["X-Correlation-ID"] == given
    assert {each.correlation_id for each in services.asked} == {given}


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "ä", "<script>", 'a"b'])
def test_an_unusable_correlation_id_is_replaced(
    alice: FlaskClient, services: Services, given: str
) -> None:
    response = alice.get("/v1/account", headers={"X-Correlation-ID": given})
    made = response.headers["X-Correlation-ID"]
    assert made not in ("", given)
    assert {each.correlation_id for each in services.asked} == {made}


def test_every_answer_carries_security_headers(alice: FlaskClient, anybody: FlaskClient) -> None:
    for response in (alice.get("/v1/account"), anybody.get("/nowhere"), anybody.get("/_ping")):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "Server" not in response.headers


@pytest.mark.parametrize(
    "service", ["members", "exchanges", "ledger", "notifications", "reporting"]
)
def test_every_refusal_of_the_services_has_a_status_of_its_own(service: str) -> None:
    module = importlib.import_module(f"services.{service}.errors")
    codes = {
        item.code
        for _, item in inspect.getmembers(module, inspect.isclass)
        if issubclass(item, errors.Refused) and item not in (errors.Refused, errors.NotAllowed)
    }
    assert codes - problems.STATUSES.keys() - {"limit_not_valid"} == set()


def test_what_is_said_of_a_service_nobody_reaches_stands_in_the_document() -> None:
    said = set(re.findall(r'_trouble\("(\w+)"', inspect.getsource(rpc)))
    assert {"timed_out", "nobody_there"} <= said
    assert {problems.STATUSES.get(code) for code in said} == {503}
