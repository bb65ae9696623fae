"""Describes the API: the OpenAPI 3.1 document, and a page that lists it for people."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable
from typing import Any

import flask
import flask_smorest

from gateway import problems
from gateway.blueprint import Blueprint
from gateway.schemas import problem
from gateway.settings import Settings
from services.contracts import scopes

VERSION = "1.0.0"
_DESCRIPTION = """\
Help is given and received in minutes; 60 minutes are a credit. Minutes are whole, a
multiple of 15 from 15 to 1,440. Ids are UUIDs, times ISO 8601 in UTC.

Send a bearer token. POSTs that create want an `Idempotency-Key`; every POST honours one:
a repeated request gets the stored answer. Failures are problem documents with a stable
`code`. Lists are pages: follow `next`, or the `Link` header. `X-Correlation-ID` is
echoed, or made, and stands on everything the request caused.

Another system signs in at `/oauth/token` and acts for members who agreed: it names the
member in `On-Behalf-Of`. `x-scope` says what a member must have agreed to.
"""
_TEXT = {"type": "string"}
_PARAMETERS: dict[str, dict[str, Any]] = {
    "CorrelationId": {
        "name": "X-Correlation-ID",
        "description": "1 to 128 of A-Z a-z 0-9 . _ -; anything else is replaced.",
        "schema": _TEXT,
    },
    "RequiredKey": {
        "name": "Idempotency-Key",
        "required": True,
        "description": "1 to 255 printable characters, quoted or not.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._~:-]{1,255}$"},
    },
    "OptionalKey": {
        "name": "Idempotency-Key",
        "description": "1 to 255 printable characters, quoted or not.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._~:-]{1,255}$"},
    },
    "OnBehalfOf": {
        "name": "On-Behalf-Of",
        "description": "Only for other systems: the id of the member who agreed to it.",
        "schema": {"type": "string", "pattern": "^[0-9A-Fa-f-]{36}$"},
    },
    "IfMatch": {
        "name": "If-Match",
        "description": "The `ETag` of the version to be changed; otherwise 412.",
        "schema": _TEXT,
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "description": "The `ETag` of what the client has already; then 304.",
        "schema": _TEXT,
    },
}
_REASONS = {
    400: "Malformed JSON, or an `Idempotency-Key` missing or unusable.",
    401: "The token is missing, expired, or not to be trusted.",
    403: "Not a member yet, or not allowed to do or see this.",
    404: "There is no such thing, or not for this caller.",
    409: "The state does not allow it; the answer says the state and what is allowed.",
    412: "It was changed in the meantime.",
    413: "The body is larger than 64 KiB, or a table of people than 1 MiB.",
    415: "The body is not sent as JSON.",
    422: "Fields cannot be accepted (`errors` has the pointers), or the key was used before.",
    429: "Too many requests; `Retry-After` says how long to wait.",
    500: "Our fault.",
    503: "A part of us is away; `Retry-After` says when to try again.",
}


class _Api(flask_smorest.Api):
    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = problem.Problem

    def _register_error_handlers(self) -> None:
        """Ours are registered already."""


def describe(app: flask.Flask, settings: Settings, blueprints: Iterable[Blueprint]) -> None:
    """Register the blueprints with their documentation at /openapi.json and /docs."""
    app.config.update(
        API_TITLE="Talent Timebank",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = _Api(
        app,
        spec_kwargs={
            "info": {"description": _DESCRIPTION},
            "servers": [{"url": settings.public_url}],
            "security": [{"bearer": []}],
            "x-problem-codes": dict(sorted(problems.STATUSES.items())),
        },
    )
    _components(api.spec, settings)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    _name_operations(api.spec)
    page = _page(api.spec.to_dict())
    policy = _policy()

    @app.get("/docs")
    def docs() -> flask.Response:
        response = flask.Response(page, mimetype="text/html")
        response.headers["Content-Security-Policy"] = policy
        response.headers["Cache-Control"] = "no-cache"
        return response


def _components(spec: Any, settings: Settings) -> None:
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    flow = {"tokenUrl": f"{settings.public_url}/oauth/token", "scopes": scopes.SCOPES}
    spec.components.security_scheme(
        "system", {"type": "oauth2", "flows": {"clientCredentials": flow}}
    )
    for name, parameter in _PARAMETERS.items():
        spec.components.parameter(name, "header", parameter)
    spec.components.header("ETag", {"description": "Version and digest.", "schema": _TEXT})
    spec.components.response("NotModified", {"description": "The client has it already."})
    for status, reason in _REASONS.items():
        content = {problems.CONTENT_TYPE: {"schema": problem.Problem}}
        spec.components.response(f"Problem{status}", {"description": reason, "content": content})


def _name_operations(spec: Any) -> None:
    """Give each operation an id that generated clients can use as a name."""
    for path, operations in spec._paths.items():
        for method, operation in operations.items():
            if method != "parameters":
                words = path.replace("{", "").replace("}", "").strip("/").split("/")
                operation["operationId"] = "_".join([method, *words]).replace("-", "_")


_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code{background:#eee;padding:0 .2em}dt{margin-top:.7rem}h2{margin-top:2rem}"
)


def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"


def _page(document: dict[str, Any]) -> str:
    """The document as plain HTML: every operation by tag, every problem code."""
    info = document["info"]
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{html.escape(info['title'])} API</title><style>{_STYLE}</style>",
        f"<main><h1>{html.escape(info['title'])} API {html.escape(info['version'])}</h1>",
        *(f"<p>{html.escape(text)}</p>" for text in info["description"].split("\n\n")),
        '<p>The whole contract, for tools: <a href="/openapi.json">openapi.json</a>; what other'
        ' systems hear: <a href="/asyncapi.json">asyncapi.json</a>.</p>',
    ]
    for tag in document.get("tags", []):
        parts.append(f"<h2>{html.escape(tag['name'])}</h2>")
        parts.append(f"<p>{html.escape(tag.get('description', ''))}</p><dl>")
        parts.extend(_operations(document, tag["name"]))
        parts.append("</dl>")
    parts.append("<h2>Problem codes</h2><dl>")
    for code, status in sorted(problems.STATUSES.items()):
        parts.append(
            f'<dt id="{code}"><code>{code}</code></dt>'
            f"<dd>{status}: {html.escape(problems.title(code))}</dd>"
        )
    parts.append("</dl></main></html>")
    return "\n".join(parts)


def _operations(document: dict[str, Any], tag: str) -> Iterable[str]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method != "parameters" and tag in operation.get("tags", []):
                summary = html.escape(operation.get("summary", ""))
                answers = ", ".join(sorted(map(str, operation["responses"])))
                yield f"<dt><code>{method.upper()} {html.escape(path)}</code></dt>"
                yield f"<dd>{summary} <small>({answers})</small></dd>"
