"""Offering, asking and finding: one's own listings, other people's, and their pages."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect

from deploy.client import Person
from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf
from tests.pages.newcomers import Visitor, somebody_new
from tests.pages.seeing import Seeing
from tests.pages.visiting import csrf_of, eventually

BEN = "ben.invented@dev.nhs.uk"
SCRIPT = "<script>document.title='broken in'</script>"
LISTING = {"title": "Minutes", "description": "Short.", "minutes": "60", "where": "online"}


@pytest.fixture(scope="module")
def member(filled: Installation) -> Visitor:
    """Somebody who has joined and published nothing yet."""
    found = Visitor(filled.gateway_url, somebody_new())
    found.join()
    return found


def published(member: Visitor, **changes: str) -> str:
    """The path of a new offer."""
    page = member.send("/listings/new", **{**LISTING, **changes})
    assert page.ok, page.text
    return page.url.removeprefix(member.gateway).partition("?")[0]


def test_offering_changing_pausing_and_closing(browser_of: BrowserOf, seen: Seeing) -> None:
    page = browser_of(BEN)
    page.goto("/listings?q=beekeeping+on+the+roof")
    expect(page.get_by_role("main")).to_contain_text("Nobody offers this yet")
    seen(page, "find-nobody-yet")
    page.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_label("Title")).to_have_value("beekeeping on the roof")
    page.get_by_label("Title").fill("")
    page.get_by_label("With how many people").fill("many")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a title")
    seen(page, "publish-error")
    page.get_by_label("Title").fill("Bees on the roof")
    page.get_by_label("What is it about?").fill("Somebody who knows bees.")
    page.get_by_label("With how many people").fill("2")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("alert")).to_contain_text("It is published")
    seen(page, "listing-own")
    page.get_by_role("link", name="Change it").click()
    seen(page, "listing-change")
    page.get_by_label("Title").fill("Bees on our roof")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bees on our roof")
    page.get_by_role("button", name="Pause it").click()
    expect(page.get_by_role("alert")).to_contain_text("It is paused")
    page.get_by_role("button", name="Show it for 90 days from today").click()
    page.get_by_role("button", name="Close it").click()
    seen(page, "listing-close")
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_role("alert")).to_contain_text("It is closed")
    seen(page, "listings-mine")


def test_find_narrows_by_pathway_and_skill_and_turns_pages(
    filled: Installation, member: Visitor
) -> None:
    other = Visitor(filled.gateway_url, somebody_new())
    other.join()
    skill = uuid.uuid4().hex
    for number in range(11):
        published(other, title=f"Knitting {number}", skills=skill, pathway="get-in")
    query = f"/listings?kind=offer&pathway=get-in&skill={skill.upper()}"
    first = member.open(query)
    titles = re.findall(r">(Knitting \d+)<", first.text)
    assert len(titles) == 10
    (onward,) = re.findall(r'href="(/listings\?[^"]*cursor=[^"]*)"', first.text)
    second = member.open(onward.replace("&amp;", "&"))
    assert re.findall(r">(Knitting \d+)<", second.text) == ["Knitting 0"]
    assert "Knitting" not in member.open(query.replace("get-in", "get-on")).text


def test_what_is_published_is_found_by_others_until_it_is_paused(
    filled: Installation, member: Visitor
) -> None:
    path = published(member, title="Unmistakable zither lessons")
    asha = Visitor(filled.gateway_url, "asha.invented@dev.nhs.uk")
    assert path in asha.open("/listings?q=zither").text
    member.press(path, f"{path}/pause")
    assert path not in asha.open("/listings?q=zither").text


def test_a_listing_is_changed_and_ended_by_nobody_but_its_owner(
    filled: Installation, member: Visitor
) -> None:
    path = published(member)
    stranger = Visitor(filled.gateway_url, "asha.invented@dev.nhs.uk")
    for action in ("change", "close"):
        assert stranger.open(f"{path}/{action}").status_code == 403
    for action in ("pause", "renew", "close", "change"):
        assert stranger.press("/profile", f"{path}/{action}").status_code == 403
    asha = Person(filled.gateway_url, "asha.invented@dev.nhs.uk")
    assert asha.get(f"/v1{path}")["state"] == "open"


def test_a_stale_change_is_told_keeps_the_words_and_can_be_sent_again(member: Visitor) -> None:
    path = published(member)
    change = f"{path}/change"
    here = {**LISTING, "title": "Written here", "version": "1"}
    member.send(change, **{**LISTING, "title": "Written there"})
    stale = member.send(change, **here)
    assert stale.status_code == 422
    assert "This has changed since you opened the page" in stale.text
    assert "Written here" in stale.text
    (version,) = re.findall(r'name="version"[^>]*value="(\d+)"', stale.text)
    again = member.send(change, **{**here, "version": version})
    assert "Written here" in again.text
    assert again.url.startswith(member.gateway + path)


@pytest.mark.parametrize("action", ["change", "pause", "renew", "close"])
def test_no_form_of_another_site_touches_a_listing(member: Visitor, action: str) -> None:
    path = published(member)
    assert member.post(f"{path}/{action}", {"csrf": "0" * 64}).status_code == 403


def test_script_in_a_listing_is_shown_as_text(filled: Installation, member: Visitor) -> None:
    words = {"title": SCRIPT, "description": SCRIPT, "place": SCRIPT, "skills": SCRIPT}
    path = published(member, **words, where="in-person")
    reader = Visitor(filled.gateway_url, "asha.invented@dev.nhs.uk")
    pages = [reader.open(where) for where in (path, "/listings", "/first")]
    pages += [member.open(where) for where in (f"{path}/change", f"{path}/close", "/listings/mine")]
    pages.append(member.open(f"/listings/new?kind=request&title={SCRIPT}"))
    for page in pages:
        assert page.status_code == 200
        assert "<script>document.title" not in page.text
    assert "&lt;script&gt;document.title" in pages[0].text
    member.press(path, f"{path}/pause")


def test_who_waits_to_be_let_in_finds_and_asks_but_does_not_publish(
    filled: Installation,
) -> None:
    waiting = Visitor(filled.gateway_url, somebody_new("example.org"))
    waiting.join(region="london", organisation="")
    found = waiting.open("/listings?q=pivot+tables")
    assert "Pivot tables without fear" in found.text
    (offer,) = set(re.findall(r'href="(/listings/[0-9a-f-]{36})">Pivot tables', found.text))
    asked = waiting.send(f"{offer}/ask", minutes="60")
    assert asked.url.startswith(f"{filled.gateway_url}/exchanges/")
    sent = waiting.post("/listings/new", {**LISTING, "csrf": csrf_of(waiting.open("/join").text)})
    assert "You can publish as soon as" in sent.text
    assert waiting.open("/profile/download").json()["offers_and_requests"] == []


def test_closed_listings_are_not_found_again(filled: Installation, member: Visitor) -> None:
    path = published(member, title="Theremin by ear")
    member.send(f"{path}/close")
    listing = Person(filled.gateway_url, member.email).get(f"/v1{path}")
    assert listing["state"] == "closed"
    assert member.send(f"{path}/change", **LISTING).status_code == 422
    assert eventually(lambda: path not in member.open("/listings?q=theremin").text)
