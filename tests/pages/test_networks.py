"""A network invites: its host adds it, a stranger opens its link, joins, and is counted."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf
from tests.pages.newcomers import Visitor, somebody_new
from tests.pages.seeing import Seeing

NAME = "Ward Managers’ Network"
EIGHT = 8


def add(page: Page, name: str) -> None:
    page.get_by_label("Name of the network or community").fill(name)
    page.get_by_role("button", name="Add the network").click()


def test_a_network_invites_is_counted_and_ends_without_scripts(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    hosting = Visitor(filled.gateway_url, somebody_new())
    hosting.join(name="Hope Invented")
    page = browser_of(hosting.email, scripts=False)
    page.goto("/profile/invite")
    add(page, "ab")
    expect(page.get_by_role("alert")).to_contain_text("must be between 3 and 80 characters")
    add(page, NAME)
    expect(page.get_by_role("alert")).to_contain_text("The network is added")
    expect(page.get_by_role("main")).to_contain_text("Fewer than 8 people joined by its link.")
    link = page.get_by_label(f"Its link (of {NAME})").input_value()

    guest = browser_of()
    guest.goto(link)
    expect(guest.get_by_role("heading", level=1)).to_have_text(f"{NAME} invites you")
    expect(guest.get_by_role("main")).to_contain_text("Hope Invented hosts this network")
    seen(guest, "join-invited-by-a-network")
    path = link.removeprefix(filled.gateway_url)
    newcomer = Visitor(filled.gateway_url, somebody_new())
    assert f"Hope Invented invited you for {NAME}" in newcomer.open(path).text
    newcomer.join()
    for _ in range(EIGHT - 1):
        Visitor(filled.gateway_url, somebody_new()).join(link=path)
    profile = newcomer.open("/profile/download").json()["profile"]
    assert profile["invited_through"] == NAME
    assert hosting.open("/profile/download").json()["networks_hosted"][0]["brought"] == EIGHT

    page.goto("/profile/invite")
    expect(page.get_by_role("main")).to_contain_text("8 people joined by its link.")
    page.get_by_text(f"End this invitation (of {NAME})").click()
    page.get_by_role("button", name="End the invitation").click()
    expect(page.get_by_role("alert")).to_contain_text("invitation has ended")
    guest.goto(link)
    expect(guest.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_inviting_for_networks_is_seen_in_every_state(
    browser_of: BrowserOf, seen: Seeing, filled: Installation
) -> None:
    hosting = Visitor(filled.gateway_url, somebody_new())
    hosting.join()
    page = browser_of(hosting.email)
    page.goto("/profile/invite")
    add(page, "")
    seen(page, "profile-invite-error")
    for name in (NAME, "Allied" + "Health" * 12, "Third", "Fourth", "Fifth"):
        add(page, name)
    expect(page.get_by_role("main")).to_contain_text("You can host 5. End one to add another.")
    page.get_by_text(f"End this invitation (of {NAME})").click()
    page.get_by_text(f"Show its QR code (of {NAME})").click()
    seen(page, "profile-invite-networks")
