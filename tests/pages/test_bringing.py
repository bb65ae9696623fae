"""Bringing many people by a table: looked at first, then done once."""

from __future__ import annotations

import uuid

from playwright.sync_api import FilePayload, Page, expect

from deploy.client import Person
from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf
from tests.pages.seeing import Seeing
from tests.pages.test_signing_in import link_sent
from tests.pages.visiting import eventually

REP = "rep.midlands@dev.nhs.uk"
DESK = {"width": 1280, "height": 900}


def choose(page: Page, kind: str, table: str) -> None:
    page.get_by_label(kind).check()
    file = FilePayload(name="people.csv", mimeType="text/csv", buffer=table.encode())
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Look at the table").click()


def test_members_of_an_earlier_timebank_come_with_hours_and_offers_without_scripts(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    who = f"{uuid.uuid4().hex[:8]}.brought@dev.nhs.uk"
    table = (
        "email,name,organisation,hours,offers\n"
        f"{who},Mei Brought,RRK,6.5,A tour of the sluice {who}\n"
        "no address,Nobody,RRK,,\n"
    )
    looking = browser_of(REP)
    looking.goto("/console/sheets")
    looking.get_by_role("button", name="Look at the table").click()
    expect(looking.get_by_role("alert")).to_contain_text("Choose your table")
    seen(looking, "console-bring-error")
    page = browser_of(REP, scripts=False)
    page.goto("/console")
    page.get_by_role("link", name="Bring many people").click()
    choose(page, "Let them in: they were members", table)
    expect(page.get_by_role("row", name="Mei Brought")).to_contain_text("Ready")
    expect(page.get_by_role("row", name="Nobody")).to_contain_text("This is no e-mail address.")
    looking.set_viewport_size(DESK)  # type: ignore[arg-type]
    looking.goto(page.url)
    seen(looking, "console-sheet")
    page.get_by_role("button", name="Let in 1 person").click()
    expect(page.get_by_role("row", name="Mei Brought")).to_contain_text("Done")
    brought = Person(filled.gateway_url, who)
    eventually(lambda: brought.get("/v1/account")["balance_minutes"] == 390)
    (offer,) = brought.get("/v1/listings", mine="true")["items"]
    assert offer["title"] == f"A tour of the sluice {who}"
    page.get_by_role("button", name="Do it once more").click()
    expect(page.get_by_role("row", name="Mei Brought")).to_contain_text("Done")
    assert len(brought.get("/v1/listings", mine="true")["items"]) == 1


def test_who_is_invited_gets_a_letter_and_is_let_in_by_its_link(
    browser_of: BrowserOf, filled: Installation
) -> None:
    who = f"{uuid.uuid4().hex[:8]}.invited@elsewhere.example"
    page = browser_of(REP, scripts=False)
    page.goto("/console/sheets")
    choose(page, "Invite them", f"email,name\n{who},Ivy Invited\n")
    page.get_by_role("button", name="Invite 1 person").click()
    expect(page.get_by_role("row", name="Ivy Invited")).to_contain_text("Done")
    link = link_sent(filled, who, r"/join\?by=")
    stranger = browser_of()
    stranger.goto(link)
    expect(stranger.get_by_role("main")).to_contain_text("Midi Rep (invented)")
    ivy = Person(filled.gateway_url, who)
    body = {"name": "Ivy Invited", "organisation": "Sunny Care Ltd", "region": "midlands"}
    assert ivy.post("/v1/members", body)["status"] == "approved"
