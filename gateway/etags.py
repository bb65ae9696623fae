"""Versions over HTTP: ``ETag`` on what is sent, ``If-Match`` on what is to be changed."""

import hashlib
import re
from typing import Any

import flask

NOBODYS_VERSION = -1
_TAG = re.compile(r'(?:W/)?"(\d{1,9})(?:-[0-9a-f]+)?"')


def remember(answer: Any) -> None:
    """Keep the version of the answer at hand until its headers are written."""
    if isinstance(answer, dict) and isinstance(answer.get("version"), int):
        flask.g.version = answer["version"]


def tag(response: flask.Response) -> flask.Response:
    """Write the ``ETag``; a ``GET`` whose client has it already is answered 304.

    The tag names the version, which ``If-Match`` is about, and a digest of the body,
    since names and allowed steps change without the version.
    """
    version = flask.g.get("version")
    if version is None or response.status_code not in (200, 201):
        return response
    digest = hashlib.sha256(response.get_data()).hexdigest()[:12]
    response.set_etag(f"{version}-{digest}")
    if flask.request.method in ("GET", "HEAD"):
        # If-Match is about what is to be changed, and answered by 412 there alone.
        response.make_conditional({**flask.request.environ, "HTTP_IF_MATCH": ""})
    return response


def expected() -> int | None:
    """The version the client wants to change, or ``None`` when it does not say.

    A tag that is none of ours gives a version nothing has, so that the answer is 412.
    """
    header = flask.request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    found = [int(version) for version in _TAG.findall(header)]
    return max(found, default=NOBODYS_VERSION)
