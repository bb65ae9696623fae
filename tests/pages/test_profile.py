"""One's own profile: seen, changed, taken along, and left behind."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from deploy.client import Answer, Person
from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf
from tests.pages.newcomers import Visitor, somebody_new
from tests.pages.seeing import Seeing

SCRIPT = "<script>document.title='broken in'</script>"


@pytest.fixture(scope="module")
def member(filled: Installation) -> Visitor:
    found = Visitor(filled.gateway_url, somebody_new())
    found.join()
    return found


def test_the_profile_is_seen_and_changed(
    browser_of: BrowserOf, seen: Seeing, member: Visitor
) -> None:
    page = browser_of(member.email)
    page.goto("/profile")
    seen(page, "profile")
    page.get_by_role("link", name="Change your name").click()
    page.get_by_label("Your name").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter your name")
    seen(page, "profile-about-error")
    page.get_by_label("Your name").fill("Nia Newly Named")
    page.get_by_label("About you").fill("I keep the minutes.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Your profile is changed")
    expect(page.get_by_role("main")).to_contain_text("Nia Newly Named")
    page.get_by_role("link", name="Change where you work").click()
    page.get_by_label("Where do you work?").fill("A care home of our own")
    page.get_by_role("button", name="Save").click()
    seen(page, "profile-work-region")
    page.get_by_label("Your region").select_option("North West")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("A care home of our own")
    expect(page.get_by_role("main")).to_contain_text("North West")
    page.get_by_role("link", name="Choose what you get by e-mail").click()
    page.get_by_label("When somebody thanks me").uncheck()
    seen(page, "profile-e-mails")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("What you get by e-mail is changed")


def test_leaving_asks_twice_erases_and_signs_out(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    leaver = Visitor(filled.gateway_url, somebody_new())
    leaver.join()
    page = browser_of(leaver.email)
    page.goto("/profile/leave")
    page.get_by_role("button", name="Leave the timebank").click()
    expect(page.get_by_role("alert")).to_contain_text("Tick the box if you are sure")
    seen(page, "profile-leave-error")
    expect(page.get_by_label("To the community fund")).to_be_checked()
    page.get_by_label("Yes, erase my profile").check()
    page.get_by_role("button", name="Leave the timebank").click()
    expect(page.get_by_role("alert")).to_contain_text("You have left")
    with pytest.raises(Answer) as gone:
        Person(filled.gateway_url, leaver.email).get("/v1/members/me")
    assert gone.value.problem["code"] == "not_a_member"


def test_the_download_holds_what_every_service_keeps(member: Visitor) -> None:
    answer = member.open("/profile/download")
    held = answer.json()
    assert "attachment" in answer.headers["Content-Disposition"]
    assert held["profile"]["email"] == member.email
    assert held["account"]["balance_minutes"] == held["statement"][0]["balance_after_minutes"]
    assert set(held) >= {"exchanges", "notices", "e_mails", "offers_and_requests"}


def test_a_stale_change_of_the_profile_keeps_the_words(member: Visitor) -> None:
    stale = member.send("/profile/about", name="Written here", version="1000")
    assert stale.status_code == 422
    assert "This has changed since you opened the page" in stale.text
    assert "Written here" in stale.text


def test_a_profile_is_changed_by_nobody_but_its_owner(
    filled: Installation, member: Visitor
) -> None:
    ben = Person(filled.gateway_url, "ben.invented@dev.nhs.uk").get("/v1/members/me")
    for path in (f"/members/{ben['id']}", f"/members/{ben['id']}/about"):
        assert member.press("/profile", path).status_code in (404, 405)
    forged = {"id": ben["id"], "member_id": ben["id"], "about": "Broken into"}
    member.send("/profile/about", name="Nia", **forged)
    after = Person(filled.gateway_url, "ben.invented@dev.nhs.uk").get("/v1/members/me")
    assert after == ben


@pytest.mark.parametrize("page", ["about", "work", "e-mails", "leave"])
def test_no_form_of_another_site_touches_a_profile(member: Visitor, page: str) -> None:
    refused = member.post(f"/profile/{page}", {"csrf": "0" * 64, "name": "Intruder"})
    assert refused.status_code == 403
    assert "Intruder" not in member.open("/profile").text


def test_script_in_a_profile_is_shown_as_text(filled: Installation) -> None:
    member = Visitor(filled.gateway_url, somebody_new())
    member.join()
    skills = {"skills_offered": SCRIPT, "skills_wanted": SCRIPT}
    mine = member.send("/profile/about", name=SCRIPT, about=SCRIPT, **skills)
    member.send("/profile/work", organisation=SCRIPT, region="london")
    me = member.open("/profile/download").json()["profile"]
    assert me["organisation_name"] == SCRIPT
    reader = Visitor(filled.gateway_url, "asha.invented@dev.nhs.uk")
    seen_by_others = reader.open(f"/members/{me['id']}")
    pages = [mine, seen_by_others, *(member.open(f"/profile/{page}") for page in ("about", "work"))]
    for page in pages:
        assert page.status_code == 200
        assert "<script>document.title" not in page.text
        assert "&lt;script&gt;document.title" in page.text


def test_what_is_said_on_a_page_comes_from_our_own_sentences(member: Visitor) -> None:
    page = member.open("/profile?said=<b>You have won</b>")
    assert "You have won" not in page.text
