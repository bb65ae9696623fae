"""Asking three people at once from the page of matches; the first to say yes helps."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect

from deploy.client import Person
from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf, Look
from tests.pages.newcomers import Visitor, somebody_new


@pytest.fixture(scope="module")
def skill() -> str:
    return f"Ondes Martenot {uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def givers(filled: Installation, skill: str) -> list[Person]:
    """Three people who offer the same."""
    found = []
    for _ in range(3):
        visitor = Visitor(filled.gateway_url, somebody_new())
        visitor.join(offers=skill, publish="yes")
        found.append(Person(filled.gateway_url, visitor.email))
    return found


@pytest.fixture
def asker(filled: Installation, givers: list[Person], skill: str) -> Visitor:
    visitor = Visitor(filled.gateway_url, somebody_new())
    visitor.join(wants=skill)
    return visitor


def test_three_are_chosen_and_asked_once_and_the_first_yes_helps(
    browser_of: BrowserOf, look: Look, scripts: bool, asker: Visitor, givers: list[Person]
) -> None:
    page = browser_of(asker.email, scripts=scripts)
    page.goto("/matches")
    page.get_by_role("button", name="Ask those you chose").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose 1, 2 or 3 people to ask")
    look(page, "matches-none-chosen")
    for number in range(3):
        page.get_by_role("checkbox").nth(number).check()
    page.get_by_role("button", name="Ask those you chose").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ask 3 people")
    look(page, "ask-several")
    page.get_by_label("Your message").fill("Which of you could show me?")
    page.get_by_role("button", name="Ask 3 people").click()
    expect(page.get_by_role("alert")).to_contain_text("It is on its way to all of them")
    look(page, "exchanges-asked-several")

    asked = [each.get("/v1/exchanges", state="requested")["items"][0]["id"] for each in givers]
    givers[0].act(asked[0], "accept")
    late = browser_of(givers[1].email, scripts=scripts)
    late.goto(f"/exchanges/{asked[1]}")
    expect(late.get_by_role("main")).to_contain_text("Somebody else who was asked said yes first")
    look(late, "exchange-superseded")
    late.goto("/exchanges")
    expect(late.locator(".app-exchange").first).to_contain_text("Somebody else said yes")
    look(late, "exchanges-superseded")


def test_one_who_is_chosen_alone_is_asked_in_the_usual_way(asker: Visitor) -> None:
    (one, *_) = re.findall(r'name="listing" type="checkbox" value="([^"]+)"', _matches(asker))

    assert asker.open(f"/asks/new?listing={one}").url.endswith(f"/listings/{one}/ask")


def test_too_many_nobody_and_nonsense_are_told(asker: Visitor) -> None:
    found = re.findall(r'name="listing" type="checkbox" value="([^"]+)"', _matches(asker))
    four = asker.open("/asks/new?" + "&".join(f"listing={each}" for each in found[:4]))

    assert four.status_code == 422
    assert "Choose 1, 2 or 3 people to ask" in four.text
    assert four.text.count(" checked>") == 4
    assert asker.open("/asks/new").status_code == 422
    assert asker.open("/asks/new?listing=x").status_code == 404
    assert asker.open(f"/asks/new?listing={uuid.uuid4()}").status_code == 404


def test_what_can_be_asked_no_more_is_named_and_the_words_are_kept(
    asker: Visitor, givers: list[Person], skill: str
) -> None:
    offers = [each.get("/v1/listings", mine="true")["items"][0]["id"] for each in givers]
    path = "/asks/new?" + "&".join(f"listing={each}" for each in offers)
    givers[2].post(f"/v1/listings/{offers[2]}/pause", {})
    told = asker.send(path, minutes="60", message="Still here")

    assert told.status_code == 422
    assert f"“{skill}” by " in told.text
    assert "This listing is not open at the moment." in told.text
    assert "Still here" in told.text
    assert asker.post("/asks/new", {"csrf": "0" * 64}).status_code == 403


def _matches(asker: Visitor) -> str:
    return asker.open("/matches").text
