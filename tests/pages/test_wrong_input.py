"""What every form says when something in it is wrong, where no other test sends it so."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from deploy.local.installation import Installation
from tests.pages import waiting_region
from tests.pages.conftest import BrowserOf
from tests.pages.helping import Two, two
from tests.pages.newcomers import Visitor, somebody_new
from tests.pages.seeing import Seeing

NATIONAL = "national.one@dev.nhs.uk"


@pytest.fixture(scope="module")
def pair(filled: Installation) -> Two:
    return two(filled.gateway_url, "Wim Example", "Wil Example")


def refused(page: Page, button: str, said: str) -> None:
    """Send the form of a page as it is; it comes back with what is wrong."""
    page.get_by_role("main").get_by_role("button", name=button).click()
    expect(page.get_by_role("alert")).to_contain_text(said)


def test_forms_about_listings_say_what_is_wrong(
    browser_of: BrowserOf, seen: Seeing, filled: Installation, pair: Two
) -> None:
    page = browser_of(pair.giver.email)
    page.goto(f"/listings/{pair.offer}/change")
    page.get_by_label("Title").fill("")
    refused(page, "Save", "Enter a title")
    seen(page, "listing-change-error")
    other = two(filled.gateway_url, "Wes Example", "Wyn Example")
    asks = browser_of(pair.receiver.email)
    asks.goto(f"/asks/new?listing={pair.offer}&listing={other.offer}")
    asks.get_by_label("How much time?").select_option("Choose")
    refused(asks, "Ask 2 people", "Choose how much time")
    seen(asks, "ask-several-error")


def test_forms_of_the_profile_say_what_is_wrong(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    member = Visitor(filled.gateway_url, somebody_new())
    member.join()
    page = browser_of(member.email)
    page.goto("/profile/addresses")
    page.get_by_label("Another e-mail address of yours").fill("nowhere")
    refused(page, "Send me a link", "Enter an e-mail address in the correct format")
    seen(page, "addresses-error")
    page.goto("/profile/addresses/confirm/a-link-that-was-used")
    refused(page, "Yes, it is mine", "This link has been used or is too old")
    seen(page, "confirm-address-used")
    page.goto("/profile/work")
    page.get_by_label("Where do you work?").fill("A care home of our own")
    page.get_by_role("button", name="Save").click()
    refused(page, "Save", "Choose your region")
    seen(page, "profile-work-error")


def test_the_pages_of_joining_say_what_is_too_long(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    newcomer = Visitor(filled.gateway_url, somebody_new())
    newcomer.send("/join", name="Nia Example", organisation="RJ1")
    newcomer.send("/join/give", offers="Minutes")
    page = browser_of()
    page.context.add_cookies(
        [
            {"name": each.name, "value": str(each.value), "url": filled.gateway_url}
            for each in newcomer.http.cookies
        ]
    )
    page.goto("/join/like")
    page.get_by_label("What would you like help with?").fill("x" * 101)
    refused(page, "Continue", "must be 100 characters or fewer on each line")
    seen(page, "join-like-error")


def test_concerns_say_what_is_wrong(browser_of: BrowserOf, seen: Seeing, pair: Two) -> None:
    asked = pair.asked()
    page = browser_of(pair.receiver.email)
    for path, name in (
        (f"/exchanges/{asked['id']}/concern", "concern-raise-error"),
        (f"/members/{asked['giver']['id']}/concern", "concern-about-somebody-error"),
    ):
        page.goto(path)
        refused(page, "Send", "Say what happened")
        seen(page, name)


def test_a_step_for_somebody_that_comes_too_late_says_so(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    own = waiting_region.pair(filled.gateway_url, 7)
    asked = own.asked(minutes=30)
    page = browser_of(waiting_region.REP)
    page.goto(f"/exchanges/{asked['id']}/for/{asked['giver']['id']}/accept")
    own.receiver.act(asked["id"], "withdraw")
    refused(page, "Say yes, for Gia Example 7", "the exchange has moved on")
    seen(page, "acting-for-too-late")
    page.goto("/console/cover")
    refused(page, "Name them", "Enter your colleague’s e-mail address")
    seen(page, "cover-error")


def test_limits_and_roles_say_what_is_wrong(browser_of: BrowserOf, seen: Seeing) -> None:
    page = browser_of(NATIONAL)
    page.goto("/national/limits/south-east")
    refused(page, "Change the limit", "Choose how much a member may owe")
    seen(page, "national-limits-error")
    page.goto("/national/roles")
    refused(page, "Change the role", "Choose a role")
    seen(page, "national-roles-error")


def test_who_chooses_nobody_to_be_is_asked_again(browser_of: BrowserOf, seen: Seeing) -> None:
    page = browser_of()
    page.goto("/sign-in/with/development")
    refused(page, "Sign in", "Choose somebody, or enter an e-mail address")
    seen(page, "sign-in-development-error")
