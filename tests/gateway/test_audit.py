"""The audit at the door: who is asked what, one order over all, names, and what is taken along."""

from __future__ import annotations

import csv
import io
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from tests.gateway.conftest import problem
from tests.gateway.standin import ALICE, AT, BOB, EXCHANGE, Asked, Services, refused
from tests.gateway.test_parked import browser

OTHERS = ("exchanges", "ledger", "notifications", "reporting")
WORDS = {
    "members": "grant",
    "exchanges": "resolve_dispute",
    "ledger": "change_limit",
    "notifications": "ask_subscription",
    "reporting": "put_back",
}


def number(count: int) -> str:
    return f"01931c6e-0000-7000-8000-{count:012x}"


def keep(services: Services, service: str, *lines: tuple[str, int]) -> None:
    """Let a service hold lines of these moments and ids, and answer as services do."""
    kept = [
        {
            "id": number(each), "at": at, "actor_id": ALICE, "by": "member",
            "action": WORDS[service], "about": "exchange", "subject_id": EXCHANGE,
            "people": [ALICE, BOB], "detail": None, "reason": None, "region": "london",
        }
        for at, each in lines
    ]  # fmt: skip

    def answer(asked: Asked) -> dict[str, Any]:
        before = asked.arguments.get("cursor")
        place = tuple(before.split("/")) if before else ("9", "")
        fitting = [each for each in kept if (each["at"], each["id"]) < place]
        newest = sorted(fitting, key=lambda each: (each["at"], each["id"]), reverse=True)
        items = newest[: asked.arguments["limit"]]
        return {"items": items, "next": None, "who": None, "about": None}

    services.answers[service, "audit"] = answer


def ids(client: FlaskClient, question: str) -> list[str]:
    return [each["id"] for each in client.get(f"/v1/audit?{question}").get_json()["items"]]


def test_lines_come_with_names_of_who_did_it_and_whom_it_is_about(
    alice: FlaskClient, services: Services
) -> None:
    (line,) = alice.get("/v1/audit").get_json()["items"]
    assert line["actor"] == {"id": ALICE, "name": "Alice Example"}
    assert line["subject"] == {"id": BOB, "name": "Bob Sample"}
    assert line["people"] == [line["subject"]]
    assert (line["by"], line["region"], line["service"]) == ("member", "london", "members")


def test_every_service_is_asked_by_the_ids_members_found_for_a_name(
    alice: FlaskClient, services: Services
) -> None:
    services.change("members", "audit", who=[ALICE])
    alice.get("/v1/audit?who=alice&region=london&from=2026-11-01&to=2026-11-30&limit=5")
    known = {"region": "london", "from": "2026-11-01", "to": "2026-11-30", "limit": 6}
    (first,) = services.of("members", "audit")
    assert first.arguments == {"who": "alice", **known}
    for service in OTHERS:
        (asked,) = services.of(service, "audit")
        assert asked.arguments == {"who": [ALICE], **known}


def test_only_who_can_know_is_asked(alice: FlaskClient, services: Services) -> None:
    alice.get("/v1/audit?action=change_limit")
    assert [service for service in OTHERS if services.of(service, "audit")] == ["ledger"]
    services.asked.clear()
    alice.get("/v1/audit?action=put_back")
    assert [service for service in OTHERS if services.of(service, "audit")] == list(OTHERS)
    services.asked.clear()
    services.change("members", "audit", about=[])
    alice.get("/v1/audit?about=nobody@nhs.net")
    assert not [service for service in OTHERS if services.of(service, "audit")]


def test_lines_of_all_services_stand_in_one_order(alice: FlaskClient, services: Services) -> None:
    keep(services, "members", ("2026-11-03T09:30:00Z", 1), ("2026-11-01T09:30:00Z", 2))
    keep(services, "exchanges", ("2026-11-02T09:30:00.5Z", 3), ("2026-11-02T09:30:00Z", 4))
    keep(services, "ledger", ("2026-11-02T09:30:00.25Z", 5))
    assert ids(alice, "") == [number(each) for each in (1, 3, 5, 4, 2)]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_over_all_services_lose_and_repeat_nothing(
    alice: FlaskClient, services: Services, limit: int
) -> None:
    """Also of what happened at the same moment, in one service or in several."""
    keep(services, "members", (AT, 3), (AT, 7), (AT, 8))
    keep(services, "exchanges", (AT, 1), (AT, 5), (AT, 9))
    keep(services, "reporting", (AT, 2), (AT, 4), (AT, 6))
    found: list[str] = []
    path: str | None = f"/v1/audit?limit={limit}"
    while path:
        response = alice.get(path)
        found += [each["id"] for each in response.get_json()["items"]]
        link = response.headers.get("Link")
        path = link[1 : link.index(">")] if link else None
    assert found == [number(each) for each in range(9, 0, -1)]


def test_who_did_it_may_be_nobody(alice: FlaskClient, services: Services) -> None:
    line = services.answers["members", "audit"]["items"][0]
    services.change("members", "audit", items=[{**line, "actor_id": None, "by": "operator"}])
    assert alice.get("/v1/audit").get_json()["items"][0]["actor"] is None


def test_a_service_that_is_away_is_named_and_keeps_nothing_back_of_the_others(
    alice: FlaskClient, services: Services
) -> None:
    services.answers["ledger", "audit"] = refused("try_later", "Away.", "try_later")
    found = alice.get("/v1/audit").get_json()
    assert (len(found["items"]), found["silent"]) == (1, ["ledger"])
    problem(alice.post("/v1/audit/exports", json={}), 503, "try_later")
    assert not services.of("members", "export_audit")


def test_what_another_service_refuses_is_not_passed_over(
    alice: FlaskClient, services: Services
) -> None:
    services.answers["ledger", "audit"] = refused("not_allowed", "No.", "not_allowed")
    problem(alice.get("/v1/audit"), 403, "not_allowed")


def test_what_is_taken_along_is_what_is_found(alice: FlaskClient, services: Services) -> None:
    keep(services, "members", (AT, 3), (AT, 7))
    keep(services, "exchanges", (AT, 5))
    keep(services, "ledger", ("2026-11-03T09:30:00Z", 1))
    found = alice.get("/v1/audit").get_json()["items"]
    rows = list(csv.DictReader(io.StringIO(alice.post("/v1/audit/exports", json={}).text)))
    for line, row in zip(found, rows, strict=True):
        assert (row["at"], row["action"]) == (line["at"], line["action"])
        assert (row["service"], row["region"], row["by"]) == (
            line["service"], line["region"], line["by"],
        )  # fmt: skip
        assert row["about"] == "Alice Example and Bob Sample"
    (told,) = services.of("members", "export_audit")
    assert told.arguments == {"lines": 4}


def test_what_is_taken_along_is_harmless_to_open(alice: FlaskClient, services: Services) -> None:
    question = {"about": "bob", "from": "2026-11-01", "region": "london"}
    response = alice.post("/v1/audit/exports", json=question)
    assert response.content_type == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(response.text))
    assert (row["who"], row["about"], row["detail"]) == (
        "Alice Example",
        "Bob Sample",
        "rep:london",
    )
    assert row["reason"] == "'=New representative"
    (asked,) = services.of("members", "audit")
    assert asked.arguments == {**question, "limit": 5_001}


def test_too_much_at_once_and_who_may_not_are_told(alice: FlaskClient, services: Services) -> None:
    services.answers["members", "export_audit"] = refused("too_many_lines", most=5_000)
    found = problem(alice.post("/v1/audit/exports", json={}), 409, "too_many_lines")
    assert found["most"] == 5_000
    services.answers["members", "export_audit"] = refused("not_allowed", "No.", "not_allowed")
    problem(alice.post("/v1/audit/exports", json={}), 403, "not_allowed")
    services.answers["members", "audit"] = refused("not_allowed", "No.", "not_allowed")
    problem(alice.get("/v1/audit"), 403, "not_allowed")


def test_why_a_subscription_is_let_in_or_ended_goes_along(
    alice: FlaskClient, services: Services
) -> None:
    one = f"/v1/subscriptions/{number(1)}"
    alice.post(f"{one}/approve", json={"reason": "Signed."})
    alice.post(f"{one}/approve")
    assert [each.arguments.get("reason") for each in services.of(
        "notifications", "approve_subscription")] == ["Signed.", None]  # fmt: skip
    alice.delete(f"{one}?reason=Over.")
    (asked,) = services.of("notifications", "end_subscription")
    assert asked.arguments["reason"] == "Over."


LINE: dict[str, Any] = {
    "id": number(1), "at": AT, "actor_id": None, "by": "rule", "action": "settle_dispute",
    "about": "exchange", "subject_id": EXCHANGE, "people": [ALICE, BOB], "detail": "60 minutes",
    "reason": None, "region": "london",
}  # fmt: skip
GONE = number(99)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Ended a dispute nobody decided: 60 minutes"),
        ({}, "Alice Example and Bob Sample, <a"),
        ({}, f'<a href="/exchanges/{EXCHANGE}">exchange {EXCHANGE[-6:]}</a>'),
        ({}, "Nobody, by itself"),
        ({"by": "member", "actor_id": BOB}, "<span>Bob Sample</span></td>"),
        ({"by": "member", "actor_id": GONE}, "<span>Somebody who has left</span></td>"),
        ({"by": "member"}, "Not written down"),
        ({"by": "system", "actor_id": GONE}, "<span>A system</span></td>"),
        ({"by": "operator"}, "An operator"),
        ({"action": "step_for_member", "detail": "no_show"}, "said that they did not meet"),
        ({"action": "close_concern", "detail": "low"}, "Closed a concern: Something is not right"),
        ({"action": "grant", "detail": "senate"}, "Gave a role: Senate"),
        ({"about": "message", "action": "discard", "detail": "exchange_done"},
         "Discarded a message: Exchanges, exchange done"),
        ({"about": "subscription", "people": [GONE]},
         "Somebody who has left, a subscription, London"),
        ({"about": "region", "people": []}, "<span>London</span></td>"),
        ({"about": "none", "people": [], "region": "national", "reason": "Because"},
         "<span>–</span></td>"),
        ({}, "<span>2 November 2026 at 9:30am</span></td>"),
        ({"about": "system", "people": [], "region": "national"}, "<span>A system</span></td>"),
        ({"reason": "<b>Because</b>"}, "&lt;b&gt;Because&lt;/b&gt;"),
    ],
)  # fmt: skip
def test_a_line_is_told_in_words(
    app: flask.Flask, services: Services, changes: dict[str, Any], said: str
) -> None:
    services.change("members", "audit", items=[])
    services.change("exchanges", "audit", items=[{**LINE, **changes}])
    assert said in browser(app, services, "national").get("/national/audit").text


@pytest.mark.parametrize(("role", "led"), [("national", True), ("senate", False)])
def test_only_who_may_look_into_a_concern_is_led_to_it(
    app: flask.Flask, services: Services, role: str, led: bool
) -> None:
    concern = {**LINE, "about": "concern", "action": "close_concern", "detail": "low"}
    services.change("exchanges", "audit", items=[concern])
    way = f'href="/console/concerns/{EXCHANGE}"'
    assert (way in browser(app, services, role).get("/national/audit").text) == led


def test_the_page_says_what_is_missing_and_goes_on_where_it_stopped(
    app: flask.Flask, services: Services
) -> None:
    services.answers["ledger", "audit"] = refused("try_later", "Away.", "try_later")
    services.change("members", "audit", items=[])
    keep(services, "exchanges", *((AT, each) for each in range(60)))
    page = browser(app, services, "national").get("/national/audit?region=london").text
    assert "Hours: no answer just now." in page
    assert f"cursor={AT.replace(':', '%3A')}%2F{number(10)}" in page
    assert "region=london" in page
