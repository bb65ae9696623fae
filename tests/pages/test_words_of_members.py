"""Whatever people write is shown as words, wherever it is shown, and every link leads on."""

from __future__ import annotations

import html
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException

from deploy.client import Person
from deploy.local.installation import Installation
from tests.pages.crawling import SCRIPT, Crawl
from tests.pages.helping import listed
from tests.pages.newcomers import somebody_new
from tests.pages.site import Site
from tests.pages.visiting import session_of

REGION = "south-west"
PREFERRED = {
    "region": REGION, "organisation_choice": "", "floor": "180", "kind": "offer",
    "change": "give", "role": "coordinator",
}  # fmt: skip
"""Answers that leave others alone: a limit as it was, a region no other test counts in."""
WRITTEN = {
    "about", "description", "message", "name", "offers", "organisation", "place", "q", "reason",
    "skills", "title", "wants", "who",
}  # fmt: skip


THEIR_OWN = ("/profile",)
"""Other tests know representatives and the national team by their names."""


def crawl(
    platform: Installation,
    email: str,
    *paths: str,
    fill: bool = True,
    spared: tuple[str, ...] = (),
) -> Crawl:
    """Somebody's way through all pages."""
    site = Site()

    def rule(path: str) -> str:
        for method in ("GET", "POST"):
            try:
                return site.rule(path, method)
            except HTTPException:
                continue
        return path

    gateway = platform.gateway_url
    found = Crawl(session_of(gateway, email), gateway, rule, PREFERRED, spared)
    found.run(*paths, fill=fill)
    return found


def test_a_script_in_any_field_is_never_run_for_anybody(filled: Installation) -> None:
    gateway, email = filled.gateway_url, somebody_new()
    joining = crawl(filled, email, "/join")
    somebody: Any = Person(gateway, email)
    offer = listed(somebody, "Minutes of meetings")
    asha = Person(gateway, "asha.invented@dev.nhs.uk")
    ask = {"listing_id": offer, "minutes": 15, "message": SCRIPT.format("asked")}
    asked = asha.post("/v1/exchanges", ask)
    deciding = crawl(filled, email, "/waiting", f"/exchanges/{asked['id']}")
    asking = crawl(filled, asha.email, f"/exchanges/{asked['id']}", "/exchanges", fill=False)
    rep = crawl(filled, f"rep.{REGION}@dev.nhs.uk", "/console", "/", spared=THEIR_OWN)
    national = crawl(filled, "national.one@dev.nhs.uk", "/national", "/console", spared=THEIR_OWN)
    whole = (joining, deciding, asking, rep, national)
    written = set().union(*(each.written for each in whole))
    assert written >= WRITTEN, WRITTEN - written
    shown = [text for each in whole for _, text in each.answers]
    for name in ("title", "description", "name", "asked", "reason"):
        escaped = html.escape(SCRIPT.format(name), quote=False).replace("'", "&#39;")
        assert any(escaped.partition('"')[0] in text for text in shown), name


@pytest.mark.parametrize("who", ["senate@dev.nhs.uk", "another.member@dev.nhs.uk"])
def test_every_link_leads_somewhere_and_never_to_another_site(
    filled: Installation, who: str
) -> None:
    assert len(crawl(filled, who, "/", fill=False).visited) > 10
