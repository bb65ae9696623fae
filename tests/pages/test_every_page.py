"""Every page in every state: to be seen, read, operated and understood by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from deploy.client import Person
from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf
from tests.pages.seeing import Seeing
from tests.pages.site import NEVER_WRONG, NO_PAGES, Site
from tests.pages.visiting import eventually

ASHA, BEN = "asha.invented@dev.nhs.uk", "ben.invented@dev.nhs.uk"


@pytest.fixture(scope="module")
def booked(filled: Installation) -> Iterator[dict[str, Any]]:
    """An hour of Ben's help that Asha has booked."""
    asha, ben = (Person(filled.gateway_url, who) for who in (ASHA, BEN))
    (offer,) = asha.get("/v1/listings", q="pivot tables", kind="offer")["items"]
    asked = asha.post("/v1/exchanges", {"listing_id": offer["id"], "minutes": 60})
    ben.act(asked["id"], "accept")
    path = f"/v1/exchanges/{asked['id']}"
    eventually(lambda: asha.get(path)["state"] == "booked")
    yield asha.get(path)
    asha.act(asked["id"], "cancel", reason="only for a test")


def test_what_a_stranger_sees(browser_of: BrowserOf, seen: Seeing) -> None:
    page = browser_of()
    page.goto("/")
    seen(page, "start-signed-out")
    page.get_by_role("link", name="Sign in if you have joined already").click()
    seen(page, "sign-in")
    page.get_by_role("button", name="Get a link by e-mail").click()
    seen(page, "sign-in-email")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter your e-mail address")
    seen(page, "sign-in-email-error")
    page.goto("/sign-in/with/development")
    seen(page, "sign-in-development")
    page.goto("/nothing-here")
    seen(page, "not-found")


def test_what_a_member_sees_first(browser_of: BrowserOf, seen: Seeing) -> None:
    page = browser_of(ASHA)
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello Asha Invented")
    seen(page, "start-member")


def test_my_hours_say_what_is_held_and_why_and_how_it_came_about(
    browser_of: BrowserOf, seen: Seeing, booked: dict[str, Any]
) -> None:
    page = browser_of(ASHA)
    page.goto("/hours")
    reason = page.get_by_role("link", name="Pivot tables without fear with Ben Invented").first
    expect(reason).to_have_attribute("href", f"/exchanges/{booked['id']}")
    expect(page.get_by_role("table")).to_contain_text("Hours to begin with")
    seen(page, "hours")


def test_find_and_a_listing(browser_of: BrowserOf, seen: Seeing) -> None:
    page = browser_of(ASHA)
    page.goto("/listings")
    seen(page, "find")
    page.get_by_label("What would you like help with?").fill("pivot")
    page.get_by_label("Region").select_option("North West")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", level=3)).to_have_count(1)
    page.get_by_role("link", name="Pivot tables without fear").click()
    expect(page.get_by_role("button", name="Ask for this help")).to_be_visible()
    seen(page, "listing")
    page.goto("/listings?q=nobody+offers+this+zzz")
    seen(page, "find-nothing")
    page.goto("/listings?region=atlantis")
    expect(page.get_by_role("alert")).to_contain_text("Choose one of the answers")
    seen(page, "find-error")


def test_one_signs_in_finds_and_signs_out_without_scripts(browser_of: BrowserOf) -> None:
    page = browser_of(scripts=False)
    page.goto("/hours")
    page.get_by_role("button", name="Sign in with a ready-made person").click()
    page.get_by_label("Or any other e-mail address").fill(BEN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My hours")
    page.get_by_role("link", name="Find", exact=True).click()
    page.get_by_label("What would you like help with?").fill("rota")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="How a fair rota comes about")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.goto("/hours")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_page_is_operated_by_the_keyboard_alone(browser_of: BrowserOf) -> None:
    page = browser_of(ASHA)
    page.goto("/listings")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("What would you like help with?")).to_be_focused()
    page.keyboard.type("rota")
    page.keyboard.press("Enter")
    page.wait_for_url("**/listings?q=rota*")


def test_every_page_there_is_was_looked_at(seen: Seeing) -> None:
    site = Site()
    looked_at = {site.rule(path) for path in seen.paths}
    assert site.rules("GET") - NO_PAGES.keys() - looked_at == set()
    assert NO_PAGES.keys() <= site.rules("GET")
    forms = (site.rules("GET") & site.rules("POST")) - NO_PAGES.keys()
    wrong = {site.rule(path) for path in seen.wrong}
    assert forms - NEVER_WRONG.keys() - wrong == set()
    assert NEVER_WRONG.keys() <= forms


def test_a_page_without_scripts_is_not_looked_at_but_refused(
    browser_of: BrowserOf, seen: Seeing
) -> None:
    page = browser_of(scripts=False)
    page.goto("/")
    with pytest.raises(AssertionError, match="scripts are switched off"):
        seen(page, "never-made")
