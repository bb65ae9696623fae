"""The audit at the door: what is asked for, who is named, and what is taken along."""

import csv
import io

from flask.testing import FlaskClient

from tests.gateway.conftest import problem
from tests.gateway.standin import ALICE, BOB, Services, refused


def test_lines_come_with_names_and_in_pages(alice: FlaskClient, services: Services) -> None:
    services.change("members", "audit", next="more")
    response = alice.get("/v1/audit?who=alice&action=grant&from=2026-11-01&to=2026-11-30&limit=5")
    (line,) = response.get_json()["items"]
    assert line["actor"] == {"id": ALICE, "name": "Alice Example"}
    assert line["subject"] == {"id": BOB, "name": "Bob Sample"}
    assert "cursor=more" in response.headers["Link"]
    (asked,) = services.of("members", "audit")
    assert asked.arguments == {
        "who": "alice", "action": "grant", "from": "2026-11-01", "to": "2026-11-30", "limit": 5,
    }  # fmt: skip


def test_an_operators_command_has_no_name(alice: FlaskClient, services: Services) -> None:
    line = services.answers["members", "audit"]["items"][0]
    services.change("members", "audit", items=[{**line, "actor_id": None}])
    assert alice.get("/v1/audit").get_json()["items"][0]["actor"] is None


def test_what_is_taken_along_is_harmless_to_open(alice: FlaskClient, services: Services) -> None:
    response = alice.post("/v1/audit/exports", json={"about": "bob", "from": "2026-11-01"})
    assert response.content_type == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(response.text))
    assert (row["who"], row["about"], row["detail"]) == (
        "Alice Example",
        "Bob Sample",
        "rep:london",
    )
    assert row["reason"] == "'=New representative"
    (asked,) = services.of("members", "export_audit")
    assert asked.arguments == {"about": "bob", "from": "2026-11-01"}


def test_too_much_at_once_and_who_may_not_are_told(alice: FlaskClient, services: Services) -> None:
    services.answers["members", "export_audit"] = refused("too_many_lines", most=5_000)
    found = problem(alice.post("/v1/audit/exports", json={}), 409, "too_many_lines")
    assert found["most"] == 5_000
    services.answers["members", "export_audit"] = refused("not_allowed", "No.", "not_allowed")
    problem(alice.post("/v1/audit/exports", json={}), 403, "not_allowed")
