"""The ``Idempotency-Key`` of a request; the owning service keeps what was answered to it."""

import hashlib
import json
import re
from typing import Any

import flask

from gateway import body
from gateway.problems import Problem
from services.bus.idempotency import Key

LONGEST = 255
_BARE = re.compile(r"[\x21-\x7e]{1,255}")
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"')


def remember(header: str | None, *, required: bool) -> None:
    """Keep the key for the call to come.

    Raises:
        Problem: it is required and missing, or unusable.
    """
    if header is None and required:
        raise Problem(
            "idempotency_key_missing",
            "Send an Idempotency-Key, for example a new UUID, so that a repeated request "
            "does nothing twice.",
        )
    flask.g.idempotency_key = parse(header) if header is not None else None


def remember_form(given: str | None, fields: dict[str, list[str]]) -> None:
    """Keep the key of a form for the call to come; a form without one may be sent again.

    Args:
        fields: what was filled in.
    """
    flask.g.idempotency_key = parse(given) if given else None
    flask.g.idempotency_content = fields


def parse(header: str) -> str:
    """The key, whether it came quoted (as a structured field) or bare."""
    text = header.strip()
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        return re.sub(r'\\(["\\])', r"\1", quoted[1])
    if text.startswith('"') or not _BARE.fullmatch(text):
        raise Problem(
            "idempotency_key_invalid",
            f"An Idempotency-Key has 1 to {LONGEST} printable characters.",
        )
    return text


def key() -> Key | None:
    """What identifies the request at hand, for the service that keeps the answer."""
    known = flask.g.get("idempotency_key")
    if known is None:
        return None
    request = flask.request
    content = flask.g.get("idempotency_content") or _body()
    route = f"{request.method} {request.url_rule}"
    return Key(known, route, payload_hash(request.path, content))


def _body() -> Any:
    data = flask.request.get_data(cache=True)
    return body.parsed(data) if data else None


def payload_hash(path: str, content: Any) -> str:
    """A digest that is the same for the same request, however its JSON was laid out."""
    canonical = json.dumps([path, content], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
