"""Waiting on you: everything one must do, nothing else, the most urgent first, and counted."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf
from tests.pages.helping import Two, Visit, joined, listed, two
from tests.pages.seeing import Seeing

_TITLES = re.compile(r'<h3[^>]*><a href="/exchanges/([0-9a-f-]{36})"')
_COUNT = re.compile(r'class="app-waiting-count">(\d+)<')
SOON = "2027-06-01T09:00:00Z"


def listed_on(visit: Visit) -> list[str]:
    return _TITLES.findall(visit.get("/waiting").text)


def counted(visit: Visit) -> int:
    found = _COUNT.search(visit.get("/hours").text)
    return int(found[1]) if found else 0


def test_what_waits_is_listed_once_by_its_deadline_and_counted(filled: Installation) -> None:
    pair = two(filled.gateway_url)
    visit = Visit.of(pair.giver)
    assert (listed_on(visit), counted(visit)) == ([], 0)
    booked = pair.accepted(minutes=30)  # no time yet: 14 days to agree one
    asked = pair.asked(minutes=30)  # 7 days to answer
    assert listed_on(visit) == [asked["id"], booked["id"]]
    assert counted(visit) == 2


def test_what_is_booked_for_a_time_to_come_waits_on_nobody(filled: Installation) -> None:
    pair = two(filled.gateway_url)
    pair.accepted(minutes=30, starts_at=SOON)
    for person in (pair.giver, pair.receiver):
        assert listed_on(Visit.of(person)) == []


def test_what_others_must_do_does_not_wait_on_me(filled: Installation) -> None:
    pair = two(filled.gateway_url)
    asked = pair.asked()
    assert listed_on(Visit.of(pair.receiver)) == []
    pair.giver.act(asked["id"], "amend", minutes=30)
    assert listed_on(Visit.of(pair.receiver)) == [asked["id"]]
    assert listed_on(Visit.of(pair.giver)) == []


def test_doing_the_last_thing_empties_the_list(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    pair = two(filled.gateway_url)
    other = joined(filled.gateway_url, "Olu Example", ("RRK", "midlands"))
    Two(pair.giver, other, listed(pair.giver, "Ward budgets")).asked()
    pair.asked(starts_at=SOON)
    page = browser_of(pair.giver.email)
    page.goto("/waiting")
    expect(page.get_by_role("button", name="Say yes")).to_have_count(2)
    seen(page, "waiting")
    page.get_by_role("button", name="Say yes about Reading a balance sheet").click()
    expect(page.get_by_role("link", name="Waiting on you 1")).to_be_visible()
    page.get_by_role("link", name="Waiting on you 1").click()
    page.get_by_role("link", name="Ward budgets").click()
    page.get_by_role("link", name="Say no").click()
    page.get_by_label("Why?").fill("Not this month.")
    page.get_by_role("button", name="Say no").click()
    expect(page.get_by_role("main")).to_contain_text("Not this month.")
    page.goto("/waiting")
    expect(page.get_by_role("main")).to_contain_text("Nothing waits on you.")
    seen(page, "waiting-nothing")
