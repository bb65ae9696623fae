"""The representative's console: thirty things cleared in few actions, and what each may do."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from deploy.client import Person
from deploy.local.installation import Installation
from tests.pages import waiting_region
from tests.pages.conftest import BrowserOf
from tests.pages.hands import Keys
from tests.pages.helping import Visit, joined
from tests.pages.newcomers import Visitor
from tests.pages.seeing import Seeing
from tests.pages.visiting import csrf_of
from tests.pages.waiting_region import REP

SENATE, NATIONAL = "senate@dev.nhs.uk", "national.one@dev.nhs.uk"
COLLEAGUE = "rep.midlands@dev.nhs.uk"
ALLOWED = 30


@dataclass
class Hand:
    """Whoever presses, ticks and writes, counted."""

    page: Page
    actions: int = 0

    def press(self, role: str, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]
        self.actions += 1

    def choose(self, label: str) -> None:
        self.page.get_by_label(label).check()
        self.actions += 1

    def write(self, label: str, text: str) -> None:
        self.page.get_by_label(label).fill(text)
        self.actions += 1


def test_thirty_things_are_cleared_in_thirty_actions_or_fewer_without_scripts(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    waiting_region.fill(filled)
    looking = browser_of(REP)
    looking.goto("/console")
    expect(looking.get_by_role("heading", level=3)).to_have_count(30)
    seen(looking, "console")
    page = browser_of(REP, scripts=False)
    page.goto("/")
    hand = Hand(page)
    hand.press("link", "Console")
    hand.press("link", "Tick the 12 who can be let in")
    hand.press("button", "Let in all that are ticked")
    expect(page.get_by_text("Let in.")).to_have_count(12)
    hand.press("link", "Tick the 17 who can be reminded")
    hand.press("button", "Remind all that are ticked")
    expect(page.get_by_text(re.compile("Reminded.|Encouraged."))).to_have_count(17)
    hand.press("button", re.compile("Decide"))
    hand.choose("It took place: hours move")
    hand.write("Why?", "Both agreed on the telephone.")
    hand.press("button", "Decide")
    hand.press("link", "Console")
    expect(page.get_by_role("main")).to_contain_text("Nothing waits in East of England.")
    assert hand.actions <= ALLOWED, hand.actions
    assert waiting_region.waiting(filled) == []


def test_some_minutes_show_what_fits_and_one_press_does_one_thing(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    two = waiting_region.pair(filled.gateway_url, 1)
    disputed = waiting_region.disputed(two)
    waiting_region.joins(filled.gateway_url, "Jan Example")
    page = browser_of(REP)
    page.goto("/console")
    expect(page.get_by_role("button", name="Decide")).to_be_visible()
    keys = Keys(page)
    keys.choose("I have", "5 minutes")
    keys.press("Show what fits")
    expect(page.get_by_role("button", name="Decide")).to_have_count(0)
    keys.press("Let in Jan Example")
    expect(page.get_by_text("Jan Example: Let in.")).to_be_visible()
    seen(page, "console-outcome")
    page.goto(f"/exchanges/{disputed}/resolve")
    page.get_by_label("No hours move").check()
    page.get_by_label("Why?").fill("They did not meet.")
    page.get_by_role("button", name="Decide").click()


def test_a_joiner_is_looked_at_and_turned_away_with_a_reason(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    joiner = waiting_region.joins(filled.gateway_url, "Jed Example")
    page = browser_of(REP)
    page.goto("/console")
    page.get_by_role("link", name="Jed Example").click()
    page.get_by_role("button", name="Do not let them in").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    seen(page, "joiner-error")
    page.get_by_label("Why should they not be let in?").fill("Nobody there knows them.")
    page.get_by_role("button", name="Do not let them in").click()
    expect(page.get_by_text("They are not let in")).to_be_visible()
    assert joiner.get("/v1/members/me")["status"] == "refused"


def test_a_yes_for_somebody_on_the_telephone_stands_in_the_story_with_both_names(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    two = waiting_region.pair(filled.gateway_url, 2)
    asked = two.asked(minutes=30)
    page = browser_of(REP)
    page.goto(f"/exchanges/{asked['id']}")
    page.get_by_role("link", name=re.compile("Say yes ?for Gia Example 2")).click()
    seen(page, "acting-for")
    page.get_by_role("button", name="Say yes, for Gia Example 2").click()
    expect(page.get_by_text("It is done, with your name beside it.")).to_be_visible()
    told = Visit.of(two.receiver).get(f"/exchanges/{asked['id']}").text
    assert "Estella Rep (invented), a representative, for Gia Example 2, said yes." in told


def test_help_that_took_place_is_written_down_and_confirmed(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    two = waiting_region.pair(filled.gateway_url, 3)
    page = browser_of(two.giver.email)
    page.goto(f"/members/{two.receiver.get('/v1/members/me')['id']}")
    page.get_by_role("link", name="Write down help that took place between you").click()
    page.get_by_role("button", name="Write it down").click()
    seen(page, "record-error")
    page.get_by_label("I helped").check()
    page.get_by_label("What was it about?").fill("A ward round together")
    page.get_by_label("How long did it take?").select_option("45 minutes")
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_text("It is written down.")).to_be_visible()
    exchange_id = page.url.split("/exchanges/")[1][:36]
    receiver = Visit.of(two.receiver)
    assert (
        "Gia Example 3 says that they helped you for 45 minutes." in receiver.get("/waiting").text
    )
    two.receiver.act(exchange_id, "accept")
    assert two.reached(exchange_id, "settled")["minutes"] == 45


def test_a_representative_writes_down_what_two_others_did(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    two = waiting_region.pair(filled.gateway_url, 4)
    page = browser_of(REP)
    page.goto("/console")
    page.get_by_role("link", name="Write down help for somebody").click()
    page.get_by_label("Who helped?").fill("Nobody Of This Name")
    page.get_by_label("Who was helped?").fill(two.receiver.email)
    page.get_by_label("The one who helped").check()
    page.get_by_label("What was it about?").fill("A form filled in together")
    page.get_by_label("How long did it take?").select_option("30 minutes")
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_role("alert")).to_contain_text("Nobody with this name")
    seen(page, "record-for-error")
    page.get_by_label("Who helped?").fill(two.giver.email)
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_role("main")).to_contain_text(
        "You, for Gia Example 4, wrote down 30 minutes"
    )


def test_a_colleague_covers_and_finds_the_region_in_their_list(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    page = browser_of(REP)
    page.goto("/console/cover")
    page.get_by_label("Your colleague’s e-mail address").fill(COLLEAGUE)
    back = datetime.datetime.now() + datetime.timedelta(days=9)
    for box, number in (("Day", back.day), ("Month", back.month), ("Year", back.year)):
        page.get_by_label(box, exact=True).fill(str(number))
    page.get_by_label("Time", exact=True).fill("9am")
    page.get_by_label("Why?").fill("On leave.")
    page.get_by_role("button", name="Name them").click()
    expect(page.get_by_text("Midi Rep (invented) covers for Estella Rep")).to_be_visible()
    seen(page, "cover")
    listed = Person(filled.gateway_url, COLLEAGUE)
    waiting_region.joins(filled.gateway_url, "Joy Example")
    assert "Joy Example" in {each["name"] for each in listed.get("/v1/queue")["items"]}
    page.get_by_role("button", name="End it now").click()
    expect(page.get_by_text("The cover has ended.")).to_be_visible()


def test_the_national_team_sees_seven_regions_and_sets_limits_and_roles(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    newcomer = joined(filled.gateway_url, "Ros Example Role", ("RM3", "north-west"))
    page = browser_of(NATIONAL)
    page.goto("/national")
    expect(page.get_by_role("row")).to_have_count(9)
    seen(page, "national")
    page.get_by_role("link", name="Midlands").click()
    page.get_by_label("A member may owe").select_option("3 hours")
    page.get_by_label("Why?").fill("A trial until spring.")
    page.get_by_role("button", name="Change the limit").click()
    expect(page.get_by_text("A trial until spring.")).to_be_visible()
    seen(page, "national-limits")
    page.goto("/national/roles")
    page.get_by_label("Who?").fill(newcomer.email)
    page.get_by_label("Role", exact=True).select_option("Coordinator")
    page.get_by_label("Give them the role").check()
    page.get_by_label("Why?").fill("Runs the sessions there.")
    page.get_by_role("button", name="Change the role").click()
    expect(page.get_by_role("row", name="Ros Example Role")).to_contain_text("Nat One")
    seen(page, "national-roles")


def test_the_senate_sees_it_all_and_changes_nothing(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    senate = Visitor(filled.gateway_url, SENATE)
    for path in ("/console", "/national", "/national/limits/london", "/national/roles"):
        shown = senate.open(path)
        assert shown.status_code == 200, path
        assert "Change the" not in shown.text, path
    csrf = csrf_of(senate.open("/national").text)
    limit = {"csrf": csrf, "floor": "60", "reason": "No."}
    assert senate.post("/national/limits/london", limit).status_code == 403
    role = {"csrf": csrf, "who": REP, "role": "senate", "change": "give", "reason": "No."}
    assert senate.post("/national/roles", role).status_code == 403
    joiner = waiting_region.joins(filled.gateway_url, "Jim Example")
    row = joiner.get("/v1/members/me")["id"]
    several = senate.post("/console", {"csrf": csrf, "one": f"approve:{row}"})
    assert "not done" in several.text
    assert joiner.get("/v1/members/me")["status"] == "waiting"


@pytest.mark.parametrize("path", ["/console", "/console/cover", "/national", "/national/roles"])
def test_a_member_sees_none_of_it(filled: Installation, path: str) -> None:
    member = Visitor(filled.gateway_url, "member@dev.nhs.uk")
    assert member.open(path).status_code == 403
    assert "Console" not in member.open("/").text


def test_a_representative_beyond_the_region_is_refused(
    filled: Installation,
) -> None:
    gateway = filled.gateway_url
    joiner = waiting_region.joins(gateway, "Jay Example").get("/v1/members/me")["id"]
    elsewhere = Person(gateway, "rep.london@dev.nhs.uk")
    (outcome,) = elsewhere.post("/v1/queue", {"items": [{"act": "approve", "id": joiner}]})["items"]
    assert (outcome["done"], outcome["code"]) == (False, "not_your_region")
    two = waiting_region.pair(gateway, 5)
    asked, giver = two.asked(minutes=30), two.giver.get("/v1/members/me")["id"]
    visit = Visit.of(elsewhere)
    csrf = csrf_of(visit.get("/console").text)
    assert visit.get(f"/console/joiners/{joiner}").status_code in (403, 404)
    refusing = {"csrf": csrf, "decision": "approve", "reason": "No."}
    refused = visit.send(f"/console/joiners/{joiner}", **refusing)
    assert refused.status_code in (403, 404), refused.text
    assert "not done" in visit.send("/console", csrf=csrf, one=f"approve:{joiner}").text
    step = f"/exchanges/{asked['id']}/for/{giver}/accept"
    assert visit.send(step, csrf=csrf, version="1").status_code == 404
    assert two.giver.get(f"/v1/exchanges/{asked['id']}")["state"] == "requested"
