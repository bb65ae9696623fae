"""Kinds of values the outside may send, each as strict as the database behind it."""

import datetime
import re
from collections.abc import Sequence
from typing import Any

import marshmallow
from marshmallow import fields, validate

from services.contracts import words

LONGEST_SKILL = 100
MOST_IN_A_LIST = 100
_YEARS = (2000, 2100)
"""Moments outside are mistakes; and near year 1 or 9999 a change of zone overflows."""


class Body(marshmallow.Schema):
    """What a client sends: a field we do not know is a mistake worth hearing about."""

    may_be_absent = False
    """Whether no body at all is taken for an empty one."""

    class Meta:
        unknown = marshmallow.RAISE


class Answer(marshmallow.Schema):
    """What a client gets: readers are asked to ignore fields they do not know."""

    class Meta:
        unknown = marshmallow.EXCLUDE


class Query(marshmallow.Schema):
    """What stands behind the question mark."""

    class Meta:
        unknown = marshmallow.RAISE


class Text(fields.String):
    """Words of a person: trimmed, bounded, and without what a database or a mail refuses.

    Args:
        max: characters.
        blank: whether it may be empty.
        lines: whether it may have more than one line.
    """

    def __init__(
        self, *, max: int, blank: bool = False, lines: bool = False, **kwargs: Any
    ) -> None:
        control = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f" if lines else r"\x00-\x1f\x7f-\x9f"
        visible = "" if blank else rf"[^\s{control}][^{control}]*"
        pattern = rf"^[^{control}]*{visible}$"
        self._whole = re.compile(pattern[:-1] + r"\Z")
        metadata = {"pattern": pattern, **kwargs.pop("metadata", {})}
        checks = [validate.Length(min=None if blank else 1, max=max)]
        super().__init__(
            validate=[*checks, *_as_list(kwargs.pop("validate", None))],
            metadata=metadata,
            **kwargs,
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        if not self._whole.match(text) or not _encodable(text):
            raise marshmallow.ValidationError("Must be plain text and not blank.")
        return text.strip()


def _as_list(checks: Any) -> list[Any]:
    if checks is None:
        return []
    return list(checks) if isinstance(checks, Sequence) else [checks]


def _encodable(text: str) -> bool:
    """False for half a surrogate pair, which JSON can write and nothing else can store."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Flag(fields.Boolean):
    """``true`` or ``false``; ``"true"`` and ``1`` are refused."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Asked(fields.Boolean):
    """``true`` or ``false`` behind the question mark."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(truthy={"true"}, falsy={"false"}, **kwargs)


class Number(fields.Integer):
    """A whole number behind the question mark, in plain digits."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,9}", value):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, *args, **kwargs)


class Moment(fields.AwareDateTime):
    """A point in time with its zone; handed on as ISO 8601 in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"pattern": "^20[0-9]{2}-"}, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        moment: datetime.datetime = super()._deserialize(value, *args, **kwargs)
        if not _YEARS[0] <= moment.year < _YEARS[1]:
            raise marshmallow.ValidationError(f"Must be between {_YEARS[0]} and {_YEARS[1]}.")
        return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")


class Day(fields.Date):
    """A day, handed on as ISO 8601."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise self.make_error("invalid", input=value, obj_type="date")
        return super()._deserialize(value, *args, **kwargs).isoformat()


class Id(fields.UUID):
    """An id in a body, handed on as text."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid_uuid")
        return str(super()._deserialize(value, *args, **kwargs))


def skills(most: int, **kwargs: Any) -> fields.List:
    """Skills in the member's own words."""
    return fields.List(Text(max=LONGEST_SKILL), validate=validate.Length(max=most), **kwargs)


def slug(choices: Sequence[str], **kwargs: Any) -> fields.String:
    """One word of a closed list."""
    nullable = (None,) if kwargs.get("allow_none") else ()
    return fields.String(validate=validate.OneOf((*choices, *nullable)), **kwargs)


def region(**kwargs: Any) -> fields.String:
    return slug(words.REGIONS, **kwargs)


def moment_text(**kwargs: Any) -> fields.String:
    """A point in time in an answer: the services write it, we only pass it on."""
    return fields.String(metadata={"format": "date-time"}, **kwargs)


def id_text(**kwargs: Any) -> fields.String:
    """An id in an answer."""
    return fields.String(metadata={"format": "uuid"}, **kwargs)


class Page(Query):
    """Which part of a list is wanted."""

    limit = Number(
        load_default=20,
        validate=validate.Range(min=1, max=MOST_IN_A_LIST),
        metadata={"description": "How many at most."},
    )
    cursor = Text(max=200, metadata={"description": "From `next` of the page before."})
