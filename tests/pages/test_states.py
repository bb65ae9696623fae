"""Pages with nothing on them yet, with as much as there can be, and the ends of exchanges."""

from __future__ import annotations

import datetime
import re
import uuid

import pytest
from playwright.sync_api import expect

from deploy.client import Person
from deploy.local.installation import Installation
from tests.pages import waiting_region
from tests.pages.conftest import BrowserOf
from tests.pages.helping import GIVER, RECEIVER, Two, joined, listed, two
from tests.pages.newcomers import Visitor, somebody_new
from tests.pages.seeing import Seeing

NOTHING_YET = (
    ("/", "start-new", "You have 4 hours to spend"),
    ("/first", "first", "They could help you"),
    ("/exchanges", "exchanges-empty", "There is nothing here"),
    ("/listings/mine", "listings-mine-empty", "You have published nothing yet"),
    ("/searches", "searches-none", "You have saved none"),
    ("/concerns", "concerns-none", "You have raised none"),
    ("/profile/blocked", "blocked-none", "Nobody."),
    ("/profile/systems", "systems-none", "Only you act for yourself"),
)
"""What somebody finds who has just joined: where, what it is called, and what it says."""
NOT_LET_IN = (
    ("/", "start-waiting", "will let you in"),
    ("/profile", "profile-waiting", "Waiting to be let in"),
    ("/profile/invite", "invite-later", "as soon as you have been let in"),
    ("/hours", "hours-waiting", "My hours"),
)
LONG_WORD = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
LONG = f"{LONG_WORD * 3}"[:190]
MOST_TIMES = 20
REP = "rep.north-west@dev.nhs.uk"


@pytest.fixture(scope="module")
def pair(filled: Installation) -> Two:
    return two(filled.gateway_url, "Pia Example", "Per Example")


def test_somebody_new_finds_nothing_yet_and_what_to_do_about_it(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    newcomer = Visitor(filled.gateway_url, somebody_new())
    newcomer.join()
    page = browser_of(newcomer.email)
    for path, name, said in NOTHING_YET:
        page.goto(path)
        expect(page.get_by_role("main")).to_contain_text(said)
        seen(page, name)


def test_who_waits_to_be_let_in_is_told_so_wherever_it_matters(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    newcomer = Visitor(filled.gateway_url, somebody_new("example.org"))
    newcomer.join(region="london", organisation="")
    page = browser_of(newcomer.email)
    for path, name, said in NOT_LET_IN:
        page.goto(path)
        expect(page.get_by_role("main")).to_contain_text(said)
        seen(page, name)


def test_what_is_not_for_one_and_a_form_open_too_long_are_pages_like_others(
    browser_of: BrowserOf, seen: Seeing, pair: Two
) -> None:
    page = browser_of(pair.giver.email)
    page.goto("/console")
    expect(page.get_by_role("heading", level=1)).to_have_text("You cannot see or do this")
    seen(page, "not-allowed")
    page.goto("/profile/about")
    proof = page.get_by_role("main").locator("input[name=csrf]")
    proof.evaluate("each => { each.value = '0'.repeat(64); }")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This page was open too long")
    seen(page, "form-expired")


def test_the_longest_words_break_nowhere_but_in_themselves(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    giver = joined(filled.gateway_url, f"Lo {LONG_WORD}", GIVER)
    receiver = joined(filled.gateway_url, f"Len {LONG_WORD}", RECEIVER)
    mark = uuid.uuid4().hex
    offer = listed(giver, f"{LONG} {mark[:9]}")
    asked = Two(giver, receiver, offer).asked(message=LONG)
    receiver.post(f"/v1/exchanges/{asked['id']}/messages", {"text": LONG * 3})
    member = receiver.get("/v1/members/me")["id"]
    page = browser_of(giver.email)
    for path, name in (
        ("/waiting", "waiting-long-words"),
        ("/exchanges", "exchanges-long-words"),
        (f"/exchanges/{asked['id']}", "exchange-long-words"),
        (f"/exchanges/{asked['id']}/accept", "exchange-step-long-words"),
        (f"/members/{member}", "person-long-words"),
        ("/listings/mine", "listings-mine-long-words"),
        ("/profile", "profile-long-words"),
    ):
        page.goto(path)
        seen(page, name)
    finding = browser_of(receiver.email)
    finding.goto(f"/listings?q={mark[:9]}")
    finding.get_by_role("link", name=LONG_WORD).first.click()
    expect(finding.get_by_role("button", name="Ask for this help")).to_be_visible()
    seen(finding, "listing-long-words")


def test_an_offer_with_as_many_times_as_it_can_have(
    browser_of: BrowserOf, seen: Seeing, pair: Two
) -> None:
    year = datetime.date.today().year + 1
    times = [
        {"starts_at": f"{year}-05-{day:02}T13:00:00Z", "minutes": 60}
        for day in range(1, MOST_TIMES + 1)
    ]
    body = {"kind": "offer", "title": "Hurdy-gurdy", "description": "x", "minutes": 60}
    offer = pair.giver.post("/v1/listings", {**body, "slots": times})["id"]
    page = browser_of(pair.giver.email)
    page.goto(f"/listings/{offer}/times")
    expect(page.get_by_role("main")).to_contain_text("An offer can have 20 times")
    seen(page, "times-full")
    other = browser_of(pair.receiver.email)
    other.goto(f"/listings/{offer}")
    expect(other.get_by_role("button", name=re.compile(rf"\b1 May {year}"))).to_have_count(1)
    seen(other, "listing-times-full")


def test_how_exchanges_end_and_who_looks_at_them(
    browser_of: BrowserOf, seen: Seeing, pair: Two
) -> None:
    declined, missed = pair.asked(), pair.accepted()
    pair.giver.act(declined["id"], "decline", reason="I am on nights this month.")
    pair.giver.act(missed["id"], "no_show")
    disputed, thanked = waiting_region.disputed(pair), pair.settled()
    pair.receiver.act(thanked["id"], "thank", message="That was just what I needed.")
    page = browser_of(pair.receiver.email)
    for exchange_id, name, said in (
        (declined["id"], "exchange-declined", "I am on nights this month."),
        (missed["id"], "exchange-no-show", "Only the two of you can see this"),
        (disputed, "exchange-disputed", "who is neither of the two, decides by"),
        (thanked["id"], "exchange-thanked", "That was just what I needed."),
    ):
        page.goto(f"/exchanges/{exchange_id}")
        expect(page.get_by_role("main")).to_contain_text(said)
        seen(page, name)
    asked = pair.asked()
    rep = browser_of(REP)
    rep.goto(f"/exchanges/{asked['id']}")
    expect(rep.get_by_role("main")).to_contain_text("with your name beside it")
    seen(rep, "exchange-for-rep")


def test_help_that_took_place_before_is_asked_about(
    browser_of: BrowserOf, seen: Seeing, pair: Two
) -> None:
    receiver: Person = pair.receiver
    page = browser_of(pair.giver.email)
    page.goto(f"/members/{receiver.get('/v1/members/me')['id']}/record")
    page.get_by_label("I helped").check()
    page.get_by_label("What was it about?").fill("A handover together")
    page.get_by_label("How long did it take?").select_option("45 minutes")
    page.get_by_role("button", name="Write it down").click()
    seen(page, "exchange-recorded")
    other = browser_of(receiver.email)
    other.goto(f"/exchanges/{page.url.split('/exchanges/')[1][:36]}")
    expect(other.get_by_role("main")).to_contain_text("Is that right?")
    seen(other, "exchange-recorded-asked")
