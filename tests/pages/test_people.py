"""People as members see each other, and the first of them somebody new is shown."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect

from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf
from tests.pages.newcomers import Visitor, somebody_new
from tests.pages.seeing import Seeing


@pytest.fixture(scope="module")
def member(filled: Installation) -> Visitor:
    found = Visitor(filled.gateway_url, somebody_new())
    found.join(offers="Interview practice for a new post", wants="Pivot tables")
    return found


def test_somebodys_page_shows_what_they_offer_and_no_address(
    browser_of: BrowserOf, seen: Seeing
) -> None:
    page = browser_of("asha.invented@dev.nhs.uk")
    page.goto("/listings?q=pivot")
    page.get_by_role("link", name="Pivot tables without fear").first.click()
    page.get_by_role("link", name="Ben Invented").click()
    expect(page.get_by_role("link", name="Pivot tables without fear")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Spreadsheets")
    assert "@" not in page.get_by_role("main").inner_text()
    seen(page, "person")


def test_somebodys_page_needs_the_reader_to_be_let_in(
    filled: Installation, member: Visitor
) -> None:
    waiting = Visitor(filled.gateway_url, somebody_new("example.org"))
    waiting.join(region="london", organisation="")
    me = member.open("/profile/download").json()["profile"]
    assert waiting.open(f"/members/{me['id']}").status_code == 403
    assert member.open(f"/members/{me['id']}").url.endswith("/profile")


def test_the_first_screen_shows_different_people_each_with_the_reason(member: Visitor) -> None:
    page = member.open("/first").text
    helped_by, _, helps = page.partition("You could help them")
    assert "You would like: Pivot tables" in helped_by
    assert "can help with: Interview practice for a new post" in helps
    for half in (helped_by, helps):
        asked = re.findall(r'href="(/listings/[0-9a-f-]{36}/ask)"', half)
        reasons = re.findall(r"<strong>", half)
        assert 1 <= len(asked) == len(set(asked)) == len(reasons) <= 3
    assert helped_by.count("/ask") == 3
    people = re.findall(r"Ask ([^<]+)<span", helped_by)
    assert len(set(people)) == 3


def test_everybody_who_fits_has_a_page_with_the_reasons(
    browser_of: BrowserOf, seen: Seeing
) -> None:
    page = browser_of("asha.invented@dev.nhs.uk")
    page.goto("/")
    page.get_by_role("link", name="People who fit you").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People who fit you")
    expect(page.get_by_role("heading", level=2)).to_contain_text(
        ["They could help you", "You could help them"]
    )
    expect(page.get_by_role("button", name=re.compile("^Ask ")).first).to_be_visible()
    seen(page, "matches")


def test_no_two_links_read_the_same_where_people_wrote_the_same(filled: Installation) -> None:
    twice = Visitor(filled.gateway_url, somebody_new())
    twice.join()
    for _ in range(2):
        twice.send("/listings/new", title="Ocarina", description="x", minutes="60", where="online")
    reader = Visitor(filled.gateway_url, "asha.invented@dev.nhs.uk")
    me = twice.open("/profile/download").json()["profile"]["id"]
    pages = [twice.open("/listings/mine"), reader.open(f"/members/{me}")]
    pages.append(reader.open("/listings?q=ocarina"))
    for page in pages:
        links = re.findall(r'<a [^>]*href="/listings/[^"]*">(Ocarina.*?)</a>', page.text, re.DOTALL)
        assert len(links) >= 2
        assert len(set(links)) == len(links)


def test_the_first_screen_never_shows_ones_own_offers(filled: Installation) -> None:
    lonely, skill = Visitor(filled.gateway_url, somebody_new()), uuid.uuid4().hex
    first = lonely.join(offers=skill, wants=skill, publish="yes")
    assert skill in lonely.open("/listings/mine").text
    assert skill not in first.text
