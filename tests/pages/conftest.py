"""A browser before the running platform, with people signed in.

TIMEBANK_TEST_BROWSER=1 .venv/bin/python -m pytest tests/pages
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from deploy import bank
from deploy.local import programs
from deploy.local.installation import Installation
from tests.conftest import BROWSER
from tests.pages.seeing import Seeing
from tests.pages.visiting import signed_in_cookies
from tests.system.conftest import platform

__all__ = ["platform"]

collect_ignore_glob = [] if BROWSER else ["test_*.py"]
SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"

BrowserOf = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests."""
    found = programs.browser()
    assert found, "the pages are tested with chromium: apt-get install chromium"
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def filled(platform: Installation) -> Installation:
    """The platform with the small invented bank in it."""
    bank.fill(platform.gateway_url)
    return platform


@pytest.fixture
def browser_of(chromium: Browser, filled: Installation) -> Iterator[BrowserOf]:
    """Call it with an address: a page in a browser signed in with it; without: signed out.

    ``scripts=False`` switches scripts off.
    """
    opened: list[BrowserContext] = []

    def open_page(email: str | None = None, *, scripts: bool = True) -> Page:
        context = chromium.new_context(
            base_url=filled.gateway_url,
            java_script_enabled=scripts,
            viewport={"width": 1280, "height": 900},
        )
        context.set_default_timeout(10_000)
        opened.append(context)
        if email:
            context.add_cookies(signed_in_cookies(filled.gateway_url, email))
        return context.new_page()

    yield open_page
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def seen(filled: Installation) -> Seeing:
    """Looks at a page in the state it is in: ``seen(page, "my-hours")``."""
    return Seeing(filled.gateway_url, SCREENSHOTS)
