"""Joining by the pages: from nobody to a first request, and what joining refuses."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from deploy.client import Answer, Person
from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf
from tests.pages.hands import Hands, Keys, Pointer
from tests.pages.newcomers import Visitor, named, somebody_new
from tests.pages.seeing import Seeing
from tests.pages.visiting import session_of

MOST_PAGES = 8
MOST_SECONDS = 60
SCRIPT = "<script>document.title='broken in'</script>"


def count_pages(page: Page) -> list[str]:
    """Every document the browser loads from now on."""
    loaded: list[str] = []
    page.on("domcontentloaded", lambda of: loaded.append(of.url))
    return loaded


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def join_and_ask(hands: Hands, name: str) -> None:
    """From the first page of joining to the first request."""
    page = hands.page
    page.goto("/join")
    hands.write("Your name", name)
    hands.write("Where do you work?", "guy's and st thomas")
    hands.press("Continue")
    page.wait_for_url("**/join/give")
    hands.write("What could you help others with?", "Minutes")
    hands.press("Continue")
    page.wait_for_url("**/join/like")
    hands.write("What would you like help with?", "Pivot tables")
    hands.press("Continue")
    page.wait_for_url("**/join/check")
    hands.tick("I agree to these rules")
    hands.press("Join")
    expect(page.get_by_role("heading", level=1)).to_have_text("People to begin with")
    hands.press(re.compile("Ask Ben Invented.*Pivot tables"))
    page.wait_for_url("**/ask")
    hands.press("Ask for this")
    page.wait_for_url("**/exchanges/*")


@pytest.mark.parametrize("hands", [Keys, Pointer], ids=["by keys", "without scripts"])
def test_somebody_new_gets_to_a_first_request_in_few_pages_and_a_minute(
    browser_of: BrowserOf, hands: type[Keys | Pointer]
) -> None:
    email = somebody_new()
    page = browser_of(email, scripts=hands is Keys)
    loaded, began = count_pages(page), time.monotonic()
    join_and_ask(hands(page), named(email))
    assert time.monotonic() - began < MOST_SECONDS
    assert len(loaded) <= MOST_PAGES, loaded


def test_every_page_of_joining_in_every_state(browser_of: BrowserOf, seen: Seeing) -> None:
    email = somebody_new("example.org")
    page = browser_of(email)
    page.goto("/join")
    go_on(page)
    expect(page.get_by_role("alert")).to_contain_text("Enter your name")
    expect(page.locator(".nhsuk-error-summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your name")).to_be_focused()
    seen(page, "join-who-error")
    page.get_by_label("Your name").fill(named(email))
    page.get_by_label("Where do you work?").fill("london")
    go_on(page)
    expect(page.get_by_role("group", name="Which of these is it?")).to_be_visible()
    seen(page, "join-who-several")
    page.get_by_label("None of these").check()
    go_on(page)
    expect(page.get_by_label("Your region")).to_be_visible()
    go_on(page)
    expect(page.get_by_role("alert")).to_contain_text("Choose your region")
    seen(page, "join-who-region")
    page.get_by_label("Your region").select_option("London")
    go_on(page)
    go_on(page)
    expect(page.get_by_role("alert")).to_contain_text("Write at least one thing")
    seen(page, "join-give-error")
    page.get_by_label("What could you help others with?").fill("Minutes of meetings\nA calm word")
    go_on(page)
    seen(page, "join-like")
    go_on(page)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("alert")).to_contain_text("Agree to the rules to join")
    seen(page, "join-check-error")
    page.get_by_role("link", name="Change what you can help with").click()
    expect(page.get_by_label("What could you help others with?")).to_have_value(
        "Minutes of meetings\nA calm word"
    )
    go_on(page)
    page.get_by_label("I agree to these rules").check()
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("main")).to_contain_text("lets you in, usually within 2 working days")
    seen(page, "first-waiting")
    page.goto("/listings/new")
    expect(page.get_by_role("main")).to_contain_text("You can publish as soon as")
    seen(page, "publish-later")


def test_an_invitation_says_whose_it_is_and_is_kept(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    host = browser_of("ben.invented@dev.nhs.uk")
    host.goto("/profile/invite")
    seen(host, "profile-invite")
    link = host.get_by_label("Your link").input_value()
    guest = browser_of()
    guest.goto(link)
    expect(guest.get_by_role("heading", level=1)).to_have_text("Ben Invented invites you")
    seen(guest, "join-invited")
    newcomer = Visitor(filled.gateway_url, somebody_new())
    path = link.removeprefix(filled.gateway_url)
    assert "Ben Invented invited you" in newcomer.open(path).text
    newcomer.join()
    ben = Person(filled.gateway_url, "ben.invented@dev.nhs.uk").get("/v1/members/me")
    assert newcomer.open("/profile/download").json()["profile"]["invited_by"] == ben["id"]


def test_what_is_given_becomes_skills_and_where_wanted_an_offer(filled: Installation) -> None:
    newcomer = Visitor(filled.gateway_url, somebody_new())
    newcomer.join(offers="- Reading a budget\n- Rotas", wants="Sign language", publish="yes")
    held = newcomer.open("/profile/download").json()
    assert held["profile"]["skills_offered"] == ["Reading a budget", "Rotas"]
    assert held["profile"]["skills_wanted"] == ["Sign language"]
    assert held["profile"]["organisation"] == "RJ1"
    (offer,) = held["offers_and_requests"]
    assert (offer["kind"], offer["title"], offer["minutes"]) == ("offer", "Reading a budget", 60)


def test_without_the_wish_nothing_is_published_and_e_mails_are_as_chosen(
    filled: Installation,
) -> None:
    newcomer = Visitor(filled.gateway_url, somebody_new())
    newcomer.join(e_mails="none")
    held = newcomer.open("/profile/download").json()
    assert held["offers_and_requests"] == []
    assert held["e_mails"]["email"] is False


def test_nothing_personal_stands_in_an_address(filled: Installation) -> None:
    newcomer = Visitor(filled.gateway_url, somebody_new())
    answers = [
        newcomer.send("/join", name="Secretly Named", organisation="RJ1"),
        newcomer.send("/join/give", offers="Secret skill"),
        newcomer.send("/join/like", wants="Secret wish"),
    ]
    for answer in answers:
        assert answer.ok
        assert "ecret" not in answer.url


def test_nobody_passes_a_page_without_an_answer(filled: Installation) -> None:
    newcomer = Visitor(filled.gateway_url, somebody_new())
    assert newcomer.open("/join/check").url.endswith("/join")
    newcomer.send("/join", name="Nia", organisation="RJ1")
    assert newcomer.open("/join/check").url.endswith("/join/give")


def test_answers_of_one_session_are_not_read_in_another(filled: Installation) -> None:
    one, other = (Visitor(filled.gateway_url, somebody_new()) for _ in range(2))
    one.send("/join", name="Nia Unread", organisation="RJ1")
    kept = one.http.cookies["timebank-join-who"]
    other.http.cookies.set("timebank-join-who", kept)
    assert "Nia Unread" in one.open("/join").text
    assert "Nia Unread" not in other.open("/join").text


@pytest.mark.parametrize("letters", ["a", "\N{GRINNING FACE}"])
def test_as_much_as_is_allowed_is_kept_whatever_the_letters(
    filled: Installation, letters: str
) -> None:
    newcomer = Visitor(filled.gateway_url, somebody_new())
    newcomer.send("/join", name=letters * 200, organisation="RJ1")
    lines = "\n".join([letters * 99] * 4)
    assert newcomer.send("/join/give", offers=lines).url.endswith("/join/like")
    assert letters * 99 in newcomer.open("/join/give").text


def test_somebody_who_came_for_a_page_gets_there_after_joining(filled: Installation) -> None:
    newcomer = Visitor(filled.gateway_url, somebody_new())
    assert newcomer.join(link="/join?next=/hours").url == f"{filled.gateway_url}/hours"


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_joining_leads_to_no_other_site(filled: Installation, elsewhere: str) -> None:
    newcomer = Visitor(filled.gateway_url, somebody_new())
    page = newcomer.join(link=f"/join?next={elsewhere}")
    assert page.url.startswith(f"{filled.gateway_url}/first")


@pytest.mark.parametrize("path", ["/join", "/join/give", "/join/like", "/join/check"])
def test_joining_takes_no_form_that_is_not_ours(filled: Installation, path: str) -> None:
    newcomer = Visitor(filled.gateway_url, somebody_new())
    refused = newcomer.post(path, {"name": "Nia", "csrf": "0" * 64})
    assert refused.status_code == 403
    assert "This page was open too long" in refused.text


def test_script_in_what_a_joiner_writes_is_shown_as_text(filled: Installation) -> None:
    newcomer = Visitor(filled.gateway_url, somebody_new())
    newcomer.send("/join", name=SCRIPT, organisation=SCRIPT, region="london")
    newcomer.send("/join/give", offers=SCRIPT, publish="yes")
    newcomer.send("/join/like", wants=SCRIPT)
    pages = [newcomer.open("/join/check"), newcomer.send("/join/check", e_mails="all", agree="yes")]
    pages += [newcomer.open(path) for path in ("/first", "/listings/mine", "/profile")]
    for page in pages:
        assert page.status_code == 200
        assert "<script>document.title" not in page.text
    assert "&lt;script&gt;document.title" in pages[-1].text


def test_nobody_lets_themselves_in(filled: Installation) -> None:
    email = somebody_new("example.org")
    Visitor(filled.gateway_url, email).join(region="london", organisation="")
    waiting: Any = Person(filled.gateway_url, email)
    me = waiting.get("/v1/members/me")
    assert me["status"] == "waiting"
    with pytest.raises(Answer) as refused:
        waiting.post(f"/v1/members/{me['id']}/approve")
    assert refused.value.status == 403


def test_a_member_is_led_past_joining_and_a_stranger_to_signing_in(filled: Installation) -> None:
    gateway = filled.gateway_url
    member = session_of(gateway, "ben.invented@dev.nhs.uk")
    for path in ("/join", "/join/check"):
        assert member.get(gateway + path, timeout=20).url == f"{gateway}/first"


def test_the_same_form_sent_twice_joins_once(filled: Installation) -> None:
    newcomer = Visitor(filled.gateway_url, somebody_new())
    newcomer.send("/join", name="Nia", organisation="RJ1")
    newcomer.send("/join/give", offers="Minutes", publish="yes")
    newcomer.send("/join/like", wants="")
    cookies = newcomer.http.cookies.copy()
    newcomer.send("/join/check", e_mails="all", agree="yes")
    newcomer.http.cookies = cookies  # as a browser that sends once more before the answer
    assert newcomer.open("/join/check").url.endswith("/first")
    assert len(newcomer.open("/profile/download").json()["offers_and_requests"]) == 1
