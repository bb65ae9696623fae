"""From asking to settled in two browsers, with scripts and without, and what every state shows."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf
from tests.pages.hands import Keys, Pointer
from tests.pages.helping import Two, listed, two
from tests.pages.seeing import Seeing


@pytest.fixture(scope="module")
def pair(filled: Installation) -> Two:
    return two(filled.gateway_url)


def press(page: Page, name: str, role: str = "button") -> None:
    page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]


def says(page: Page, text: str) -> None:
    expect(page.get_by_role("main")).to_contain_text(text)


@pytest.mark.parametrize("hands", [Keys, Pointer], ids=["by keys", "without scripts"])
def test_two_people_go_from_asking_to_settled_and_back(
    browser_of: BrowserOf, filled: Installation, hands: type[Keys | Pointer]
) -> None:
    pair = two(filled.gateway_url)
    listed(pair.receiver, "Somebody to read my essay", "offer")
    asks = hands(browser_of(pair.receiver.email, scripts=hands is Keys))
    gives = hands(browser_of(pair.giver.email, scripts=hands is Keys))
    asks.page.goto(f"/listings/{pair.offer}")
    asks.press("Ask for this help")
    says(asks.page, "You have 4 hours to spend")
    asks.choose("How much time?", "45 minutes")
    asks.write("Your message", "Ours has two columns too many.")
    asks.press("Ask for this")
    says(asks.page, "It is on its way.")
    gives.page.goto("/waiting")
    says(gives.page, "Ravi Example asks you for 45 minutes of help.")
    gives.press("Say yes")
    says(gives.page, "No time is agreed yet.")
    gives.press("Say that it took place", "link")
    says(gives.page, "How long did it take?")
    gives.choose("How long did it take?", "30 minutes")
    gives.press("It took place")
    says(gives.page, "Ravi Example has until")
    asks.page.reload()
    asks.press("Confirm 30 minutes")
    says(asks.page, "30 minutes went from you to Gwen Example.")
    asks.press("Say thank you")
    says(asks.page, "Your thanks")
    asks.write("Your thanks", "Now I can read it.")
    asks.press("Send")
    says(asks.page, "You said thank you.")
    gives.page.reload()
    says(gives.page, "Now I can read it.")
    gives.press("Ask Ravi Example for it")
    expect(gives.page.get_by_label("Your message")).to_have_value(
        "After I helped you with “Reading a balance sheet”, I would be glad of your help with this."
    )
    gives.press("Ask for this")
    says(gives.page, "You asked for 1 hour.")


def test_asking_in_every_state(browser_of: BrowserOf, seen: Seeing, pair: Two) -> None:
    page = browser_of(pair.receiver.email)
    page.goto(f"/listings/{pair.offer}/ask")
    page.get_by_label("How much time?").select_option("Choose")
    page.get_by_label("Day").fill("31")
    page.get_by_label("Month").fill("2")
    page.get_by_label("Year").fill("2027")
    page.get_by_label("Time", exact=True).fill("2:30pm")
    page.get_by_label("Your message").fill("Still here?")
    press(page, "Ask for this")
    expect(page.get_by_role("alert")).to_contain_text("Enter a real date")
    expect(page.get_by_role("alert")).to_contain_text("Choose how much time")
    expect(page.get_by_label("Time", exact=True)).to_have_value("2:30pm")
    expect(page.get_by_label("Your message")).to_have_value("Still here?")
    seen(page, "exchanges-ask-error")
    long = listed(pair.giver, "A whole day beside me", minutes=480)
    page.goto(f"/listings/{long}/ask")
    says(page, "8 hours is more than you have: you need 4 hours more.")
    seen(page, "exchanges-ask-too-little")
    press(page, "Ask for this")
    says(page, "you have 4 hours to spend, 4 hours too little.")
    wanted = listed(pair.giver, "Somebody to explain audits to me", "request")
    page.goto(f"/listings/{wanted}/ask")
    press(page, "Offer to help")
    says(page, "You help Gwen Example")
    seen(page, "exchanges-offered")


def test_being_asked_and_answering_in_every_state(
    browser_of: BrowserOf, seen: Seeing, pair: Two
) -> None:
    asked = pair.asked(message="Could we look at ours?", starts_at="2027-03-03T14:00:00Z")
    page = browser_of(pair.giver.email)
    page.goto(f"/exchanges/{asked['id']}")
    says(page, "Ravi Example asks you for 1 hour of help, Wednesday 3 March 2027 at 2pm.")
    leads_on = page.get_by_role("main").locator(".nhsuk-button:not(.nhsuk-button--secondary)")
    expect(leads_on).to_have_count(1)  # beside it, only the message is sent by a button
    seen(page, "exchange-asked")
    press(page, "Suggest other minutes or another time", "link")
    expect(page.get_by_label("Time", exact=True)).to_have_value("14:00")
    seen(page, "exchange-amend")
    pair.receiver.act(asked["id"], "withdraw", reason="I asked twice.")
    page.get_by_label("How long?").select_option("30 minutes")
    press(page, "Send")
    expect(page.get_by_role("alert")).to_contain_text("the exchange has moved on")
    says(page, "Taken back")
    expect(page.locator("dl", has_text="How long?")).to_contain_text("30 minutes")
    seen(page, "exchange-step-too-late")
    press(page, "Go to the exchange")
    says(page, "I asked twice.")
    seen(page, "exchange-withdrawn")


def test_what_is_booked_in_every_state(browser_of: BrowserOf, seen: Seeing, pair: Two) -> None:
    booked = pair.accepted()
    page = browser_of(pair.receiver.email)
    page.goto(f"/exchanges/{booked['id']}")
    press(page, "Set or change the time")
    press(page, "Save the time")
    expect(page.get_by_role("alert")).to_contain_text("Enter a day, month, year and time")
    for label, text in (("Day", "1"), ("Month", "7"), ("Year", "2027"), ("Time", "9.30am")):
        page.get_by_label(label, exact=True).fill(text)
    press(page, "Save the time")
    says(page, "It is booked for Thursday 1 July 2027 at 9:30am.")
    seen(page, "exchange-booked")
    short = pair.accepted("unfunded", minutes=600)
    page.goto(f"/exchanges/{short['id']}")
    expect(page.get_by_role("button", name="Ask the community fund")).to_be_visible()
    seen(page, "exchange-unfunded")


def test_confirming_disputing_and_deciding(browser_of: BrowserOf, seen: Seeing, pair: Two) -> None:
    stated = pair.accepted(minutes=30)
    pair.giver.act(stated["id"], "done", minutes=30)
    page = browser_of(pair.receiver.email)
    page.goto(f"/exchanges/{stated['id']}")
    says(page, "it counts as confirmed")
    seen(page, "exchange-to-confirm")
    press(page, "I do not agree", "link")
    press(page, "Send")
    expect(page.get_by_role("alert")).to_contain_text("Say what happened")
    seen(page, "exchange-dispute-error")
    page.get_by_label("What happened?").fill("We met for ten minutes.")
    press(page, "Send")
    says(page, "A representative of the region, who is neither of the two, decides by")
    rep = browser_of("rep.north-west@dev.nhs.uk")
    rep.goto(f"/exchanges/{stated['id']}")
    press(rep, "Decide")
    seen(rep, "exchange-resolve")
    rep.get_by_label("No hours move").check()
    rep.get_by_label("Why?").fill("Both agree that it came to nothing.")
    press(rep, "Decide")
    says(rep, "It was cancelled.")
    page.reload()
    says(page, "Both agree that it came to nothing.")


def test_what_is_settled_and_all_of_ones_exchanges(
    browser_of: BrowserOf, seen: Seeing, pair: Two
) -> None:
    settled = pair.settled()
    page = browser_of(pair.receiver.email)
    page.goto(f"/exchanges/{settled['id']}")
    says(page, "1 hour went from you to Gwen Example.")
    seen(page, "exchange-settled")
    page.goto("/exchanges")
    expect(page.get_by_role("heading", name="Finished")).to_be_visible()
    seen(page, "exchanges")
    page.get_by_label("Help I give").check()
    page.get_by_label("State").select_option("Undone")
    press(page, "Show")
    says(page, "There is nothing here.")
    seen(page, "exchanges-none")
    page.goto("/exchanges?state=lost")
    seen(page, "exchanges-error")
