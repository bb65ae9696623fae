"""Between the two of an exchange: messages, addresses, whether it helped, and nobody else."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import Page, expect

from deploy.client import Person
from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf
from tests.pages.helping import GIVER, Two, Visit, joined, two
from tests.pages.seeing import Seeing
from tests.pages.visiting import csrf_of, eventually

SCRIPT = "<script>alert('m')</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def pair(filled: Installation) -> Two:
    return two(filled.gateway_url, "Mia Example", "Max Example")


def test_the_two_write_to_each_other_without_scripts(
    browser_of: BrowserOf, seen: Seeing, pair: Two
) -> None:
    asked = pair.asked(message="Would Thursday suit you?")
    page = browser_of(pair.giver.email, scripts=False)
    page.goto(f"/exchanges/{asked['id']}")
    expect(page.get_by_text("Would Thursday suit you?")).to_be_visible()
    page.get_by_role("button", name="Send the message").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("Write your message")
    page.get_by_label("Write to Max Example").fill("Friday is better.\nAt 2pm?")
    page.get_by_role("button", name="Send the message").click()
    expect(page.get_by_text("Your message is sent.")).to_be_visible()
    expect(page.get_by_text("At 2pm?")).to_be_visible()
    other = browser_of(pair.receiver.email)
    for number in range(5):
        pair.giver.post(f"/v1/exchanges/{asked['id']}/messages", {"text": f"Line {number}"})
    says_what_is_new(other, seen)
    other.goto(f"/exchanges/{asked['id']}")
    expect(other.get_by_text("Line 4")).to_be_visible()
    expect(other.get_by_text("Line 0")).to_have_count(0)
    seen(other, "exchange-messages")
    other.get_by_role("link", name="All 6 messages").click()
    expect(other.get_by_text("At 2pm?")).to_be_visible()
    seen(other, "messages")
    other.get_by_label("Write to Mia Example").fill("x" * 2001)
    other.get_by_role("button", name="Send the message").click()
    expect(other.get_by_role("alert")).to_contain_text("must be 2,000 characters or fewer")
    seen(other, "messages-error")
    assert pair.receiver.get(f"/v1/exchanges/{asked['id']}")["unread_count"] == 0
    other.goto("/exchanges")
    expect(other.get_by_role("main")).to_contain_text("Waiting for an answer")
    expect(other.get_by_role("main")).not_to_contain_text("new message")


def says_what_is_new(page: Page, seen: Seeing) -> None:
    """Wherever somebody looks first, there are 6 new messages, and a way to them."""
    page.goto("/exchanges")
    expect(page.locator(".app-exchange")).to_contain_text("6 new messages")
    seen(page, "exchanges-new-messages")
    page.goto("/waiting")
    expect(page.get_by_role("main")).to_contain_text("6 new messages about Reading a balance")
    seen(page, "waiting-new-messages")
    page.goto("/")
    expect(page.get_by_role("main")).to_contain_text("6 new messages about Reading a balance")
    seen(page, "start-new-messages")


@pytest.mark.parametrize("who", ["another member", "a rep of the region", "the national team"])
def test_nobody_else_reads_what_the_two_write(filled: Installation, pair: Two, who: str) -> None:
    gateway = filled.gateway_url
    booked = pair.accepted()
    pair.giver.post(f"/v1/exchanges/{booked['id']}/messages", {"text": "For you alone."})
    stranger = {
        "another member": lambda: joined(gateway, "Ned Example", GIVER),
        "a rep of the region": lambda: Person(gateway, "rep.north-west@dev.nhs.uk"),
        "the national team": lambda: Person(gateway, "national.one@dev.nhs.uk"),
    }[who]()
    expected = 404 if who == "another member" else 403
    api = requests.get(
        f"{gateway}/v1/exchanges/{booked['id']}/messages",
        headers={"Authorization": stranger.authorization}, timeout=20,
    )  # fmt: skip
    assert api.status_code == expected
    visit = Visit.of(stranger)
    messages = visit.get(f"/exchanges/{booked['id']}/messages")
    page = visit.get(f"/exchanges/{booked['id']}")
    for text in (api.text, messages.text, page.text):
        assert "For you alone." not in text
        assert pair.giver.email not in text
    assert messages.status_code == expected
    sent = visit.send(
        f"/exchanges/{booked['id']}/messages",
        csrf=csrf_of(visit.get("/profile").text),
        text="Hello?",
    )
    assert sent.status_code == expected
    pair.giver.act(booked["id"], "cancel")


def test_a_script_in_a_message_is_shown_as_text(pair: Two) -> None:
    asked = pair.asked()
    pair.receiver.post(f"/v1/exchanges/{asked['id']}/messages", {"text": SCRIPT})
    visit = Visit.of(pair.giver)
    for path in (f"/exchanges/{asked['id']}", f"/exchanges/{asked['id']}/messages"):
        text = visit.get(path).text
        assert "<img src=x" not in text
        assert "alert(&#39;m&#39;)" in text


def test_the_address_appears_with_the_booking_and_goes_with_it(pair: Two) -> None:
    asked, visit = pair.asked(), Visit.of(pair.receiver)
    path = f"/exchanges/{asked['id']}"
    assert pair.giver.email not in visit.get(path).text
    pair.giver.act(asked["id"], "accept")
    pair.reached(asked["id"], "booked")
    assert pair.giver.email in visit.get(path).text
    pair.giver.act(asked["id"], "cancel")
    assert pair.giver.email not in visit.get(path).text


def test_whether_it_helped_is_one_press_and_seen_by_nobody_else(
    browser_of: BrowserOf, seen: Seeing, pair: Two
) -> None:
    settled = pair.settled()
    page = browser_of(pair.receiver.email, scripts=False)
    page.goto(f"/exchanges/{settled['id']}")
    expect(page.get_by_role("heading", name="Did it help?")).to_be_visible()
    page.get_by_role("button", name="A little").click()
    expect(page.get_by_text("You said: A little.")).to_be_visible()
    shown = browser_of(pair.receiver.email)
    shown.goto(f"/exchanges/{settled['id']}")
    seen(shown, "exchange-helped")
    theirs = Visit.of(pair.giver).get(f"/exchanges/{settled['id']}").text
    assert "Was it worth your time?" in theirs
    assert "You can change it." not in theirs
    assert "helped" not in str(pair.giver.get(f"/v1/exchanges/{settled['id']}")["history"])


def test_a_mail_tells_of_a_message_without_a_word_of_it(filled: Installation, pair: Two) -> None:
    asked = pair.asked()
    for _ in range(2):
        body = {"text": "A word nobody else reads"}
        pair.receiver.post(f"/v1/exchanges/{asked['id']}/messages", body)
    told = eventually(
        lambda: [
            each
            for each in pair.giver.get("/v1/notices")["items"]
            if each["exchange_id"] == asked["id"] and each["template"] == "message"
        ]
    )
    assert [each["text"] for each in told] == ["Max Example has written to you."]
