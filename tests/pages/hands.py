"""Two ways to use a page, by the same words: a pointer, and the keys Tab, Enter and Space."""

from __future__ import annotations

import re
from typing import Protocol

from playwright.sync_api import ElementHandle, Locator, Page

Name = str | re.Pattern[str]
MOST_STOPS = 80
"""Stops of the Tab key to whatever one looks for: nobody has more patience."""

_LOOK = """each => [each, ...(each.labels || [])].flatMap(
    of => [getComputedStyle(of), getComputedStyle(of, '::before')]).map(
    style => [style.outline, style.boxShadow, style.borderColor, style.backgroundColor,
        style.textDecoration].join()).join()"""
_IS_FOCUSED = "each => each === document.activeElement"
_IN_VIEW = """each => {
    const box = each.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight; }"""


class Hands(Protocol):
    """Whoever uses a page."""

    page: Page

    def press(self, name: Name, role: str = "button") -> None:
        """A button or a link."""

    def write(self, label: str, text: str) -> None:
        """Into a field."""

    def choose(self, label: str, text: str) -> None:
        """One of a list's answers."""

    def tick(self, label: str) -> None:
        """A box or an answer."""


class Pointer:
    """A mouse or a finger."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, name: Name, role: str = "button") -> None:
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]

    def write(self, label: str, text: str) -> None:
        self.page.get_by_label(label).press_sequentially(text)

    def choose(self, label: str, text: str) -> None:
        self.page.get_by_label(label).select_option(text)

    def tick(self, label: str) -> None:
        self.page.get_by_label(label).check()


class Keys:
    """Tab, Enter, Space and letters; everything on the way must show where one is."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, name: Name, role: str = "button") -> None:
        self._reach(self.page.get_by_role(role, name=name))  # type: ignore[arg-type]
        self.page.keyboard.press("Enter")

    def write(self, label: str, text: str) -> None:
        self._reach(self.page.get_by_label(label))
        self.page.keyboard.type(text)

    def choose(self, label: str, text: str) -> None:
        found = self._reach(self.page.get_by_label(label))
        self.page.keyboard.type(text)
        chosen = found.evaluate("each => each.selectedOptions[0].text")
        assert chosen == text, f"the keys chose {chosen!r}"

    def tick(self, label: str) -> None:
        found = self._reach(self.page.get_by_label(label))
        self.page.keyboard.press("Space")
        assert found.is_checked()

    def _reach(self, wanted: Locator) -> ElementHandle:
        found = wanted.first.element_handle()
        before = found.evaluate(_LOOK)
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            if found.evaluate(_IS_FOCUSED):
                break
        else:
            raise AssertionError(f"Tab does not lead to {wanted}")
        assert found.evaluate(_LOOK) != before, f"nobody sees that one is at {wanted}"
        assert found.evaluate(_IN_VIEW), f"{wanted} is reached out of sight"
        return found
