"""Parked messages on the national team's page: put back, discarded, and only looked at."""

from __future__ import annotations

import dataclasses
import datetime
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import expect

from deploy.local.installation import Installation
from services.bus.transaction import new_id
from tests.pages.conftest import BrowserOf
from tests.pages.newcomers import Visitor
from tests.pages.seeing import Seeing
from tests.pages.visiting import csrf_of, eventually

NATIONAL, SENATE = "national.two@dev.nhs.uk", "senate@dev.nhs.uk"
SAMPLES = Path(__file__).resolve().parents[2] / "services/contracts/samples"
FAILURE = "ZeroDivisionError: division by zero"


@dataclasses.dataclass(frozen=True)
class Aside:
    """Messages put aside in the running platform: two alike for reporting, one for the ledger."""

    platform: Installation
    good: list[str]
    killer: str

    def rows(self, service: str, question: Any, *values: Any) -> list[Any]:
        with psycopg.connect(self.platform.database_urls[service]) as conn:
            return conn.execute(question, values).fetchall()

    def heard(self) -> set[str]:
        found = self.rows(
            "reporting", "select event_id from heard where event_id = any(%s)", self.good
        )
        return {row[0] for row in found}


def park(platform: Installation, service: str, headers: Any, body: bytes, failure: str) -> str:
    """Leave a message as a service leaves one that failed as often as any is tried."""
    region, event_id = "london", headers["ce-id"]
    with psycopg.connect(platform.database_urls[service]) as conn:
        conn.execute(
            "insert into retry (event_id, routing_key, region, headers, body, reason, attempts,"
            " first_failed_at, parked_at) values (%s, %s, %s, %s, %s, %s, 6, now() - %s, now())",
            [event_id, headers["key"], region, json.dumps(headers), body, failure,
             datetime.timedelta(hours=30)],
        )  # fmt: skip
    return str(event_id)


@pytest.fixture(scope="module")
def aside(filled: Installation) -> Aside:
    sample = json.loads((SAMPLES / "exchanges.exchange_completed.json").read_text())
    good = [
        park(filled, "reporting", headers_of("exchanges", "exchange_completed"),
             json.dumps(sample).encode(), FAILURE)
        for _ in range(2)
    ]  # fmt: skip
    killer = park(
        filled, "ledger", headers_of("members", "member_changed"), b"{}",
        "begun 3 times and never ended",
    )  # fmt: skip
    return Aside(filled, good, killer)


def headers_of(producer: str, event: str) -> dict[str, str]:
    event_id = str(new_id())
    return {
        "key": f"london.{producer}.{event}", "ce-id": event_id,
        "ce-source": f"/timebank/{producer}", "ce-type": event, "ce-specversion": "1.0",
        "ce-time": "2026-11-21T10:00:00Z", "ce-subject": event_id, "ce-region": "london",
        "ce-correlationid": event_id,
    }  # fmt: skip


def test_the_senate_looks_and_nobody_but_the_national_team_decides(aside: Aside) -> None:
    senate = Visitor(aside.platform.gateway_url, SENATE)
    assert "Exchange completed, 2 messages" in senate.open("/national/parked").text
    one = f"/national/parked/ledger?message={aside.killer}"
    page = senate.open(one)
    assert "the whole process ended" in page.text
    assert 'name="decision"' not in page.text
    form = {"csrf": csrf_of(page.text), "decision": "discard", "reason": "No."}
    assert senate.post(one, form).status_code == 403
    for who in ("member@dev.nhs.uk", "rep.london@dev.nhs.uk"):
        other = Visitor(aside.platform.gateway_url, who)
        for path in ("/national/parked", one):
            assert other.open(path).status_code == 403
    assert len(aside.rows("ledger", "select from retry where event_id = %s", aside.killer)) == 1


def test_what_is_put_back_is_handled_and_what_is_discarded_is_written_down(
    browser_of: BrowserOf, seen: Seeing, aside: Aside
) -> None:
    page = browser_of(NATIONAL)
    page.goto("/national")
    page.get_by_role("link", name="Messages put aside").click()
    seen(page, "national-parked")
    page.get_by_role("link", name="Exchange completed, 2 messages").click()
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    seen(page, "national-parked-error")
    page.get_by_label("Put it back").check()
    page.get_by_label("The same for 1 other").check()
    page.get_by_label("Why?").fill("The sum is mended.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("alert")).to_contain_text("put back")
    eventually(lambda: aside.heard() == set(aside.good))
    page.get_by_role("link", name="Member changed").click()
    expect(page.get_by_label("Put it back")).to_have_count(0)
    page.get_by_label("Discard it").check()
    page.get_by_label("Why?").fill("Nobody knows this member.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("main")).to_contain_text("Member changed (Hours): discarded.")
    expect(page.get_by_role("main")).to_contain_text("Nat Two")
    seen(page, "national-parked-decided")
    kept = aside.rows(
        "ledger", "select reason, body from parked_decision where event_id = %s", aside.killer
    )
    assert [(reason, bytes(body)) for reason, body in kept] == [
        ("Nobody knows this member.", b"{}")
    ]
