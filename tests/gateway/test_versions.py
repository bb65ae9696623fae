"""Single resources have a tag; who names it changes only what they have seen."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.gateway.conftest import Clock, problem
from tests.gateway.standin import ALICE, EXCHANGE, LISTING, Services, refused

SINGLE = [
    "/v1/members/me", f"/v1/members/{ALICE}", f"/v1/listings/{LISTING}",
    f"/v1/exchanges/{EXCHANGE}", "/v1/account", "/v1/notice-preferences",
]  # fmt: skip


@pytest.mark.parametrize("path", SINGLE)
def test_what_the_client_has_already_is_304(alice: FlaskClient, path: str) -> None:
    tag = alice.get(path).headers["ETag"]
    again = alice.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["ETag"] == tag
    assert alice.get(path, headers={"If-None-Match": '"0-0"'}).status_code == 200


@pytest.mark.parametrize("tag", ['"9"', '"3-0123abcd"', "*"])
def test_what_is_only_read_is_answered_whatever_version_is_named(
    alice: FlaskClient, tag: str
) -> None:
    assert alice.get("/v1/account", headers={"If-Match": tag}).status_code == 200


def test_the_tag_changes_with_a_name_even_when_the_version_does_not(
    alice: FlaskClient, services: Services, clock: Clock
) -> None:
    path = f"/v1/exchanges/{EXCHANGE}"
    before = alice.get(path).headers["ETag"]
    services.answers["members", "cards"] = {}
    clock.now += 10
    assert alice.get(path).headers["ETag"] != before


@pytest.mark.parametrize("header", ['"3-0123abcd"', 'W/"3-0123abcd"', '"3"'])
def test_a_tag_names_the_version_that_is_expected(
    alice: FlaskClient, services: Services, header: str
) -> None:
    response = alice.patch("/v1/members/me", json={"name": "A"}, headers={"If-Match": header})
    assert response.status_code == 200
    assert response.headers["ETag"].startswith('"4-')
    assert services.of("members", "update")[0].arguments["expected_version"] == 3


def test_the_tag_of_an_answer_can_be_sent_back(alice: FlaskClient, services: Services) -> None:
    tag = alice.get("/v1/members/me").headers["ETag"]
    alice.patch("/v1/members/me", json={}, headers={"If-Match": tag})
    assert services.of("members", "update")[0].arguments["expected_version"] == 3


@pytest.mark.parametrize("headers", [{}, {"If-Match": "*"}])
def test_who_names_no_version_overwrites_any(
    alice: FlaskClient, services: Services, headers: dict[str, str]
) -> None:
    alice.patch("/v1/members/me", json={"name": "A"}, headers=headers)
    assert "expected_version" not in services.of("members", "update")[0].arguments


@pytest.mark.parametrize("header", ['"x"', "rubbish", '"-1"'])
def test_a_tag_that_is_none_of_ours_matches_no_version(
    alice: FlaskClient, services: Services, header: str
) -> None:
    alice.patch("/v1/members/me", json={}, headers={"If-Match": header})
    assert services.of("members", "update")[0].arguments["expected_version"] == -1


def _changes(client: FlaskClient, headers: dict[str, str]) -> list[Any]:
    return [
        client.patch(f"/v1/listings/{LISTING}", json={}, headers=headers),
        client.post(f"/v1/exchanges/{EXCHANGE}/accept", headers=headers),
    ]


def test_a_conflict_is_412_when_the_version_was_named_and_409_otherwise(
    alice: FlaskClient, services: Services
) -> None:
    for command in ("edit_listing", "act"):
        services.answers["exchanges", command] = refused("version_conflict", version=7)
    for response in _changes(alice, {"If-Match": '"1"'}):
        assert problem(response, 412, "version_conflict")["version"] == 7
    for response in _changes(alice, {}):
        problem(response, 409, "version_conflict")


def test_problems_and_lists_have_no_tag(alice: FlaskClient, services: Services) -> None:
    assert "ETag" not in alice.get("/v1/listings").headers
    services.answers["exchanges", "exchange"] = refused("exchange_not_found")
    assert "ETag" not in alice.get(f"/v1/exchanges/{EXCHANGE}").headers
