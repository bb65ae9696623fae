"""When something is not right: a concern from the page to its end, and blocking somebody."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect

from deploy.client import Person
from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf
from tests.pages.helping import GIVER, Two, Visit, joined, two
from tests.pages.seeing import Seeing
from tests.pages.visiting import csrf_of

REP, NATIONAL = "rep.north-west@dev.nhs.uk", "national.one@dev.nhs.uk"
WORDS = "He asked me for a rota with names on it."


@pytest.fixture(scope="module")
def pair(filled: Installation) -> Two:
    return two(filled.gateway_url, "Cal Example", "Cora Example")


def raised(person: Person, **body: object) -> str:
    """The id of a concern."""
    wanted = {"severity": "low", "text": WORDS, **body}
    return str(person.post("/v1/concerns", wanted)["id"])


def test_a_concern_goes_from_the_exchange_to_the_representative_and_back(
    browser_of: BrowserOf, seen: Seeing, pair: Two
) -> None:
    booked = pair.accepted()
    pair.giver.post(f"/v1/exchanges/{booked['id']}/messages", {"text": "Send me the names."})
    page = browser_of(pair.receiver.email, scripts=False)
    page.goto(f"/exchanges/{booked['id']}")
    page.get_by_role("link", name="Raise a concern").click()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("Say what happened")
    page.get_by_label("Somebody was treated badly").check()
    page.get_by_label("What happened?").fill(WORDS)
    page.get_by_label("Show them the messages between us").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your concern is sent.")).to_be_visible()
    concern_id = page.url.partition("?")[0].rpartition("/")[2]
    shown = browser_of(pair.receiver.email)
    shown.goto(f"/exchanges/{booked['id']}/concern")
    seen(shown, "concern-raise")
    shown.goto(f"/concerns/{concern_id}")
    seen(shown, "concern-raised")
    shown.goto("/concerns")
    seen(shown, "concerns-mine")
    shown.goto(f"/members/{booked['giver']['id']}/concern")
    seen(shown, "concern-about-somebody")
    rep = browser_of(REP)
    rep.goto("/console")
    rep.get_by_role("button", name=re.compile("Look into it ?About Cal Example")).first.click()
    expect(rep.get_by_text(WORDS)).to_be_visible()
    expect(rep.get_by_text("Send me the names.")).to_be_visible()
    rep.get_by_role("button", name="I am looking into it").click()
    expect(rep.get_by_text("It stands in the record.")).to_be_visible()
    rep.get_by_role("button", name="Save").click()
    expect(rep.get_by_role("alert")).to_contain_text("Choose what you do")
    seen(rep, "concern-handled-error")
    rep.get_by_role("radio", name="Close it").check()
    rep.get_by_label("For the record").fill("Spoke to both on the telephone.")
    rep.get_by_label("For the person who raised it").fill("He knows now that he must not.")
    rep.get_by_role("button", name="Save").click()
    expect(rep.get_by_text("The concern is closed")).to_be_visible()
    seen(rep, "concern-handled")
    page.goto("/concerns")
    page.get_by_role("link", name="About Cal Example").first.click()
    expect(page.get_by_text("He knows now that he must not.")).to_be_visible()
    assert "Spoke to both" not in page.content()


def test_nobody_in_it_and_nobody_else_finds_it(filled: Installation, pair: Two) -> None:
    about = pair.giver.get("/v1/members/me")["id"]
    concern_id = raised(pair.receiver, member_id=about)
    gateway = filled.gateway_url
    strangers = (
        pair.giver,
        joined(gateway, "Ned Example", GIVER),
        Person(gateway, "rep.london@dev.nhs.uk"),
        Person(gateway, "senate@dev.nhs.uk"),
    )
    for stranger in strangers:
        visit = Visit.of(stranger)
        for path in (f"/concerns/{concern_id}", f"/console/concerns/{concern_id}"):
            answer = visit.get(path)
            assert answer.status_code == 404, (stranger.email, path)
            assert WORDS not in answer.text
        proof = csrf_of(visit.get("/profile").text)
        sent = visit.send(f"/console/concerns/{concern_id}", csrf=proof, action="acknowledge")
        assert sent.status_code == 404
    assert WORDS not in Visit.of(pair.giver).get("/concerns").text


def test_a_concern_about_a_representative_is_the_national_teams(
    browser_of: BrowserOf, seen: Seeing, filled: Installation, pair: Two
) -> None:
    gateway = filled.gateway_url
    rep = Person(gateway, REP)
    about = rep.get("/v1/members/me")["id"]
    concern_id = raised(pair.receiver, member_id=about, text=f"{WORDS} {uuid.uuid4()}")
    assert Visit.of(rep).get(f"/console/concerns/{concern_id}").status_code == 404
    assert concern_id not in str(rep.get("/v1/queue"))
    page = browser_of(NATIONAL)
    page.goto("/console/concerns")
    expect(page.get_by_role("heading", level=2).first).to_be_visible()
    seen(page, "concerns-open")
    page.goto(f"/console/concerns/{concern_id}")
    page.get_by_label("Write something down").check()
    page.get_by_label("For the record").fill("Rang.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It stands in the record.")).to_be_visible()


def test_a_script_in_a_concern_is_shown_as_text(pair: Two, filled: Installation) -> None:
    script = "<script>alert('c')</script>\"'><img src=x onerror=alert(1)>"
    about = pair.giver.get("/v1/members/me")["id"]
    concern_id = raised(pair.receiver, member_id=about, text=script)
    rep = Visit.of(Person(filled.gateway_url, REP))
    rep.send(f"/console/concerns/{concern_id}", action="note", text=script, version="1")
    for visit in (rep, Visit.of(pair.receiver)):
        text = visit.get(f"/concerns/{concern_id}").text
        assert "<img src=x" not in text
        assert "alert(&#39;c&#39;)" in text


def test_blocking_says_what_follows_and_can_be_taken_back(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    own = two(filled.gateway_url, "Bel Example", "Bo Example")
    booked = own.accepted()
    page = browser_of(own.receiver.email, scripts=False)
    page.goto(f"/exchanges/{booked['id']}")
    page.get_by_role("link", name="Block Bel Example").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Block Bel Example")
    page.get_by_role("button", name="Block Bel Example").click()
    expect(page.get_by_text("They are blocked. They are not told.")).to_be_visible()
    assert own.giver.get(f"/v1/exchanges/{booked['id']}")["state"] == "cancelled"
    visit = Visit.of(own.receiver)
    assert visit.get(f"/listings/{own.offer}").status_code == 404
    assert visit.get(f"/listings/{own.offer}/ask").status_code == 404
    text = visit.get(f"/exchanges/{booked['id']}").text
    assert "You can no longer write to each other here." in text
    assert "Ask again" not in text
    shown = browser_of(own.receiver.email)
    shown.goto("/profile/blocked")
    seen(shown, "blocked")
    shown.goto(f"/members/{booked['giver']['id']}/block")
    seen(shown, "block")
    shown.goto("/profile/blocked")
    shown.get_by_role("button", name=re.compile("Unblock ?Bel Example")).click()
    expect(shown.get_by_text("They are not blocked any more.")).to_be_visible()
    assert visit.get(f"/listings/{own.offer}").status_code == 200


def test_there_is_no_page_to_block_or_report_oneself(pair: Two) -> None:
    me = pair.giver.get("/v1/members/me")["id"]
    visit = Visit.of(pair.giver)
    for path in (f"/members/{me}/block", f"/members/{me}/concern"):
        assert visit.get(path).status_code == 404
