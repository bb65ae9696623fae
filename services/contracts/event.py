"""What every event's body has in common: a name, a producer, and strictness."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar

import marshmallow
import msgspec
from marshmallow import fields, validate

from services.contracts import words


class Minutes(fields.Integer):
    """Whole minutes of one exchange: 15 to 1,440 in steps of 15.

    ``true``, ``"60"`` and ``60.0`` are refused: a client that sends them has a
    mistake worth hearing about.
    """

    kind = Annotated[
        int,
        msgspec.Meta(ge=words.MINUTES_MIN, le=words.MINUTES_MAX, multiple_of=words.MINUTES_STEP),
    ]
    """The same rules, for who reads a body without this class."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {
            "multipleOf": words.MINUTES_STEP,
            "description": "Whole minutes; a credit is 60.",
            **kwargs.pop("metadata", {}),
        }
        checks: list[Callable[[Any], Any]] = [
            validate.Range(min=words.MINUTES_MIN, max=words.MINUTES_MAX),
            _multiple_of_the_step,
        ]
        super().__init__(strict=True, validate=checks, metadata=metadata, **kwargs)

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Count(fields.Integer):
    """A whole number, never a boolean, a string or a float."""

    kind = int

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


def _multiple_of_the_step(minutes: int) -> None:
    if minutes % words.MINUTES_STEP:
        raise marshmallow.ValidationError(f"Must be a multiple of {words.MINUTES_STEP}.")


class Event(marshmallow.Schema):
    """The body of one kind of event.

    A subclass names its ``producer`` (a service) and its ``event`` (past tense);
    together they are the routing key behind the region. Only additive changes:
    a breaking one is a new event. Nothing personal: opaque ids, minutes, slugs.
    """

    producer: ClassVar[str]
    event: ClassVar[str]

    class Meta:
        unknown = marshmallow.RAISE

    @marshmallow.post_dump
    def _nothing_missing(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        missing = self.fields.keys() - data.keys()
        if missing:
            raise ValueError(f"{self.event} lacks {', '.join(sorted(missing))}")
        return data


def catalogue(namespace: Mapping[str, Any], producer: str) -> dict[str, type[Event]]:
    """The events a contract module declares, by name.

    Args:
        namespace: the module's ``globals()``.
        producer: the service whose events they are.
    """
    found = {}
    for item in namespace.values():
        if isinstance(item, type) and issubclass(item, Event) and "event" in vars(item):
            item.producer = producer
            found[item.event] = item
    return found
