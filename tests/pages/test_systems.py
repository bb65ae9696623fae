"""Other systems on the profile: agreed to, seen, and ended."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from deploy import bank
from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf
from tests.pages.newcomers import Visitor, somebody_new
from tests.pages.seeing import Seeing

NAME = "Sandbox rota (invented)"


@pytest.fixture
def member(filled: Installation) -> Visitor:
    found = Visitor(filled.gateway_url, somebody_new())
    found.join()
    return found


def test_a_member_lets_a_system_book_sees_it_and_ends_it(
    browser_of: BrowserOf, seen: Seeing, member: Visitor
) -> None:
    page = browser_of(member.email, scripts=False)
    page.goto("/profile")
    page.get_by_role("link", name="Other systems that may act for you").click()
    expect(page.get_by_role("main")).to_contain_text("Only you act for yourself")
    page.get_by_role("link", name=NAME).click()
    assert page.url.endswith(f"/profile/systems/{bank.SYSTEM}")
    page.get_by_label("Book for me").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("Book for you, change and cancel")
    page.get_by_role("link", name=f"Change or end what {NAME} may do").click()
    expect(page.get_by_label("Book for me")).to_be_checked()
    expect(page.get_by_label("See my exchanges")).not_to_be_checked()
    page.get_by_label("Book for me").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("What other systems may do")
    expect(page.get_by_role("main")).to_contain_text("Only you act for yourself")


def test_the_pages_about_systems_are_good_for_everybody(
    browser_of: BrowserOf, seen: Seeing
) -> None:
    page = browser_of("asha.invented@dev.nhs.uk")
    page.goto("/profile/systems")
    seen(page, "systems")
    page.get_by_role("link", name=f"Change or end what {NAME} may do").click()
    seen(page, "system")
    page.goto("/profile/systems/01a20000-0000-7000-8000-000000000000")
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
