"""Every way a request can fail: its stable code, its status, and the document that says so."""

from __future__ import annotations

import http
import traceback
from collections.abc import Mapping
from typing import Any

import flask
import structlog
from werkzeug import exceptions

from services.bus.rpc import RpcError

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
TRY_AGAIN_IN = 2
"""Seconds a client is asked to wait when one of our parts is away: the usual time of
a restart that somebody else's retry would only lengthen."""

STATUSES: dict[str, int] = {
    # the request itself
    "bad_request": 400,
    "malformed_json": 400,
    "idempotency_key_missing": 400,
    "idempotency_key_invalid": 400,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "invalid": 422,
    "validation": 422,
    "bad_cursor": 422,
    "idempotency_key_reused": 422,
    "idempotency_still_running": 409,
    "version_conflict": 409,
    "too_many_requests": 429,
    # who asks
    "token_missing": 401,
    "token_invalid": 401,
    "token_expired": 401,
    "not_allowed": 403,
    "not_a_member": 403,
    # what is asked for
    "not_found": 404,
    "method_not_allowed": 405,
    # what the state does not allow
    "step_not_allowed": 409,
    "own_listing": 409,
    "listing_closed": 409,
    "capacity_full": 409,
    "already_joined": 409,
    "hold_not_enlarged": 409,
    # ourselves
    "broken": 500,
    "try_later": 503,
    "overloaded": 503,
    "sign_in_unavailable": 503,
}
"""Codes with a status of their own; others take the status of their family."""

_FAMILIES = {"refused": 409, "not_allowed": 403, "try_later": 503, "broken": 500}
_RESERVED = frozenset({"type", "title", "status", "detail", "code", "errors", "correlation_id"})
_CODES_OF_STATUSES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
}
_SENTENCES = {
    404: "There is nothing here.",
    405: "This address does not know that method.",
    413: "The body is larger than 64 KiB.",
    415: "The body must be sent as application/json.",
}


class Problem(Exception):
    """A request is answered with a problem document.

    Args:
        code: one of ours; it decides the status unless ``status`` is given.
        detail: one sentence for a person.
        errors: what is wrong with single fields: pointer or parameter, message, code.
        facts: further members a client can act on.
        headers: of the answer.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        errors: list[dict[str, str]] | None = None,
        facts: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.status = status or STATUSES[code]
        self.errors = errors or []
        self.facts = facts or {}
        self.headers = dict(headers or {})
        if self.status == http.HTTPStatus.SERVICE_UNAVAILABLE:
            self.headers.setdefault("Retry-After", str(TRY_AGAIN_IN))

    def body(self, base_url: str, correlation_id: str | None) -> dict[str, Any]:
        """The document; ``type`` leads to the code's line in our documentation."""
        return {
            **{key: value for key, value in self.facts.items() if key not in _RESERVED},
            "type": f"{base_url}/docs#{self.code}",
            "title": title(self.code),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "errors": self.errors,
            "correlation_id": correlation_id,
        }


def title(code: str) -> str:
    return code.replace("_", " ").capitalize()


def of_refusal(error: RpcError, *, if_match: bool) -> Problem:
    """What a service's refusal means over HTTP.

    Args:
        error: as it came from the service.
        if_match: whether the client named the version it expects.
    """
    if error.family == "broken":
        return Problem("broken", "Something went wrong on our side.")
    status = _status_of(error.code, error.family)
    if error.code == "version_conflict" and if_match:
        status = 412
    detail = dict(error.detail or {})
    errors = detail.pop("errors", None)
    if status == 422 and not isinstance(errors, list):
        errors = _errors_of(error.message, detail)
    return Problem(
        error.code,
        error.message,
        status=status,
        errors=errors if isinstance(errors, list) else None,
        facts=detail,
    )


def _errors_of(message: str, detail: Mapping[str, Any]) -> list[dict[str, str]]:
    field = detail.get("field")
    if not isinstance(field, str):
        return []
    return [{"pointer": f"/{field}", "message": message, "code": "invalid"}]


def _status_of(code: str, family: str) -> int:
    if code in STATUSES:
        return STATUSES[code]
    if code.endswith(("not_found", "_unknown")):
        return 404
    if code.endswith(("_invalid", "invalid_cursor")) or code.startswith("invalid_"):
        return 422
    return _FAMILIES.get(family, 500)


def of_http(error: exceptions.HTTPException) -> Problem:
    """What Flask and Werkzeug refuse by themselves, in our form."""
    status = error.code or 500
    if status >= 500:
        return Problem("broken", "Something went wrong on our side.")
    code = _CODES_OF_STATUSES.get(status, "bad_request")
    kept = {k: v for k, v in error.get_headers() if k.lower() in ("allow", "retry-after")}
    sentence = _SENTENCES.get(status, "The request cannot be understood.")
    return Problem(code, sentence, status=STATUSES[code], headers=kept)


def answer(problem: Problem) -> flask.Response:
    """The problem as an HTTP answer."""
    base_url = flask.current_app.config["PUBLIC_URL"]
    body = problem.body(base_url, flask.g.get("correlation_id"))
    response = flask.jsonify(body)
    response.status_code = problem.status
    response.content_type = CONTENT_TYPE
    response.headers.update(problem.headers)
    return response


def register(app: flask.Flask) -> None:
    """Turn every failure of ``app`` into a problem document."""

    @app.errorhandler(Problem)
    def known(problem: Problem) -> flask.Response:
        return answer(problem)

    @app.errorhandler(RpcError)
    def refused(error: RpcError) -> flask.Response:
        return answer(of_refusal(error, if_match="If-Match" in flask.request.headers))

    @app.errorhandler(exceptions.HTTPException)
    def http_error(error: exceptions.HTTPException) -> flask.Response:
        return answer(of_http(error))

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> flask.Response:
        # The type and the place, never the text: it may quote what a member wrote.
        log.error(
            "request failed",
            error=type(error).__name__,
            at=[
                f"{frame.filename}:{frame.lineno}"
                for frame in traceback.extract_tb(error.__traceback__)
            ][-6:],
            correlation_id=flask.g.get("correlation_id"),
        )
        return answer(Problem("broken", "Something went wrong on our side."))
