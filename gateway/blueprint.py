"""A blueprint whose operations declare every answer they can give."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import flask
import flask_smorest
import marshmallow

from gateway import body, etags, idempotency
from gateway.schemas import field

View = TypeVar("View", bound=Callable[..., Any])

_OURS = "timebank"
_ALWAYS = {500}
_WITH_A_TOKEN = {401, 403, 429, 503}
_WITH_A_BODY = {400, 413, 415, 422}
_WITH_A_QUERY = {422}


class Blueprint(flask_smorest.Blueprint):
    """Routes of one noun.

    Args:
        name: the tag in the document.
        description: one sentence about the noun.
        secured: whether every route wants a bearer token.
    """

    ARGUMENTS_PARSER = body.Parser()

    def __init__(self, name: str, description: str, *, secured: bool = True) -> None:
        super().__init__(name, __name__, description=description)
        self.secured = secured
        self._prepare_doc_cbks.append(self._prepare_our_doc)

    def arguments(self, schema: type[marshmallow.Schema], **kwargs: Any) -> Any:
        """Take a body or a query; its schema is built once, not for every request."""
        made = schema()
        if isinstance(made, field.Body):
            made.may_be_absent = not kwargs.get("required", True)
        place = kwargs.get("location", "json")
        take = super().arguments(made, **kwargs)
        note = _noted(lambda notes: notes.setdefault("places", set()).add(place))
        return lambda view: note(take(view))

    @staticmethod
    def raises(*statuses: int) -> Callable[[View], View]:
        """Declare problems beyond those that follow from body, query and token."""
        return _noted(lambda notes: notes.setdefault("statuses", set()).update(statuses))

    @staticmethod
    def idempotent(view: View) -> View:
        """Honour an ``Idempotency-Key``."""
        return _with_key(view, required=False)

    @staticmethod
    def creates(view: View) -> View:
        """Want an ``Idempotency-Key``: what is created twice cannot be taken back."""
        return _with_key(view, required=True)

    @staticmethod
    def versioned(view: View) -> View:
        """Send an ``ETag``; the view's answer carries its ``version``."""

        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            answer = view(*args, **kwargs)
            etags.remember(answer)
            return answer

        return _noted(lambda notes: notes.update(versioned=True))(wrapper)  # type: ignore[return-value]

    @staticmethod
    def open_to_systems(scope: str | None = None) -> Callable[[View], View]:
        """Let other systems in, where the member they act for gave them ``scope``.

        Args:
            scope: ``None`` for what is about nobody in particular.
        """
        return _noted(lambda notes: notes.update(systems=True, scope=scope))

    @staticmethod
    def expects_version(view: View) -> View:
        """Take an ``If-Match``."""
        return _noted(lambda notes: notes.update(expects_version=True))(view)

    def _prepare_our_doc(
        self, doc: dict[str, Any], doc_info: dict[str, Any], *, method: str, **_: Any
    ) -> dict[str, Any]:
        notes = doc_info.get(_OURS, {})
        responses = {str(status): said for status, said in doc.get("responses", {}).items()}
        doc["responses"] = responses
        for status in self._statuses(notes):
            responses[str(status)] = f"Problem{status}"
        parameters = doc.setdefault("parameters", [])
        parameters.extend(_parameters(notes, method, self.secured))
        if notes.get("versioned"):
            for status in doc_info.get("success_status_codes", []):
                responses[str(status)].setdefault("headers", {})["ETag"] = "ETag"
            if method == "get":
                responses["304"] = "NotModified"
        if notes.get("systems"):
            doc["x-scope"] = notes["scope"] or "none"
        if not self.secured:
            doc["security"] = []
        return doc

    def _statuses(self, notes: dict[str, Any]) -> set[int]:
        places = notes.get("places", set())
        return (
            _ALWAYS
            | (_WITH_A_TOKEN if self.secured else set())
            | (_WITH_A_BODY if "json" in places else set())
            | (_WITH_A_QUERY if "query" in places else set())
            | ({400, 409, 422} if "key" in notes else set())
            | ({409, 412} if notes.get("expects_version") else set())
            | notes.get("statuses", set())
        )


def _parameters(notes: dict[str, Any], method: str, secured: bool) -> list[str]:
    named = ["CorrelationId"] if secured else []
    if "key" in notes:
        named.append("RequiredKey" if notes["key"] else "OptionalKey")
    if notes.get("scope"):
        named.append("OnBehalfOf")
    if notes.get("expects_version"):
        named.append("IfMatch")
    if notes.get("versioned") and method == "get":
        named.append("IfNoneMatch")
    return named


def _with_key(view: View, *, required: bool) -> View:
    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        idempotency.remember(flask.request.headers.get("Idempotency-Key"), required=required)
        return view(*args, **kwargs)

    return _noted(lambda notes: notes.update(key=required))(wrapper)  # type: ignore[return-value]


def noted(view: Any) -> dict[str, Any]:
    """What the decorators above wrote down about a view."""
    found: dict[str, Any] = getattr(view, "_apidoc", {}).get(_OURS, {})
    return found


def _noted(note: Callable[[dict[str, Any]], Any]) -> Callable[[View], View]:
    """Write a note beside flask-smorest's own on the view."""

    def decorator(view: View) -> View:
        known = {**getattr(view, "_apidoc", {})}
        known[_OURS] = {**known.get(_OURS, {})}
        note(known[_OURS])
        view._apidoc = known  # type: ignore[attr-defined]
        return view

    return decorator
