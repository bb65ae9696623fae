"""Reads JSON bodies strictly, and says what is wrong with them field by field."""

import json
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import flask
import marshmallow
from webargs import core, flaskparser

from gateway.problems import Problem

View = TypeVar("View", bound=Callable[..., Any])

LARGEST = 64 * 1024
"""Bytes; the largest thing most send is a listing of 5,000 characters."""
LARGEST_TABLE = 1024 * 1024
"""Bytes, where a table of people is taken: half a million characters, escaped in JSON."""

_CODES = {
    "Missing data for required field.": "required",
    "Unknown field.": "unknown",
    "Field may not be null.": "null",
}


def takes_tables(view: View) -> View:
    """Let a view have bodies of up to ``LARGEST_TABLE``."""
    view.largest = LARGEST_TABLE  # type: ignore[attr-defined]
    return view


def largest() -> int:
    """Bytes the request at hand may have in its body."""
    view = flask.current_app.view_functions.get(flask.request.endpoint or "")
    found: int = getattr(view, "largest", LARGEST)
    return found


def too_large() -> Problem:
    """What is said of more."""
    return Problem("body_too_large", f"The body is larger than {largest() // 1024} KiB.")


class Parser(flaskparser.FlaskParser):
    """Loads bodies and queries by their schemas; each schema says what it does not know."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {"json": None, "query": None}  # noqa: RUF012

    def load_json(self, req: flask.Request, schema: marshmallow.Schema) -> Any:
        data = req.get_data(cache=True)
        if not data and getattr(schema, "may_be_absent", False):
            return core.missing
        if not data:
            errors = [{"pointer": "", "message": "A body is required.", "code": "required"}]
            raise Problem("invalid", "There is no body.", errors=errors)
        if len(data) > largest():
            raise too_large()
        if not flaskparser.is_json_request(req):
            raise Problem("unsupported_media_type", "The body must be sent as application/json.")
        return parsed(data)

    def handle_error(
        self, error: marshmallow.ValidationError, req: Any, schema: Any, **_: Any
    ) -> typing.NoReturn:
        messages = typing.cast(Mapping[str, Any], error.messages)
        errors = [each for location in messages.items() for each in _errors(*location)]
        raise Problem("invalid", "Some of what was sent cannot be accepted.", errors=errors)


def parsed(data: bytes) -> Any:
    """The JSON value in ``data``.

    Raises:
        Problem: ``malformed_json``; also for NaN, Infinity and endless nesting.
    """
    try:
        return json.loads(data.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Problem("malformed_json", "The body is not JSON.") from None


def _no_constant(name: str) -> typing.NoReturn:
    raise ValueError(f"{name} is not JSON")


def _errors(location: str, messages: Any) -> Iterator[dict[str, str]]:
    for path, message in _flat(messages, ()):
        where = (
            {"pointer": "".join(f"/{_escaped(part)}" for part in path)}
            if location == "json"
            else {"parameter": str(path[0]) if path else ""}
        )
        yield {**where, "message": message, "code": _CODES.get(message, "invalid")}


def _flat(messages: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _flat(inner, path if key == "_schema" else (*path, key))
    elif isinstance(messages, list):
        for message in messages:
            yield from _flat(message, path)
    else:
        yield path, str(messages)


def _escaped(part: Any) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
