"""A browser before the running platform, with people signed in.

TIMEBANK_TEST_BROWSER=1 .venv/bin/python -m pytest tests/pages
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from deploy import bank
from deploy.local import programs
from deploy.local.installation import Installation
from tests.conftest import BROWSER
from tests.pages.browsing import Windows
from tests.pages.seeing import Seeing
from tests.pages.visiting import signed_in_cookies
from tests.system.conftest import platform

__all__ = ["platform"]

collect_ignore_glob = [] if BROWSER else ["test_*.py"]
SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"

BrowserOf = Callable[..., Page]
Look = Callable[[Page, str], None]


LAST = "test_every_page.py::test_every_page_there_is_was_looked_at"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What looks back on all others comes last, and only where all others came before."""
    last = [item for item in items if item.nodeid.endswith(LAST)]
    others = [item for item in items if item not in last]
    there = {path.name for path in Path(__file__).parent.glob("test_*.py")}
    whole = there <= {item.path.name for item in others}
    chosen = whole and not any("::" in each for each in config.args) and not config.option.keyword
    if last and not chosen:
        config.hook.pytest_deselected(items=last)
    items[:] = [*others, *(last if chosen else ())]


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


@pytest.fixture(scope="session")
def windows(chromium: Browser, filled: Installation) -> Windows:
    return Windows(chromium, filled.gateway_url)


@pytest.fixture
def browser_of(windows: Windows, filled: Installation) -> Iterator[BrowserOf]:
    """Call it with an address: a page in a browser signed in with it; without: signed out.

    ``scripts=False`` switches scripts off. Wherever it goes, it asks no other host, and its
    policy refuses nothing.
    """

    def open_page(email: str | None = None, *, scripts: bool = True) -> Page:
        return windows.lend(scripts, signed_in_cookies(filled.gateway_url, email) if email else [])

    yield open_page
    wrong = windows.taken_back()
    assert not wrong, wrong


@pytest.fixture(scope="session")
def seen(filled: Installation) -> Seeing:
    """Looks at a page in the state it is in: ``seen(page, "my-hours")``."""
    return Seeing(filled.gateway_url, SCREENSHOTS)


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """Whether the pages' scripts run: a flow is gone both ways."""
    found: bool = request.param
    return found


@pytest.fixture
def look(seen: Seeing, scripts: bool) -> Look:
    """Looks at a state where scripts run; axe needs them, and the page is the same without."""
    return seen if scripts else lambda page, name: None
