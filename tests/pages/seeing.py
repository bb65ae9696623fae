"""Looks at a page as everybody's browser, assistive technology and eyes would."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TITLE = re.compile(r"(Error: )?[^–]+ – Talent Timebank – NHS")
WIDTHS = (360, 768, 1280)
"""A phone, a tablet, a desk: pixels."""
FOLDING = 300
"""Milliseconds the navigation may take to fit a new width."""
LARGEST = 60_000
"""Bytes of a page, without the design system's files."""
STANDARD = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}

_LINKS = """() => [...document.querySelectorAll('a[href]')].map(
    each => [each.innerText.trim() || each.getAttribute('aria-label') || '', each.href])"""
_FACTS = """() => ({
    bytes: performance.getEntriesByType('navigation')[0].decodedBodySize,
    hosts: performance.getEntriesByType('resource').map(each => new URL(each.name).origin),
    headings: document.querySelectorAll('h1').length,
    errors: document.querySelectorAll('.nhsuk-error-summary').length,
    refused: (window.refused || []).length,
    ids: [...document.querySelectorAll('[id]')].map(each => each.id),
})"""
_WHO = """() => [...document.querySelectorAll('body *')]
    .filter(each => each.getBoundingClientRect().right > innerWidth)
    .map(each => each.outerHTML.slice(0, 120)).slice(0, 5)"""
_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Seeing:
    """Checks a page in the state it is in, and keeps how it looked.

    Args:
        gateway: the only host a page may ask.
        folder: of the screenshots.
    """

    def __init__(self, gateway: str, folder: Path) -> None:
        self.gateway, self.folder = gateway, folder
        self.axe = Axe()
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, page: Page, name: str) -> None:
        """Check a page; ``name`` is that of its screenshots."""
        facts = page.evaluate(_FACTS)
        self._is_well_formed(page, facts)
        assert facts["bytes"] < LARGEST, f"{name} has {facts['bytes']} bytes"
        assert set(facts["hosts"]) <= {self.gateway}, facts["hosts"]
        self._links_say_where_they_lead(page)
        self._fits_and_is_kept(page, name)
        found = self.axe.run(page, options=STANDARD)
        assert not found.violations_count, found.generate_report()

    def _is_well_formed(self, page: Page, facts: dict[str, Any]) -> None:
        title = page.title()
        assert TITLE.fullmatch(title), title
        assert title.startswith("Error: ") == bool(facts["errors"]), title
        assert facts["headings"] == 1
        assert len(set(facts["ids"])) == len(facts["ids"]), "an id stands there twice"

    def _links_say_where_they_lead(self, page: Page) -> None:
        targets: dict[str, str] = {}
        for text, target in page.evaluate(_LINKS):
            assert text, f"the link to {target} has no words"
            assert targets.setdefault(text, target) == target, f"two links say {text!r}"

    def _fits_and_is_kept(self, page: Page, name: str) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            # The navigation folds what does not fit into a menu a moment after the change.
            page.wait_for_timeout(FOLDING if page.evaluate(_WIDER) > 0 else 0)
            wide = page.evaluate(_WIDER)
            assert wide <= 0, f"{name} is {wide} px too wide at {width} px: {page.evaluate(_WHO)}"
            path = self.folder / f"{name}-{width}.png"
            page.screenshot(path=path, full_page=True)
