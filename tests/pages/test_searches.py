"""Saved searches on pages: saved where one searches, shown, and removed."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect

from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf, Look
from tests.pages.newcomers import Visitor, somebody_new

SCRIPT = "<script>document.title='broken in'</script>"


@pytest.fixture(scope="module")
def seeker(filled: Installation) -> Visitor:
    found = Visitor(filled.gateway_url, somebody_new())
    found.join()
    return found


def test_what_is_searched_for_is_saved_shown_and_removed(
    browser_of: BrowserOf, look: Look, scripts: bool, seeker: Visitor
) -> None:
    word = uuid.uuid4().hex
    page = browser_of(seeker.email, scripts=scripts)
    page.goto("/searches")
    expect(page.get_by_role("main")).to_contain_text("You have saved none")
    page.goto(f"/listings?q={word}&kind=offer&region=london&online=yes")
    look(page, "find-can-be-saved")
    page.get_by_role("button", name="Tell me when something new fits").click()
    expect(page.get_by_role("alert")).to_contain_text("It is saved")
    look(page, "searches")
    page.get_by_role("link", name=re.compile(word)).click()
    expect(page.get_by_role("searchbox")).to_have_value(word)
    page.get_by_role("button", name="Tell me when something new fits").click()
    expect(page.get_by_role("alert")).to_contain_text("You have saved this search already")
    look(page, "searches-error")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("alert")).to_contain_text("It is removed")


def test_nobody_removes_anothers_and_no_other_site_saves(
    filled: Installation, seeker: Visitor
) -> None:
    form = {"q": SCRIPT, "kind": "request"}
    csrf = re.findall(r'name="csrf" value="([0-9a-f]{64})"', seeker.open("/searches").text)[0]
    assert seeker.post("/searches", {**form, "csrf": "0" * 64}).status_code == 403
    saved = seeker.post("/searches", {**form, "csrf": csrf})
    assert "<script>document.title" not in saved.text
    assert "&lt;script&gt;document.title" in saved.text
    (remove,) = re.findall(r'action="(/searches/[^"]+/remove)"', saved.text)

    other = Visitor(filled.gateway_url, somebody_new())
    other.join()
    csrf = re.findall(r'name="csrf" value="([0-9a-f]{64})"', other.open("/searches").text)[0]
    assert other.post(remove, {"csrf": csrf}).status_code == 404
    assert remove in seeker.open("/searches").text
