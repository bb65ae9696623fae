"""The audit over all services in the running platform: searched, paged, taken along, refused."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import expect

from deploy.client import Answer, Person
from deploy.local.installation import Installation
from tests.pages import waiting_region
from tests.pages.conftest import BrowserOf
from tests.pages.helping import two
from tests.pages.newcomers import Visitor
from tests.pages.seeing import Seeing
from tests.pages.test_parked import FAILURE, headers_of, park

REP, GIVERS_REP = "rep.north-west@dev.nhs.uk", "rep.south-west@dev.nhs.uk"
NATIONAL, SENATE = "national.one@dev.nhs.uk", "senate@dev.nhs.uk"
INTEGRATOR = "integrator@dev.nhs.uk"
DESK = {"width": 1280, "height": 900}
RULING = "Both showed me their diaries."
CONFIDED = "He raised his voice at me."
EVERY_SERVICE = {"members", "exchanges", "ledger", "notifications", "reporting"}


@dataclass(frozen=True)
class Kept:
    """Decisions of one kind or more in every service.

    Attributes:
        giver: about whom there is a ruling and a concern.
        exchange: that was ruled about.
    """

    gateway: str
    giver: Person
    exchange: str

    def lines(self, reader: str = NATIONAL, **question: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = Person(self.gateway, reader).get("/v1/audit", **question)[
            "items"
        ]
        return found


@pytest.fixture(scope="module")
def kept(filled: Installation) -> Kept:
    gateway = filled.gateway_url
    rep, national = Person(gateway, REP), Person(gateway, NATIONAL)
    pair = two(gateway, "Gwen Audited", "Ravi Audited")
    exchange = waiting_region.disputed(pair)
    rep.act(exchange, "resolve", outcome="settle", minutes=15, reason=RULING)
    body = {"exchange_id": exchange, "severity": "low", "text": CONFIDED, "attach_messages": False}
    concern = pair.receiver.post("/v1/concerns", body)["id"]
    rep.post(f"/v1/concerns/{concern}/note", {"text": "I ring her tomorrow."})
    limit = {"floor": "180", "reason": "As before."}  # as others count on it
    Visitor(gateway, NATIONAL).send("/national/limits/north-west", **limit)
    wanted = {
        "kind": "webhook", "name": "Rota", "regions": ["london"],
        "url": "http://127.0.0.1:9/",
    }  # fmt: skip
    asked = Person(gateway, INTEGRATOR).post("/v1/subscriptions", wanted)["id"]
    national.post(f"/v1/subscriptions/{asked}/approve", {"reason": "Their agreement is signed."})
    national.delete(f"/v1/subscriptions/{asked}?reason=It has run out.")
    headers = headers_of("exchanges", "exchange_completed")
    message = park(filled, "reporting", headers, json.dumps({}).encode(), FAILURE)
    decision = {
        "service": "reporting", "event_ids": [message], "decision": "discard",
        "reason": "Nothing was in it.",
    }  # fmt: skip
    national.post("/v1/parked-messages/decisions", decision)
    return Kept(gateway, pair.giver, exchange)


def test_what_every_service_keeps_is_one_list_the_newest_first(kept: Kept) -> None:
    found = kept.lines(limit=100)
    assert {each["service"] for each in found} == EVERY_SERVICE
    moments = [each["at"] for each in found]
    assert [each["action"] for each in found if each["service"] != "members"][:6] == [
        "discard", "end_subscription", "approve_subscription", "ask_subscription",
        "change_limit", "note_concern",
    ]  # fmt: skip
    assert moments == sorted(moments, reverse=True)


def test_who_about_whom_what_where_and_when_are_asked_of_all(kept: Kept) -> None:
    (ruling, concern) = (
        kept.lines(action=action)[0] for action in ("resolve_dispute", "note_concern")
    )
    assert (ruling["subject"]["id"], ruling["reason"]) == (kept.exchange, RULING)
    assert {each["name"] for each in ruling["people"]} == {"Gwen Audited", "Ravi Audited"}
    assert kept.lines(who=REP)[:2] == [concern, ruling]
    assert kept.lines(about=kept.giver.email)[:2] == [concern, ruling]
    assert kept.lines(about="Gwen Audited", action="resolve_dispute") == [ruling]
    assert ruling in kept.lines(region="north-west")
    assert ruling not in kept.lines(region="london", limit=100)
    assert kept.lines(**{"from": "2999-01-01"}) == []


def test_pages_of_the_running_platform_are_the_whole_list_cut(kept: Kept) -> None:
    whole = [each["id"] for each in kept.lines(limit=100)]
    reader = Person(kept.gateway, NATIONAL)
    found: list[str] = []
    cursor = None
    while len(found) < len(whole):
        question = {"limit": 7, **({"cursor": cursor} if cursor else {})}
        page = reader.get("/v1/audit", **question)
        found += [each["id"] for each in page["items"]]
        cursor = page["next"]
    assert found[: len(whole)] == whole


def test_no_word_of_a_concern_is_told_and_the_senate_hears_of_nobody_in_it(kept: Kept) -> None:
    (line,) = kept.lines(SENATE, action="note_concern", limit=1)
    assert (line["people"], line["reason"], line["actor"]["name"]) == (
        [], None, kept.lines(action="note_concern")[0]["actor"]["name"],
    )  # fmt: skip
    for who in (NATIONAL, SENATE):
        told = json.dumps(kept.lines(who, limit=100))
        assert CONFIDED not in told
        assert "I ring her tomorrow." not in told


@pytest.mark.parametrize("who", ["member@dev.nhs.uk", REP, INTEGRATOR])
def test_nobody_else_reads_it_or_takes_it_along(kept: Kept, who: str) -> None:
    visitor = Visitor(kept.gateway, who)
    assert visitor.open("/national/audit").status_code == 403
    person = Person(kept.gateway, who)
    for ask in (
        lambda: person.get("/v1/audit"),
        lambda: person.post("/v1/audit/exports", {}),
    ):
        with pytest.raises(Answer) as refused:
            ask()
        assert refused.value.status == 403


def test_the_national_team_reads_the_audit_and_takes_it_along_and_the_senate_reads(
    browser_of: BrowserOf, seen: Seeing, kept: Kept
) -> None:
    page = browser_of(NATIONAL)
    page.goto("/national")
    page.get_by_role("link", name="Audit").click()
    seen(page, "audit")
    table = page.get_by_role("table")
    expect(table).to_contain_text("Decided a dispute: 15 minutes")
    expect(table).to_contain_text("Changed a limit: may owe 180 minutes")
    expect(table).to_contain_text("Discarded a message: Figures, exchange completed")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page.get_by_label("What was done?").select_option("Decided a dispute")
    page.get_by_label("Where?").select_option("North West")
    page.get_by_role("button", name="Search").click()
    expect(table.get_by_role("row", name="Gwen Audited and Ravi Audited")).to_contain_text(RULING)
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download these as a table").click()
    rows = list(csv.DictReader(io.StringIO(taken.value.path().read_text())))
    assert {row["action"] for row in rows} == {"resolve_dispute"}
    assert len(rows) == page.get_by_role("row").count() - 1
    page.get_by_role("link", name=re.compile("^exchange ")).first.click()
    expect(page).to_have_url(re.compile("/exchanges/"))
    page.goto("/national/audit?action=export_audit")
    expect(page.get_by_role("table")).to_contain_text("Took the audit along")
    page.goto("/national/audit?who=nobody+of+this+name")
    seen(page, "audit-nothing")
    senate = browser_of(SENATE)
    senate.goto("/national/audit?action=note_concern")
    expect(senate.get_by_role("table")).to_contain_text("Wrote a note on a concern")
    expect(senate.get_by_role("table")).not_to_contain_text("Audited")
    expect(senate.get_by_role("button", name="Download these as a table")).to_have_count(0)
