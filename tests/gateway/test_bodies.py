"""Bad input is refused with a code and a pointer, before any service hears of it."""

import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.gateway.conftest import problem
from tests.gateway.standin import EXCHANGE, LISTING, Services

KEY = {"Idempotency-Key": "k1"}
ASK = {"listing_id": LISTING, "minutes": 60}
MEMBER = {"name": "Alice", "organisation": "RJ1", "region": "london"}
OFFER = {"kind": "offer", "title": "Excel", "description": "Pivot tables.", "minutes": 60}


def ask(client: FlaskClient, **changes: Any) -> Any:
    return client.post("/v1/exchanges", json={**ASK, **changes}, headers=KEY)


def pointers(response: Any) -> dict[str, str]:
    found = problem(response, 422, "invalid")
    return {each["pointer"]: each["code"] for each in found["errors"]}


@pytest.mark.parametrize(
    "body", [b"{", b"nope", b"\xff", b'{"minutes": NaN}', b"[" * 20_000, b'{"a": Infinity}']
)
def test_malformed_json_is_400(alice: FlaskClient, services: Services, body: bytes) -> None:
    response = alice.post(
        "/v1/exchanges", data=body, headers={**KEY, "Content-Type": "application/json"}
    )
    problem(response, 400, "malformed_json")
    assert services.asked == []


def test_a_missing_body_is_422(alice: FlaskClient) -> None:
    assert pointers(alice.post("/v1/exchanges", headers=KEY)) == {"": "required"}
    assert pointers(alice.patch("/v1/members/me")) == {"": "required"}


@pytest.mark.parametrize("body", ["[]", "7", '"text"', "null"])
def test_a_body_that_is_no_object_is_422(alice: FlaskClient, body: str) -> None:
    response = alice.post(
        "/v1/exchanges", data=body, headers={**KEY, "Content-Type": "application/json"}
    )
    assert pointers(response) == {"": "invalid"}


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", None])
def test_another_content_type_is_415(alice: FlaskClient, kind: str | None) -> None:
    response = alice.post("/v1/exchanges", data=b"{}", headers=KEY, content_type=kind)
    problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "minutes", [0, -15, 1.5, 60.0, 10**9, 10**30, True, False, "60", 20, None, [], {}, 1455]
)
def test_minutes_are_whole_in_steps_of_15_up_to_a_day(
    alice: FlaskClient, services: Services, minutes: Any
) -> None:
    assert set(pointers(ask(alice, minutes=minutes))) == {"/minutes"}
    assert services.of("exchanges", "ask") == []


@pytest.mark.parametrize("minutes", [15, 60, 1440])
def test_good_minutes_are_passed_on(alice: FlaskClient, services: Services, minutes: int) -> None:
    assert ask(alice, minutes=minutes).status_code == 201
    assert services.of("exchanges", "ask")[0].arguments["body"]["minutes"] == minutes


def test_unknown_and_missing_fields_are_named(alice: FlaskClient) -> None:
    response = alice.post("/v1/exchanges", json={"minute": 60, "a/b~c": 1}, headers=KEY)
    assert pointers(response) == {
        "/listing_id": "required", "/minutes": "required", "/minute": "unknown",
        "/a~1b~0c": "unknown",
    }  # fmt: skip


@pytest.mark.parametrize("listing_id", ["x", "", 7, None, LISTING[:-1], [LISTING]])
def test_an_id_in_a_body_is_a_uuid(alice: FlaskClient, listing_id: Any) -> None:
    assert set(pointers(ask(alice, listing_id=listing_id))) == {"/listing_id"}


@pytest.mark.parametrize(
    "moment",
    ["tomorrow", "2026-11-02", "2026-11-02T09:30:00", "0001-01-01T00:00:00+14:00", 7, True,
     "9999-12-31T23:59:59-14:00", "2026-13-02T09:30:00Z"],
)  # fmt: skip
def test_a_time_has_a_zone_and_lies_in_our_century(alice: FlaskClient, moment: Any) -> None:
    assert set(pointers(ask(alice, starts_at=moment))) == {"/starts_at"}


def test_a_time_is_handed_on_in_utc(alice: FlaskClient, services: Services) -> None:
    assert ask(alice, starts_at="2026-11-02T10:30:00+01:00").status_code == 201
    body = services.of("exchanges", "ask")[0].arguments["body"]
    assert body["starts_at"] == "2026-11-02T09:30:00Z"


@pytest.mark.parametrize(
    "name", ["", "  ", "a\0b", "a\nb", "\ud800", "x" * 201, 7, None, ["a"], "\x1b[31m", "\x85"]
)
def test_a_name_is_one_line_of_plain_text(nobody: FlaskClient, name: Any) -> None:
    response = nobody.post("/v1/members", json={**MEMBER, "name": name}, headers=KEY)
    assert set(pointers(response)) == {"/name"}


def test_words_are_trimmed_and_may_have_lines_where_text_is_long(
    nobody: FlaskClient, services: Services
) -> None:
    body = {**MEMBER, "name": "  Åsa O’Neil ", "about": "One\nTwo ", "skills_offered": [" Excel "]}
    assert nobody.post("/v1/members", json=body, headers=KEY).status_code == 201
    told = services.of("members", "join")[0].arguments["body"]
    assert (told["name"], told["about"]) == ("Åsa O’Neil", "One\nTwo")
    assert told["skills_offered"] == ["Excel"]


def test_items_of_lists_are_pointed_at(nobody: FlaskClient) -> None:
    body = {**MEMBER, "skills_offered": ["ok", ""], "skills_wanted": "Excel"}
    response = nobody.post("/v1/members", json=body, headers=KEY)
    assert set(pointers(response)) == {"/skills_offered/1", "/skills_wanted"}


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "gift"), ("category", "magic"), ("pathway", "get-out"), ("online", "true"),
     ("online", 1), ("capacity", 0), ("capacity", True), ("capacity", "2"), ("skills", [7])],
)  # fmt: skip
def test_a_listing_with_a_wrong_field_is_refused(
    alice: FlaskClient, field: str, value: Any
) -> None:
    response = alice.post("/v1/listings", json={**OFFER, field: value}, headers=KEY)
    assert all(pointer.startswith(f"/{field}") for pointer in pointers(response))


def test_a_body_of_more_than_64_kib_is_413(alice: FlaskClient, anybody: FlaskClient) -> None:
    big = {**ASK, "message": "x" * 70_000}
    problem(alice.post("/v1/exchanges", json=big, headers=KEY), 413, "body_too_large")
    problem(anybody.post("/dev/sign-in", json=big), 413, "body_too_large")


def test_a_large_body_of_unknown_length_is_413(alice: FlaskClient) -> None:
    response = alice.post(
        "/v1/exchanges",
        input_stream=io.BytesIO(b'"' + b"x" * 70_000 + b'"'),
        headers={**KEY, "Content-Type": "application/json", "Transfer-Encoding": "chunked"},
    )
    problem(response, 413, "body_too_large")


@pytest.mark.parametrize("action", ["accept", "withdraw", "confirm", "decline", "cancel"])
def test_an_action_that_says_nothing_needs_no_body(
    alice: FlaskClient, services: Services, action: str
) -> None:
    assert alice.post(f"/v1/exchanges/{EXCHANGE}/{action}").status_code == 200
    assert services.of("exchanges", "act")[0].arguments["body"] == {}


@pytest.mark.parametrize(
    ("action", "body", "pointer"),
    [
        ("accept", {"minutes": 60}, "/minutes"),
        ("dispute", {}, "/reason"),
        ("reverse", {"reason": " "}, "/reason"),
        ("amend", {"minutes": 50}, "/minutes"),
        ("reschedule", {}, "/starts_at"),
        ("done", {}, "/minutes"),
        ("done", {"minutes": "60"}, "/minutes"),
        ("confirm", {"minutes": 1.5}, "/minutes"),
        ("resolve", {"outcome": "split", "reason": "x"}, "/outcome"),
        ("thank", {"message": "Thanks", "publish": "yes"}, "/publish"),
    ],
)
def test_an_action_with_a_wrong_body_is_refused(
    alice: FlaskClient, services: Services, action: str, body: dict[str, Any], pointer: str
) -> None:
    response = alice.post(f"/v1/exchanges/{EXCHANGE}/{action}", json=body)
    assert set(pointers(response)) == {pointer}
    assert services.asked == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=-1", "limit=ten", "limit=1_0", "limit=１", "mine=yes",
     "kind=gift", "region=wales", "unknown=1", "cursor=%00", "q=", "limit="],
)  # fmt: skip
def test_a_wrong_parameter_is_named(alice: FlaskClient, query: str) -> None:
    found = problem(alice.get(f"/v1/listings?{query}"), 422, "invalid")
    assert [each["parameter"] for each in found["errors"]] == [query.split("=")[0]]
