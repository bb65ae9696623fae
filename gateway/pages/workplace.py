"""Where somebody works: found by name or ODS code, chosen among several, or none."""

from __future__ import annotations

import re
from typing import Any

import flask
from wtforms import HiddenField

from gateway import asking
from gateway.pages import fields, words
from gateway.pages.forms import Form

NONE = "No organisation"
"""What is kept of somebody who works for none, or for one without a name to give."""
OTHER = "other"
AT_ONCE = 8
"""Organisations to choose from: what fits on a phone."""
LONGEST_QUESTION = 100
SHORTEST_WORD = 4
MOST_WORDS = 3
"""Searched for one by one where the whole is not found."""

_EVERYWHERE = frozenset(
    {"care", "community", "foundation", "general", "health", "healthcare", "hospital"}
    | {"hospitals", "infirmary", "national", "service", "services", "society", "teaching"}
    | {"trust", "university", "with"}
)
"""Words of so many names that they find nothing."""


class Workplace(Form):
    """Where somebody works, in one or two goes: the second only where the first was unclear."""

    organisation = fields.Text(
        "Where do you work?",
        fields.at_most(200, "Where you work"),
        hint="The organisation’s name or its ODS code, for example RJ1. "
        "Leave it empty if you work for none.",
        look={"autocomplete": "organization"},
    )
    found = fields.Choice("Which of these is it?", choices={})
    region = fields.Pick("Your region", choices={"": "Choose a region", **words.REGIONS})
    asked = HiddenField()

    place: dict[str, str] | None = None
    """Once all is known: ``code`` (or the name where there is none), ``organisation`` (its
    name) and ``region``."""

    def __init__(self, given: Any = None, **known: Any) -> None:
        super().__init__(given, **known)
        places = _search(self._typed) if given and self._typed else []
        self.certain = len(places) == 1
        if given and not places:
            places = _alike(self._typed)
        self.places = {each["code"]: each for each in places}
        self.found.choices = {
            **{code: f"{each['name']} ({code})" for code, each in self.places.items()},
            OTHER: "None of these",
        }
        self.several = self.wants_region = False

    @property
    def _typed(self) -> str:
        return str(self.organisation.data or "").strip()

    def settled(self) -> bool:
        """Whether all is known; if not, the page asks on, and says so where it has before."""
        if not self.validate():
            self.several = bool(self.found.data or self.found.errors)
            self.wants_region = bool(self.region.data or self.region.errors)
            return False
        code = self._code()
        if code is None:
            self.several = True
            self._ask_on(self.found, f"which {self._typed}", "Choose your organisation, or none")
            return False
        known = self.places.get(code)
        region = (known or {}).get("region") or self.region.data
        if not region:
            self.wants_region, self.several = True, bool(self.found.data)
            self._ask_on(self.region, "region", "Choose your region")
            return False
        name = known["name"] if known else self._typed or NONE
        self.place = {"code": code if known else name, "organisation": name, "region": region}
        return True

    def _ask_on(self, field: Any, question: str, message: str) -> None:
        """Ask what is shown for the first time; somebody who left it open is told."""
        if self.asked.data == question:
            self._say(field, message)
        self.asked.data = question

    def _code(self) -> str | None:
        """The code of what was meant, ``OTHER`` for none we know, ``None`` while unclear."""
        typed, chosen = self._typed, self.found.data
        if not self.places:
            return OTHER
        if chosen:
            return str(chosen)
        for code, each in self.places.items():
            if typed.casefold() in (code.casefold(), each["name"].casefold()):
                return code
        return next(iter(self.places)) if self.certain else None


def _alike(typed: str) -> list[dict[str, Any]]:
    """Organisations that share a telling word with what was typed: to be asked about."""
    telling = [
        each
        for each in re.findall(rf"[^\W\d_]{{{SHORTEST_WORD},}}", typed)
        if each.casefold() not in _EVERYWHERE
    ]
    known: dict[str, dict[str, Any]] = {}
    for word in telling[:MOST_WORDS]:
        whole = re.compile(rf"\b{word}\b", re.IGNORECASE)
        found = [each for each in _search(word) if whole.search(each["name"])]
        known.update({each["code"]: each for each in found})
    return list(known.values())[:AT_ONCE]


def _search(text: str) -> list[dict[str, Any]]:
    if not text.isprintable() or len(text) > LONGEST_QUESTION:
        return []
    answer: dict[str, Any] = asking.ask_anyone("members", "organisations", q=text, limit=AT_ONCE)
    items: list[dict[str, Any]] = answer["items"]
    return items


def given() -> Any:
    """The form that was sent, if one was."""
    return flask.request.form if flask.request.method == "POST" else None
