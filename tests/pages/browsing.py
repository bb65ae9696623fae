"""Browsers for one test after another, each as if nobody had used it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

DESK = {"width": 1280, "height": 900}
PATIENCE = 10_000
"""Milliseconds to wait for anything on a page."""


@dataclass
class Window:
    """One page of a browser, and what it has done that no page of ours may make it do.

    Who was signed in is forgotten when it is handed on. The design system's files, which never
    change, stay, as they do in anybody's browser, and so does what was shown last, until the next
    goes to a page: a browser that starts with nothing takes twice the processor time of all else
    that is done with it, and even an empty page between two of ours has it start anew.
    """

    page: Page
    gateway: str
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def opened(cls, browser: Browser, gateway: str, scripts: bool) -> Window:
        context = browser.new_context(
            base_url=gateway,
            java_script_enabled=scripts,
            viewport=DESK,  # type: ignore[arg-type]
        )
        context.set_default_timeout(PATIENCE)
        made = cls(context.new_page(), gateway)
        context.on("console", lambda message: made._hear(message.text))
        context.on("request", lambda request: made._follow(request.url))
        return made

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def emptied(self) -> Window:
        """Knows nobody, and stands on a desk."""
        self.context.clear_cookies()
        if self.page.viewport_size != DESK:
            self.page.set_viewport_size(DESK)  # type: ignore[arg-type]
        return self

    def _hear(self, said: str) -> None:
        if "Content Security Policy" in said:
            self.wrong.append(said)

    def _follow(self, url: str) -> None:
        if not url.startswith((f"{self.gateway}/", "about:", "data:")):
            self.wrong.append(f"asked for {url}")


class Windows:
    """Opens as many as one test needs at once, and lends them again to the next."""

    def __init__(self, browser: Browser, gateway: str) -> None:
        self.browser, self.gateway = browser, gateway
        self._free: dict[bool, list[Window]] = {True: [], False: []}
        self._lent: list[tuple[bool, Window]] = []

    def lend(self, scripts: bool, cookies: list[Any]) -> Page:
        free = self._free[scripts]
        window = free.pop() if free else Window.opened(self.browser, self.gateway, scripts)
        self._lent.append((scripts, window))
        if cookies:
            window.context.add_cookies(cookies)
        return window.page

    def taken_back(self) -> list[str]:
        """All that were lent are free again; what went wrong in them meanwhile."""
        wrong: list[str] = []
        for scripts, window in self._lent:
            self._free[scripts].append(window.emptied())
            wrong += window.wrong
            window.wrong.clear()
        self._lent.clear()
        return wrong
