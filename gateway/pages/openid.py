"""Signing in with somebody else's account: OpenID Connect, by code, proved by our own key.

    leave ──> the issuer, with state, nonce and the challenge of a secret (PKCE)
    come_back <── a code; exchanged for an ID token, whose address we take

What must come back lies in a cookie of the browser for ten minutes; nothing is kept here.
"""

from __future__ import annotations

import base64
import dataclasses
import hmac
import json
import secrets
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flask
import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import errors as jose
from joserfc import jwt
from werkzeug import wrappers

from gateway import asking, tokens
from gateway.pages import links, visitor
from gateway.problems import Problem
from gateway.settings import PRIVATE_KEY_JWT, Provider

ATTEMPT = "timebank-sign-in"
ATTEMPT_SECONDS = 600
"""Long enough to find a smartcard; then one begins again."""
ASSERTION_SECONDS = 60
"""What proves us is good for one request."""
TIMEOUT = 5
"""Seconds an issuer may take for an answer."""
METADATA_KEPT = 3_600.0
"""Seconds until an issuer's description of itself is read again."""
VERIFIER_BYTES = 48


@dataclass(frozen=True)
class Attempt:
    """What a browser must come back with, and where it goes then."""

    provider: str
    state: str
    nonce: str
    verifier: str
    back_to: str
    trusted: bool


@dataclass(frozen=True)
class Arrival:
    """Somebody who has proved an address."""

    email: str
    back_to: str
    trusted: bool


class Client:
    """Us, as one issuer knows us.

    Args:
        provider: the issuer, and what it calls us.
        redirect_uri: where it sends people back to.
        fetch: reads a JSON object.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        provider: Provider,
        redirect_uri: str,
        fetch: tokens.Fetch,
        clock: Callable[[], float],
    ) -> None:
        self.provider, self.redirect_uri = provider, redirect_uri
        self._fetch, self._clock = fetch, clock
        self._described: tuple[float, dict[str, Any]] | None = None
        self._keys: tokens.Published | None = None

    @property
    def origin(self) -> str:
        """Scheme and host of the issuer."""
        parts = urllib.parse.urlsplit(self.provider.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def public(self) -> dict[str, Any] | None:
        """The public half of the key the issuer knows us by, if it does so by a key."""
        if self.provider.method != PRIVATE_KEY_JWT:
            return None
        key = self.provider.secret.as_dict(private=False)
        return {**key, "use": "sig", "alg": self.provider.algorithm}

    def begin(self, back_to: str, trusted: bool) -> tuple[str, Attempt]:
        """The issuer's address to go to, and what is expected back.

        Raises:
            Problem: ``sign_in_unavailable``.
        """
        verifier = secrets.token_urlsafe(VERIFIER_BYTES)
        nonce = secrets.token_urlsafe()
        address, state = self._session().create_authorization_url(
            self._metadata()["authorization_endpoint"], code_verifier=verifier, nonce=nonce
        )
        return address, Attempt(self.provider.name, state, nonce, verifier, back_to, trusted)

    def email(self, code: str, attempt: Attempt) -> str:
        """The address a code is worth.

        Raises:
            Problem: ``sign_in_failed`` or ``sign_in_unavailable``.
        """
        session = self._session()
        try:
            given = session.fetch_token(
                self._metadata()["token_endpoint"], code=code, code_verifier=attempt.verifier
            )
            claims = self._claims(str(given.get("id_token")), attempt.nonce)
            if self.provider.email_claim not in claims:
                claims |= self._told_apart(session, claims["sub"])
        except (requests.RequestException, OSError):
            raise unavailable() from None
        except (AuthlibBaseError, jose.JoseError, ValueError, TypeError, KeyError):
            raise failed() from None
        return self._address(claims)

    def _claims(self, id_token: str, nonce: str) -> dict[str, Any]:
        """What a genuine ID token says that was made for us and this attempt."""
        header, _ = tokens.unproved(id_token)
        keys = self._published().find(header.get("kid"))
        claims = jwt.decode(id_token, keys, algorithms=list(tokens.ALGORITHMS)).claims
        jwt.JWTClaimsRegistry(
            leeway=tokens.LEEWAY,
            iss={"essential": True, "value": self._metadata()["issuer"]},
            aud={"essential": True, "value": self.provider.client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
            azp={"value": self.provider.client_id},
        ).validate(claims)
        return dict(claims)

    def _told_apart(self, session: OAuth2Session, subject: str) -> dict[str, Any]:
        """What an issuer tells beside the ID token, about the same person."""
        answer = session.get(self._metadata()["userinfo_endpoint"], timeout=TIMEOUT)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        if found.get("sub") != subject:
            raise ValueError("the issuer speaks of somebody else")
        return found

    def _address(self, claims: dict[str, Any]) -> str:
        address = tokens.address(claims, self.provider.email_claim)
        domain = address.rpartition("@")[2]
        if self.provider.domains and domain not in self.provider.domains:
            raise failed()
        return address

    def _session(self) -> OAuth2Session:
        session = OAuth2Session(
            self.provider.client_id,
            self.provider.secret,
            token_endpoint_auth_method=self.provider.method,
            scope=self.provider.scope,
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
            default_timeout=TIMEOUT,
        )
        if self.provider.method == PRIVATE_KEY_JWT:
            session.register_client_auth_method(
                _OurKey(alg=self.provider.algorithm, headers={"kid": self.provider.secret.kid})
            )
        return session

    def _metadata(self) -> dict[str, Any]:
        now = self._clock()
        if self._described is None or now - self._described[0] > METADATA_KEPT:
            address = f"{self.provider.issuer}/.well-known/openid-configuration"
            try:
                found = self._fetch(address)
            except (OSError, ValueError):
                raise unavailable() from None
            if found.get("issuer") != self.provider.issuer:
                raise unavailable()
            self._described = (now, found)
        return self._described[1]

    def _published(self) -> tokens.Published:
        if self._keys is None:
            self._keys = tokens.Published(self._metadata()["jwks_uri"], self._fetch, self._clock)
        return self._keys


class _OurKey(PrivateKeyJWT):
    """Proves us for a minute, where the library would for an hour."""

    def sign(self, auth: Any, token_endpoint: str) -> str:
        self.claims = {"exp": int(time.time()) + ASSERTION_SECONDS}
        return str(super().sign(auth, token_endpoint))


def leave(name: str, back_to: str, trusted: bool) -> wrappers.Response:
    """On to an issuer.

    Raises:
        Problem: ``not_found`` or ``sign_in_unavailable``.
    """
    address, attempt = _client(name).begin(back_to, trusted)
    answer = flask.redirect(address, 303)
    kept = json.dumps(dataclasses.asdict(attempt)).encode()
    text = base64.urlsafe_b64encode(kept).decode()
    visitor.keep(answer, ATTEMPT, text, ATTEMPT_SECONDS)
    return answer


def come_back(name: str) -> Arrival:
    """Who came back from an issuer.

    Raises:
        Problem: ``not_found``, ``sign_in_failed`` or ``sign_in_unavailable``.
    """
    client, given = _client(name), flask.request.args
    attempt = _attempt(visitor.kept(ATTEMPT))
    genuine = (
        attempt is not None
        and attempt.provider == name
        and hmac.compare_digest(attempt.state.encode(), given.get("state", "").encode())
        and given.get("iss") in (None, client.provider.issuer)
    )
    if attempt is None or not genuine or not given.get("code"):
        raise failed()
    return Arrival(client.email(given["code"], attempt), attempt.back_to, attempt.trusted)


def _client(name: str) -> Client:
    try:
        found: Client = asking.door().clients[name]
    except KeyError:
        raise Problem("not_found", "There is nothing here.") from None
    return found


def _attempt(text: str | None) -> Attempt | None:
    try:
        found = Attempt(**json.loads(base64.urlsafe_b64decode(text or "")))
        return dataclasses.replace(found, back_to=links.local(found.back_to))
    except (ValueError, TypeError):
        return None


def failed() -> Problem:
    return Problem("sign_in_failed", "Signing in did not work. Nothing was changed; try again.")


def unavailable() -> Problem:
    return Problem("sign_in_unavailable", "The sign-in service does not answer; try again.")
