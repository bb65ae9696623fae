"""Looks at a page as everybody's browser, assistive technology and eyes would."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.pages.visiting import POLL

TITLE = re.compile(r"(Error: )?[^–]+ – Talent Timebank – NHS")
PHONE, LANDSCAPE, TABLET, DESK = (360, 800), (740, 360), (768, 1024), (1280, 900)
"""Pixels; a desk comes last, since a test goes on from there."""
PICTURED = os.environ.get("TIMEBANK_TEST_PICTURES") == "1"
"""Whether what is checked is also kept for the eye (`make pictures`): that is half of the time."""
FOLDING = 5.0
"""Seconds to wait at most until the navigation has folded what does not fit into a menu."""
LARGEST = 60_000
"""Bytes of a page with its own style and script, without the design system's files."""
STANDARD = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}
NOT_FOUND = 404
NO_SCRIPTS = (
    "axe waits for promises, which a page whose scripts are switched off never keeps, and so "
    "would wait for ever: look at the same state in a browser with scripts"
)
SUMMARY = "There is a problem"
"""The heading of an error summary in the NHS form."""

_LINKS = """() => [...document.querySelectorAll('a[href]')].map(
    each => [each.innerText.trim() || each.getAttribute('aria-label') || '', each.href])"""
_FACTS = """() => ({
    scripts: document.body.classList.contains('js-enabled'),
    bytes: performance.getEntriesByType('navigation')[0].decodedBodySize,
    status: performance.getEntriesByType('navigation')[0].responseStatus,
    loaded: performance.getEntriesByType('resource').map(each => [each.name, each.decodedBodySize]),
    headings: document.querySelectorAll('h1').length,
    ids: [...document.querySelectorAll('[id]')].map(each => each.id),
    said: [...document.querySelectorAll('.nhsuk-error-message')].length,
    summaries: [...document.querySelectorAll('.nhsuk-error-summary')].map(each => ({
        heading: each.querySelector('h2').innerText,
        alert: each.querySelector('[role=alert]') !== null,
        first: each === document.querySelector('main').querySelector('.nhsuk-error-summary, h1'),
        listed: [...each.querySelectorAll('li')].map(item => item.innerText),
        lead: [...each.querySelectorAll('a')].map(link => [link.getAttribute('href'),
            document.getElementById(link.getAttribute('href').slice(1)) !== null]),
    })),
})"""
_WHO = """() => [...document.querySelectorAll('body *')]
    .filter(each => each.getBoundingClientRect().right > innerWidth)
    .map(each => each.outerHTML.slice(0, 120)).slice(0, 5)"""
_FIT = """() => ({
    wider: Math.max(
        0, document.documentElement.scrollWidth - document.documentElement.clientWidth),
    begins: Math.min(...[...document.querySelectorAll('h1, main [role=alert]')].map(
        each => each.getBoundingClientRect().top + scrollY)),
    covering: [...document.querySelectorAll('body *')].filter(
        each => ['fixed', 'sticky'].includes(getComputedStyle(each).position)).length,
})"""


class Seeing:
    """Checks a page in the state it is in, and keeps how it looked where pictures are wanted.

    Args:
        gateway: the only host a page may ask.
        folder: of the screenshots.

    Attributes:
        paths: that were looked at, and were there.
        wrong: those of them that were looked at with an error summary.
    """

    def __init__(self, gateway: str, folder: Path) -> None:
        self.gateway, self.folder = gateway, folder
        self.axe = Axe()
        self.paths: set[str] = set()
        self.wrong: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, page: Page, name: str) -> None:
        """Check a page; ``name`` is that of its screenshots."""
        page.wait_for_load_state()  # a press returns when the next page begins to come
        facts = page.evaluate(_FACTS)
        assert facts["scripts"], NO_SCRIPTS
        if facts["status"] != NOT_FOUND:
            self.paths.add(urlsplit(page.url).path)
        if facts["summaries"]:
            self.wrong.add(urlsplit(page.url).path)
        self._is_well_formed(page, facts)
        self._loads_little_and_only_ours(facts, name)
        self._links_say_where_they_lead(page)
        self._fits_and_is_kept(page, name)
        found = self.axe.run(page, options=STANDARD)
        assert not found.violations_count, found.generate_report()

    def _is_well_formed(self, page: Page, facts: dict[str, Any]) -> None:
        title = page.title()
        assert TITLE.fullmatch(title), title
        assert title.startswith("Error: ") == bool(facts["summaries"]), title
        assert facts["headings"] == 1
        assert len(set(facts["ids"])) == len(facts["ids"]), "an id stands there twice"
        assert bool(facts["summaries"]) >= bool(facts["said"]), "an error that is not summed up"
        for summary in facts["summaries"]:
            assert summary["heading"] == SUMMARY
            assert summary["alert"], "nobody is told of it"
            assert summary["first"], "it stands below the heading"
            assert summary["listed"], "it says nothing"
            assert all(there for _, there in summary["lead"]), summary["lead"]

    def _loads_little_and_only_ours(self, facts: dict[str, Any], name: str) -> None:
        hosts = {"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url, _ in facts["loaded"]}
        assert hosts <= {self.gateway}, hosts
        own = sum(size for url, size in facts["loaded"] if "/nhsuk/" not in url)
        assert facts["bytes"] + own < LARGEST, f"{name} has {facts['bytes']} and {own} bytes"

    def _links_say_where_they_lead(self, page: Page) -> None:
        targets: dict[str, str] = {}
        for text, target in page.evaluate(_LINKS):
            assert text, f"the link to {target} has no words"
            assert targets.setdefault(text, target) == target, f"two links say {text!r}"

    def _fits_and_is_kept(self, page: Page, name: str) -> None:
        for width, height in (PHONE, LANDSCAPE, TABLET, DESK):
            page.set_viewport_size({"width": width, "height": height})
            found = _folded(page)
            wider = found["wider"]
            who = page.evaluate(_WHO) if wider else ()
            assert not wider, f"{name} is {wider} px too wide at {width} px: {who}"
            assert not found["covering"], f"something covers what lies below it at {width} px"
            assert found["begins"] < height, f"{name} begins below the fold at {width}x{height}"
            if PICTURED:
                page.screenshot(path=self.folder / f"{name}-{width}.png", full_page=True)


def _folded(page: Page) -> dict[str, Any]:
    """How a page fits, once its navigation has had time to fold.

    Asked again and again: a page with our policy lets nobody wait inside it for a condition.
    """
    deadline = time.monotonic() + FOLDING
    while (found := page.evaluate(_FIT))["wider"] and time.monotonic() < deadline:
        time.sleep(POLL)
    fit: dict[str, Any] = found
    return fit
