"""Who is looking at a page: the cookie that says so, and the secret its forms are proved by."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import flask
from werkzeug import wrappers

from gateway import asking
from services.bus.caller import Caller

REMEMBERED = 2.0
"""Seconds a session is not asked for again, as with tokens."""
MOST_REMEMBERED = 10_000
TRUSTED = 30 * 24 * 3_600
"""Seconds a trusted device keeps its cookie; members decide whether it is still good."""
SECRET_BYTES = 32
LONGEST = 2_000
"""Characters of a cookie."""

SESSION, VISIT = "timebank", "timebank-visit"
"""Cookies: of somebody signed in, and of a browser nobody has signed in on yet."""


@dataclass(frozen=True)
class Visitor:
    """Whoever sent the request at hand.

    Attributes:
        email: the address they signed in with; ``None`` for nobody.
        caller: the member; ``None`` for somebody who has not joined.
        trusted: the device is their own.
    """

    email: str | None = None
    caller: Caller | None = None
    name: str | None = None
    status: str | None = None
    trusted: bool = False

    @property
    def signed_in(self) -> bool:
        return self.email is not None


NOBODY = Visitor()


def current() -> Visitor:
    """The visitor, asked of members once for each request.

    Raises:
        RpcError: members cannot be asked.
    """
    found: Visitor | None = flask.g.get("visitor")
    if found is None:
        token = kept(SESSION)
        found = flask.g.visitor = _of(token) if token else NOBODY
    return found


def _of(token: str) -> Visitor:
    door, key = asking.door(), hashed(token)
    known = door.sessions.get(key)
    if known is None:
        known = asking.ask_ourselves("members", "session", token_hash=key) or {}
        if known:
            door.sessions.keep(key, known)
    return _visitor(known) if known else NOBODY


def _visitor(found: Mapping[str, Any]) -> Visitor:
    who = found["member"]
    if not who:
        return Visitor(email=found["email"], trusted=found["trusted"])
    caller = Caller(
        id=UUID(who["id"]),
        region=who["region"],
        organisation=who["organisation"],
        roles=frozenset(who["roles"]),
        approved=who["approved"],
    )
    return Visitor(found["email"], caller, who["name"], who["status"], found["trusted"])


def sign_in(answer: wrappers.Response, email: str, *, trusted: bool) -> wrappers.Response:
    """Sign the browser in: always with a new secret, whatever it held before."""
    token = secrets.token_urlsafe(SECRET_BYTES)
    _end_session(everywhere=False)
    asking.ask_ourselves(
        "members", "open_session", token_hash=hashed(token), email=email, trusted=trusted
    )
    keep(answer, SESSION, token, TRUSTED if trusted else None)
    return answer


def sign_out(answer: wrappers.Response, *, everywhere: bool = False) -> wrappers.Response:
    """Sign the browser out, or every browser of the same address."""
    _end_session(everywhere=everywhere)
    keep(answer, SESSION, "", 0)
    return answer


def _end_session(*, everywhere: bool) -> None:
    token = kept(SESSION)
    if token:
        key = hashed(token)
        asking.door().sessions.forget(key)
        asking.ask_ourselves("members", "close_session", token_hash=key, everywhere=everywhere)


def session_key() -> str:
    """What the visitor's session is remembered by."""
    return hashed(kept(SESSION) or "")


def csrf() -> str:
    """What a form of this browser carries, and nobody without its cookie can know."""
    token = kept(SESSION) if _known() else None
    if token is None:
        token = flask.g.get("visit") or kept(VISIT)
    if token is None:
        token = flask.g.visit = secrets.token_urlsafe(SECRET_BYTES)
    return hashed(f"csrf {token}")


def proves(csrf_token: str | None) -> bool:
    """Whether a form that was sent is one we gave this browser."""
    cookies = (kept(SESSION), kept(VISIT))
    expected = [hashed(f"csrf {token}") for token in cookies if token]
    given = (csrf_token or "").encode()  # texts are compared in ASCII only
    return any(hmac.compare_digest(given, each.encode()) for each in expected)


def keep_visit(answer: wrappers.Response) -> wrappers.Response:
    """Give a browser that was shown a form the cookie that proves it."""
    if flask.g.get("visit"):
        keep(answer, VISIT, flask.g.visit, None)
    return answer


def _known() -> bool:
    found: Visitor | None = flask.g.get("visitor")
    return found is not None and found.signed_in


def hashed(text: str) -> str:
    """What may be told and kept of a secret."""
    return hashlib.sha256(text.encode()).hexdigest()


def _secure() -> bool:
    return asking.door().settings.public_url.startswith("https://")


def _name(cookie: str) -> str:
    """With a prefix that lets no other host or path set it; browsers want https for that."""
    return f"__Host-{cookie}" if _secure() else cookie


def kept(name: str) -> str | None:
    """What a cookie of ours holds."""
    found = flask.request.cookies.get(_name(name))
    return found if found and len(found) <= LONGEST and found.isascii() else None


def keep(answer: wrappers.Response, name: str, value: str, max_age: int | None) -> None:
    answer.set_cookie(
        _name(name),
        value,
        max_age=max_age,
        path="/",
        secure=_secure(),
        httponly=True,
        samesite="Lax",
    )
