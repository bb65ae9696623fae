"""Every way a request can fail: its stable code, its status, and the document that says so."""

from __future__ import annotations

import http
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import flask
import structlog
from werkzeug import exceptions

from services.bus.rpc import RpcError

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
BROKEN = "Something went wrong on our side."
OUR_MISTAKE = "malformed_call"
"""A service's code for a call that does not fit: the gateway's fault, never the client's."""
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
    "invalid_request": 422,
    "invalid_amendment": 422,
    "bad_cursor": 422,
    "cursor_not_valid": 422,
    "starts_at_invalid": 422,
    "expires_at_invalid": 422,
    "minutes_not_valid": 422,
    "took_place_invalid": 422,
    "cover_too_long": 422,
    "sheet_not_readable": 422,
    "reason_missing": 422,
    "choice_not_offered": 422,
    "decision_invalid": 422,
    "period_invalid": 422,
    "grouping_invalid": 422,
    "region_invalid": 422,
    "receiver_not_valid": 422,
    "moment_not_valid": 422,
    "idempotency_key_reused": 422,
    "idempotency_still_running": 409,
    "too_many_requests": 429,
    # who asks
    "token_missing": 401,
    "token_invalid": 401,
    "token_expired": 401,
    "not_allowed": 403,
    "not_a_member": 403,
    "not_approved": 403,
    "not_your_region": 403,
    "own_matter": 403,
    "no_address": 403,
    "scope_missing": 403,
    "consent_missing": 403,
    "client_other_region": 403,
    "only_in_person": 403,
    "member_not_named": 403,
    "private_to_the_two": 403,
    "not_for_systems": 403,
    "form_expired": 403,
    "sign_in_failed": 400,
    # what is asked for
    "not_found": 404,
    "member_not_found": 404,
    "listing_not_found": 404,
    "exchange_not_found": 404,
    "ask_not_found": 404,
    "slot_not_found": 404,
    "search_not_found": 404,
    "cover_not_found": 404,
    "address_not_found": 404,
    "network_not_found": 404,
    "sheet_not_found": 404,
    "concern_not_found": 404,
    "message_not_parked": 404,
    "subscription_not_found": 404,
    "action_unknown": 404,
    "client_not_found": 404,
    "method_not_allowed": 405,
    # what the state does not allow
    "step_not_allowed": 409,
    "version_conflict": 409,
    "own_listing": 409,
    "listing_closed": 409,
    "capacity_full": 409,
    "only_offers": 409,
    "same_giver": 409,
    "slot_taken": 409,
    "already_saved": 409,
    "too_many_searches": 409,
    "already_joined": 409,
    "already_decided": 409,
    "already_thanked": 409,
    "minutes_not_agreed": 409,
    "hold_too_small": 409,
    "hold_not_enlarged": 409,
    "not_enough_minutes": 409,
    "second_approver_needed": 409,
    "reminded_lately": 409,
    "reminded_enough": 409,
    "nudged_enough": 409,
    "not_with_oneself": 409,
    "no_colleague": 409,
    "messages_closed": 409,
    "too_many_messages": 409,
    "feedback_closed": 409,
    "concern_closed": 409,
    "too_many_concerns": 409,
    "too_many_blocked": 409,
    "not_their_region": 409,
    "link_not_valid": 409,
    "too_many_lines": 409,
    "address_yours": 409,
    "addresses_enough": 409,
    "last_address": 409,
    "links_enough": 409,
    "network_yours": 409,
    "networks_enough": 409,
    "scope_not_granted": 409,
    "assertion_refused": 409,
    "too_many_subscriptions": 409,
    "subscription_not_active": 409,
    "only_for_webhooks": 409,
    "message_kills": 409,
    "feed_not_offered": 409,
    # ourselves
    "broken": 500,
    "try_later": 503,
    "overloaded": 503,
    "sign_in_unavailable": 503,
    "broker_away": 503,
    "connection_lost": 503,
    "nobody_there": 503,
    "timed_out": 503,
}
"""What clients can decide by. A refusal whose code is not here is told by its family."""
_PLACES = {
    "bad_cursor": {"parameter": "cursor"},
    "cursor_not_valid": {"parameter": "cursor"},
    "period_invalid": {"parameter": "from"},
    "grouping_invalid": {"parameter": "by"},
    "region_invalid": {"parameter": "region"},
    "choice_not_offered": {"parameter": "choice"},
    "reason_missing": {"pointer": "/reason"},
    "minutes_not_valid": {"pointer": "/minutes"},
    "starts_at_invalid": {"pointer": "/starts_at"},
    "expires_at_invalid": {"pointer": "/expires_at"},
    "took_place_invalid": {"pointer": "/took_place_at"},
    "cover_too_long": {"pointer": "/until"},
    "sheet_not_readable": {"pointer": "/table"},
    "receiver_not_valid": {"pointer": "/url"},
    "moment_not_valid": {"pointer": "/since"},
}
"""What a service's refusal is about, where the code alone says it."""

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


def of_refusal(error: RpcError, *, if_match: bool, of_query: bool = False) -> Problem:
    """What a service's refusal means over HTTP.

    Args:
        error: as it came from the service.
        if_match: whether the client named the version it expects.
        of_query: whether what was wrong stood behind the question mark.
    """
    status = STATUSES.get(error.code, _FAMILIES.get(error.family, 500))
    if error.family == "broken" or error.code == OUR_MISTAKE or status == 500:
        return Problem("broken", BROKEN)
    if error.code == "version_conflict" and if_match:
        status = 412
    facts = dict(error.detail)
    told = facts.pop("errors", None)
    errors = [_told(each, of_query) for each in told] if isinstance(told, list) else []
    if status == 422 and not errors:
        errors = _placed(error.code, error.message, facts.pop("pointer", None))
    return Problem(error.code, error.message, status=status, errors=errors, facts=facts)


def _told(found: Any, of_query: bool) -> dict[str, str]:
    """A service's word on one field; services know arguments, not where they came from."""
    pointer = str(found.get("pointer", ""))
    place = {"parameter": pointer.lstrip("/")} if of_query else {"pointer": pointer}
    return {
        **place,
        "message": str(found.get("message", "")),
        "code": str(found.get("code", "invalid")),
    }


def _placed(code: str, message: str, pointer: Any) -> list[dict[str, str]]:
    place = {"pointer": pointer} if isinstance(pointer, str) else _PLACES.get(code)
    return [{**place, "message": message, "code": "invalid"}] if place else []


def of_http(error: exceptions.HTTPException) -> Problem:
    """What Flask and Werkzeug refuse by themselves, in our form."""
    status = error.code or 500
    if status >= 500:
        return Problem("broken", BROKEN)
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


def register(app: flask.Flask, show: Callable[[Problem], flask.Response] = answer) -> None:
    """Turn every failure of ``app`` into what is shown of it: a problem document."""

    @app.errorhandler(Problem)
    def known(problem: Problem) -> flask.Response:
        return show(problem)

    @app.errorhandler(RpcError)
    def refused(error: RpcError) -> flask.Response:
        request = flask.request
        if error.family == "broken" or error.code == OUR_MISTAKE:
            log.error("a service broke", code=error.code, correlation_id=flask.g.correlation_id)
        if_match, of_query = "If-Match" in request.headers, request.method == "GET"
        return show(of_refusal(error, if_match=if_match, of_query=of_query))

    @app.errorhandler(exceptions.HTTPException)
    def http_error(error: exceptions.HTTPException) -> flask.Response:
        return show(of_http(error))

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> flask.Response:
        log.error(
            "request failed",
            error=type(error).__name__,
            at=_places(error),
            correlation_id=flask.g.get("correlation_id"),
        )
        return show(Problem("broken", BROKEN))


def _places(error: Exception) -> list[str]:
    """Where it failed: our own lines, and the last. Never its text, which may quote a member."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename]
    return [f"{frame.filename}:{frame.lineno}" for frame in [*ours[-4:], frames[-1]]]
