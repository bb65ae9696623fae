"""Answers given on one page and needed on a later one, kept in the visitor's own browser.

Each page's answers lie in a cookie of their own, signed by what only this browser holds: its
session. Whoever signs in next on the same machine cannot read on. Nothing is kept here, and
nothing personal stands in an address.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from collections.abc import Iterable
from typing import Any

from werkzeug import wrappers

from gateway.pages import visitor

KEPT = 24 * 3_600
"""Seconds: long enough to finish after a shift."""
_DIGEST_CHARACTERS = 64


def read(name: str) -> dict[str, Any]:
    """What was kept under ``name``; empty where nothing of ours is."""
    sealed = visitor.kept(name) or ""
    digest, text = sealed[:_DIGEST_CHARACTERS], sealed[_DIGEST_CHARACTERS:]
    if not text or not hmac.compare_digest(digest, _digest(name, text)):
        return {}
    try:
        found: dict[str, Any] = json.loads(zlib.decompress(base64.urlsafe_b64decode(text)))
    except (binascii.Error, zlib.error, ValueError):  # signed by us, so of another version
        return {}
    return found


def fits(answers: dict[str, Any]) -> bool:
    """Whether a browser would keep so much."""
    return _DIGEST_CHARACTERS + len(_packed(answers)) <= visitor.LONGEST


def write(answer: wrappers.Response, name: str, answers: dict[str, Any]) -> None:
    """Keep a page's answers, which must fit."""
    text = _packed(answers)
    visitor.keep(answer, name, _digest(name, text) + text, KEPT)


def forget(answer: wrappers.Response, names: Iterable[str]) -> None:
    for name in names:
        visitor.keep(answer, name, "", 0)


def _packed(answers: dict[str, Any]) -> str:
    text = json.dumps(answers, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()


def _digest(name: str, text: str) -> str:
    key = f"draft {visitor.kept(visitor.SESSION) or ''}".encode()
    return hmac.new(key, f"{name} {text}".encode(), hashlib.sha256).hexdigest()
