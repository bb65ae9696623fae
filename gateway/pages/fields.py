"""Fields of forms, each drawn as its component of the design system: ``{{ form.email() }}``.

What a template gives in the call goes to the component, under the names it has there:

    {{ form.email(label={"size": "l", "isPageHeading": true}) }}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import wtforms
from wtforms import validators

from gateway.pages import render, words
from services.contracts import words as contract

_CHOOSE = "Choose one of the answers"


def required(message: str) -> validators.InputRequired:
    """What is said when nothing was given: ``Enter your name``."""
    return validators.InputRequired(message)


def at_most(characters: int, what: str) -> validators.Length:
    """What is said of more: ``Title must be 200 characters or fewer``."""
    said = f"{what} must be {characters:,} characters or fewer"
    return validators.Length(max=characters, message=said)


def between(least: int, most: int, what: str) -> validators.Length:
    """What is said of fewer or more: ``Name must be between 3 and 80 characters``."""
    said = f"{what} must be between {least:,} and {most:,} characters"
    return validators.Length(least, most, said)


class _Drawn:
    """Draws a field as a component."""

    def __init__(self, folder: str, name: str) -> None:
        self.folder, self.name = folder, name

    def __call__(self, field: Any, **parameters: Any) -> Any:
        label = {"text": field.label.text, **parameters.pop("label", {})}
        known = {
            "id": field.id,
            "name": field.name,
            "hint": {"text": field.description} if field.description else None,
            "errorMessage": {"text": str(field.errors[0])} if field.errors else None,
            **field.drawn(label),
            **field.look,
            **parameters,
        }
        given = {name: value for name, value in known.items() if value is not None}
        return render.component(self.folder, self.name, given)


class _Field(wtforms.Field):
    """What all our fields share.

    Args:
        label: the question.
        check: what is wanted of the answer; without ``required`` there need be none.
        hint: a sentence that helps.
        look: parameters of the component: ``autocomplete``, ``inputmode``, ``width`` ...
    """

    def __init__(
        self,
        label: str,
        *check: Any,
        hint: str = "",
        look: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        needed = any(isinstance(each, validators.InputRequired) for each in check)
        checks = check if needed else (validators.Optional(), *check)
        super().__init__(label, list(checks), description=hint, **kwargs)
        self.look = look or {}

    def drawn(self, label: dict[str, Any]) -> dict[str, Any]:
        """The component's parameters that follow from the kind of field."""
        return {"label": label, "value": "" if self.data is None else str(self.data)}


class Text(_Field, wtforms.StringField):
    """One line; blanks around it are dropped.

    Browsers send the end of a line as two characters and count it as one; so do we.
    """

    widget = _Drawn("input", "input")

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata([each.replace("\r\n", "\n").strip() for each in valuelist])
        self.raw_data = [self.data] if self.data else []


class Words(Text):
    """Several lines in a person's own words."""

    widget = _Drawn("textarea", "textarea")


class Counted(Text):
    """Several lines with a limit that is shown while one writes: ``look={"maxlength": 500}``."""

    widget = _Drawn("character-count", "characterCount")


class Table(_Field):
    """A file with text in it; ``data`` is the text.

    What spreadsheets write where they do not write UTF-8 is understood too.
    """

    widget = _Drawn("file-upload", "fileUpload")

    def drawn(self, label: dict[str, Any]) -> dict[str, Any]:
        return {"label": label}

    def process_formdata(self, valuelist: list[Any]) -> None:
        # A form sent as if it had no file has the file's name, or nothing, as text.
        given = valuelist[0] if valuelist else None
        content = b"" if given is None or isinstance(given, str) else given.read()
        try:
            self.data = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.data = content.decode("cp1252", "replace")
        self.raw_data = [self.data] if self.data else []


class _Items(_Field):
    """What fields with a list of answers share.

    Args:
        choices: the text of each answer by its value, as ``words.REGIONS``; the value ``""``
            stands for no answer.
    """

    def __init__(
        self, label: str, *check: Any, choices: Mapping[Any, str] | None = None, **kwargs: Any
    ) -> None:
        said = {"invalid_choice_message": _CHOOSE, "invalid_value_message": _CHOOSE}
        defaults = {"coerce": _chosen, **said}
        super().__init__(label, *check, choices=choices, **{**defaults, **kwargs})

    def _items(self, chosen: str) -> list[dict[str, Any]]:
        return [
            {"value": str(value), "text": text, chosen: self._is(value)}
            for value, text in self.choices.items()
        ]

    def _is(self, value: Any) -> bool:
        return str(value) == ("" if self.data is None else str(self.data))

    def _in_fieldset(self, label: dict[str, Any]) -> dict[str, Any]:
        legend = {"size": "s", **label}
        return {
            "id": None,  # it is the first answer's
            "idPrefix": self.id,
            "fieldset": {"legend": legend},
            "items": self._items("checked"),
        }


class Choice(_Items, wtforms.RadioField):
    """One of a few answers, all of them in sight."""

    widget = _Drawn("radios", "radios")

    def drawn(self, label: dict[str, Any]) -> dict[str, Any]:
        return self._in_fieldset(label)


class Several(_Items, wtforms.SelectMultipleField):
    """Any number of a few answers."""

    widget = _Drawn("checkboxes", "checkboxes")

    def drawn(self, label: dict[str, Any]) -> dict[str, Any]:
        return self._in_fieldset(label)

    def _is(self, value: Any) -> bool:
        return str(value) in [str(each) for each in self.data or ()]


class Pick(_Items, wtforms.SelectField):
    """One of many answers, folded away."""

    widget = _Drawn("select", "select")

    def drawn(self, label: dict[str, Any]) -> dict[str, Any]:
        return {"label": label, "items": self._items("selected")}


class Minutes(Pick):
    """Some minutes of help, in words; ``data`` is a number.

    Args:
        most: offered, a multiple of 15.
    """

    def __init__(self, label: str, *check: Any, most: int = 480, **kwargs: Any) -> None:
        step = contract.MINUTES_STEP
        offered = range(step, min(most, contract.MINUTES_MAX) + 1, step)
        choices: dict[Any, str] = {"": "Choose"} | {each: words.duration(each) for each in offered}
        super().__init__(label, *check, choices=choices, coerce=_minutes, **kwargs)


class Tick(_Field, wtforms.BooleanField):
    """Yes, or left alone."""

    widget = _Drawn("checkboxes", "checkboxes")

    def drawn(self, label: dict[str, Any]) -> dict[str, Any]:
        text = label.pop("text")
        hint = {"text": self.description} if self.description else None
        item = {"value": "yes", "text": text, "checked": bool(self.data), "hint": hint}
        return {"id": None, "idPrefix": self.id, "items": [item], "hint": None}


LONGEST_VERSION = 9
"""Digits: more would not fit the databases' numbers."""


class Version(wtforms.HiddenField):
    """The version somebody saw, so that what changed meanwhile is not overwritten."""

    def seen(self) -> int | None:
        """The version the visitor had before them; ``None`` when what came is none."""
        given = str(self.data or "")
        fits = given.isascii() and given.isdigit() and len(given) <= LONGEST_VERSION
        return int(given) if fits else None


def _chosen(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _minutes(value: Any) -> int | None:
    return None if value in (None, "") else int(value)
