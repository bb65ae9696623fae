"""Signing in by the code flow and by a link, staying signed in, and signing out everywhere."""

from __future__ import annotations

import email
import re
import uuid
from email.message import Message
from pathlib import Path

import requests
from playwright.sync_api import expect

from deploy.client import Person
from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf
from tests.pages.seeing import Seeing
from tests.pages.visiting import TIMEOUT, csrf_of, eventually, session_of

SIGN_IN, CONFIRM = "/sign-in/link/", "/profile/addresses/confirm/"


def link_sent(platform: Installation, address: str, leads_to: str = SIGN_IN) -> str:
    """The newest link of its kind in the mailbox of an address."""
    link = re.compile(rf"http\S+{leads_to}\S+")

    def newest() -> str | None:
        for path in sorted(Path(platform.mail_folder, "new").iterdir(), reverse=True):
            mail = email.message_from_bytes(path.read_bytes())
            if address in mail["To"] and (found := link.search(_text(mail))):
                return found[0]
        return None

    return str(eventually(newest))


def _text(mail: Message) -> str:
    parts = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
    return b"".join(bytes(part.get_payload(decode=True) or b"") for part in parts).decode()


def ask_for_link(visitor: requests.Session, gateway: str, address: str) -> requests.Response:
    form = visitor.get(f"{gateway}/sign-in/email?next=/hours", timeout=TIMEOUT)
    fields = {"csrf": csrf_of(form.text), "email": address}
    return visitor.post(form.url, data=fields, timeout=TIMEOUT, allow_redirects=False)


def test_a_link_acts_only_when_its_button_is_pressed_and_only_once(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    address = "member@dev.nhs.uk"
    page = browser_of()
    page.goto("/sign-in/email?next=/hours")
    page.get_by_label("Your e-mail address").fill(address)
    page.get_by_role("button", name="Send me a link").click()
    seen(page, "sign-in-sent")
    link = link_sent(filled, address)
    for _ in range(2):  # a scanner of mails opens it, and so may somebody who thinks again
        page.goto(link)
    seen(page, "sign-in-link")
    page.get_by_role("button", name="Sign in now").click()
    assert page.url == f"{filled.gateway_url}/hours"
    again = browser_of()
    again.goto(link)
    again.get_by_role("button", name="Sign in now").click()
    assert again.title().startswith("Error: ")
    seen(again, "sign-in-link-used")


def test_known_and_unknown_addresses_get_the_same_answer(filled: Installation) -> None:
    answers = [
        ask_for_link(requests.Session(), filled.gateway_url, address)
        for address in ("another.member@dev.nhs.uk", "nobody.at.all@example.org")
    ]
    known, unknown = answers
    assert (known.status_code, known.headers["Location"]) == (303, "/sign-in/email/sent")
    assert (unknown.status_code, unknown.headers["Location"]) == (303, "/sign-in/email/sent")
    assert known.content == unknown.content
    assert link_sent(filled, "nobody.at.all@example.org")


def test_a_code_brought_back_by_another_browser_signs_nobody_in(filled: Installation) -> None:
    gateway, victim, attacker = filled.gateway_url, requests.Session(), requests.Session()
    choice = attacker.get(f"{gateway}/sign-in/with/development", timeout=TIMEOUT)
    form = {"csrf": csrf_of(choice.text), "email": "senate@dev.nhs.uk"}
    back = attacker.post(choice.url, data=form, timeout=TIMEOUT, allow_redirects=False)
    victim.get(f"{gateway}/sign-in/with/development", timeout=TIMEOUT)  # an attempt of its own
    answer = victim.get(back.headers["Location"], timeout=TIMEOUT)
    assert answer.status_code == 400
    assert "timebank" not in victim.cookies
    assert attacker.get(back.headers["Location"], timeout=TIMEOUT).status_code == 200
    assert "timebank" in attacker.cookies


def test_a_code_is_worth_something_once(filled: Installation) -> None:
    gateway, visitor = filled.gateway_url, requests.Session()
    choice = visitor.get(f"{gateway}/sign-in/with/development", timeout=TIMEOUT)
    attempt = visitor.cookies["timebank-sign-in"]
    form = {"csrf": csrf_of(choice.text), "email": "senate@dev.nhs.uk"}
    back = visitor.post(choice.url, data=form, timeout=TIMEOUT, allow_redirects=False)
    assert visitor.get(back.headers["Location"], timeout=TIMEOUT).status_code == 200
    other = requests.Session()
    other.cookies.set("timebank-sign-in", attempt)
    assert other.get(back.headers["Location"], timeout=TIMEOUT).status_code == 400


def test_signing_out_everywhere_ends_every_session_of_the_address(filled: Installation) -> None:
    gateway, who = filled.gateway_url, "rep.midlands@dev.nhs.uk"
    here, there = session_of(gateway, who), session_of(gateway, who)
    page = here.get(f"{gateway}/hours", timeout=TIMEOUT)
    assert page.url.endswith("/hours")
    form = {"csrf": csrf_of(page.text), "everywhere": "yes"}
    here.post(f"{gateway}/sign-out", data=form, timeout=TIMEOUT)

    def signed_out() -> bool:
        return "/sign-in" in there.get(f"{gateway}/hours", timeout=TIMEOUT).url

    assert eventually(signed_out)  # what is remembered of a session is two seconds old at most


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    browser_of: BrowserOf,
) -> None:
    page = browser_of()
    page.goto("/sign-in/with/development")
    page.get_by_label("Or any other e-mail address").fill("senate@dev.nhs.uk")
    page.get_by_role("button", name="Sign in").click()
    (cookie,) = [each for each in page.context.cookies() if each["name"] == "timebank"]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert cookie["expires"] == -1, "without being asked to, a browser forgets when it is closed"


def test_a_second_address_is_proved_by_its_link_and_signs_in_to_the_same_member(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    first, second = "carys.invented@dev.nhs.uk", f"{uuid.uuid4().hex[:8]}.next@dev.nhs.uk"
    page = browser_of(first, scripts=False)
    page.goto("/profile")
    page.get_by_role("link", name="Change your e-mail addresses").click()
    page.get_by_label("Another e-mail address of yours").fill(first)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("alert")).to_contain_text("You have this e-mail address already")
    page.get_by_label("Another e-mail address of yours").fill(second)
    page.get_by_role("button", name="Send me a link").click()
    link = link_sent(filled, second, CONFIRM)
    elsewhere = browser_of()
    elsewhere.goto(link)
    assert "/sign-in" in elsewhere.url
    looking = browser_of(first)
    looking.goto(link)
    seen(looking, "confirm-address")
    page.goto(link)
    page.get_by_role("button", name="Yes, it is mine").click()
    expect(page.get_by_text(f"{first}: your e-mails go here")).to_be_visible()
    looking.goto("/profile/addresses")
    seen(looking, "addresses")
    other = Person(filled.gateway_url, second).get("/v1/members/me")
    assert other["id"] == Person(filled.gateway_url, first).get("/v1/members/me")["id"]
    page.get_by_role("button", name=f"Remove {second}").click()
    expect(page.get_by_text("The address is removed.")).to_be_visible()
    looking.goto("/profile/invite")
    seen(looking, "invite")


def test_what_others_see_is_chosen_by_each_member(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    who = "femi.invented@dev.nhs.uk"
    page = browser_of(who)
    page.goto("/profile")
    page.get_by_role("link", name="Change who sees what").click()
    seen(page, "profile-privacy")
    page.get_by_label("Show other members where I work").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("What others see is changed.")).to_be_visible()
    seen(page, "profile")
    femi = Person(filled.gateway_url, who)
    other = Person(filled.gateway_url, "ben.invented@dev.nhs.uk")
    path = f"/v1/members/{femi.get('/v1/members/me')['id']}"
    assert other.get(path)["organisation"] is None
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("/profile/privacy")
    page.get_by_label("Show other members where I work").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("What others see is changed.")).to_be_visible()
    assert other.get(path)["organisation"] == "RGT"
