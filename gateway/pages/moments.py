"""A moment somebody proposes: day and time in four boxes, by the clocks of England."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

import wtforms
from wtforms.utils import unset_value

from gateway.pages import render, words

BOXES = ("day", "month", "year", "time")
_WIDTHS = {"day": 2, "month": 2, "year": 4, "time": 5}
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*([ap])?\.?m?\.?", re.ASCII)
_NAMED = {"midday": (12, 0), "noon": (12, 0), "midnight": (0, 0)}

INCOMPLETE = "Enter a day, month, year and time"
NO_DAY = "Enter a real date, for example 27 3 2027"
NO_TIME = "Enter a time, for example 2:30pm or 14:30"
NO_HOUR = "The clocks change at this time. Choose another"


class Moment(wtforms.Field):
    """When something could take place; ``data`` is ISO 8601 in UTC, or ``None``.

    Args:
        label: the question.
        required: whether it must be answered.
        hint: a sentence that helps.
    """

    data: str | None

    def __init__(
        self, label: str, *, required: bool = False, hint: str = "", **kwargs: Any
    ) -> None:
        super().__init__(label, description=hint, **kwargs)
        self.required = required
        self.boxes: Mapping[str, str] = dict.fromkeys(BOXES, "")

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(None, data, extra_filters)
        self.boxes = boxes_of(self.data)
        if formdata is None:
            return
        self.boxes = {
            each: str(formdata.get(f"{self.name}-{each}", "")).strip()[:20] for each in BOXES
        }
        try:
            self.data = moment(self.boxes)
        except ValueError as wrong:
            self.data = None
            self.process_errors = [str(wrong)]

    def pre_validate(self, form: Any) -> None:
        """
        Raises:
            ValidationError: an answer is needed, and there is none.
        """
        if self.required and self.data is None and not self.process_errors:
            raise wtforms.ValidationError(INCOMPLETE)

    def __call__(self, **parameters: Any) -> Any:
        items = [
            {
                "id": self.id if each == "day" else f"{self.id}-{each}",
                "name": f"{self.name}-{each}",
                "label": each.capitalize(),
                "value": self.boxes[each],
                "width": _WIDTHS[each],
                "classes": "nhsuk-input--error" if self.errors else "",
                "inputmode": "text" if each == "time" else "numeric",
            }
            for each in BOXES
        ]
        known = {
            "id": f"{self.id}-boxes",
            "fieldset": {"legend": {"text": self.label.text, "size": "s"}},
            "hint": {"text": self.description} if self.description else None,
            "errorMessage": {"text": str(self.errors[0])} if self.errors else None,
            "items": items,
            **parameters,
        }
        given = {name: value for name, value in known.items() if value is not None}
        return render.component("date-input", "dateInput", given)


def boxes_of(iso: str | None) -> dict[str, str]:
    """What stands in the boxes for a moment; seconds have none."""
    if not iso:
        return dict.fromkeys(BOXES, "")
    local = datetime.datetime.fromisoformat(iso).astimezone(words.LONDON)
    day, month, year = (str(each) for each in (local.day, local.month, local.year))
    return {"day": day, "month": month, "year": year, "time": f"{local:%H:%M}"}


def moment(boxes: Mapping[str, str]) -> str | None:
    """The moment in the boxes, ISO 8601 in UTC; ``None`` when all are empty.

    Raises:
        ValueError: it is none; the text says what to mend.
    """
    if not any(boxes.values()):
        return None
    if not all(boxes.values()):
        raise ValueError(INCOMPLETE)
    hour, minute = _clock(boxes["time"])
    local = _day(boxes).replace(hour=hour, minute=minute, tzinfo=words.LONDON)
    utc = local.astimezone(datetime.UTC)
    if utc.astimezone(words.LONDON).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError(NO_HOUR)
    return utc.isoformat().replace("+00:00", "Z")


def _day(boxes: Mapping[str, str]) -> datetime.datetime:
    try:
        year, month, day = (int(boxes[each]) for each in ("year", "month", "day"))
        found = datetime.datetime(year, month, day)
    except (ValueError, OverflowError):
        raise ValueError(NO_DAY) from None
    if not 2000 <= year < 2100:
        raise ValueError(NO_DAY)
    return found


def _clock(text: str) -> tuple[int, int]:
    """Hour and minute of ``2pm``, ``2:30 pm``, ``14.30`` or ``midday``; ``2`` says too little."""
    told = text.lower()
    if told in _NAMED:
        return _NAMED[told]
    found = _CLOCK.fullmatch(told)
    if not found or not (found[2] or found[3]) or (not found[3] and told.endswith("m")):
        raise ValueError(NO_TIME)
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            raise ValueError(NO_TIME)
        hour = hour % 12 + (12 if found[3] == "p" else 0)
    if hour > 23 or minute > 59:
        raise ValueError(NO_TIME)
    return hour, minute
