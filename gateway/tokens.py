"""Judges bearer tokens: who issued them, for whom, until when, and whether they are genuine."""

import base64
import binascii
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from joserfc import errors as jose
from joserfc import jwk, jwt

from gateway.problems import Problem
from gateway.settings import Issuer

ALGORITHMS = ("ES256", "RS256", "RS512")
"""Signatures with a private key only. A shared secret (HS256) would let whoever can
check a token also make one, and with a public key as the secret, anybody."""
LONGEST_TOKEN = 8_192
"""Characters; eventlet takes no longer header line either."""
LEEWAY = 30
"""Seconds two well-kept clocks may differ."""
KEYS_KEPT = 3_600
"""Seconds until an issuer's keys are read again; issuers announce new ones days before."""
KEYS_REREAD = 30
"""Seconds between two readings because of an unknown key id: tokens with invented key
ids must not become a way of making us call the issuer."""
LARGEST_KEY_SET = 262_144
"""Bytes."""

Fetch = Callable[[str], dict[str, Any]]


class Keys(Protocol):
    """An issuer's public keys."""

    def find(self, key_id: str | None) -> jwk.KeySet: ...


@dataclass(frozen=True)
class Known:
    """Keys that are at hand: the development issuer's."""

    keys: jwk.KeySet

    def find(self, key_id: str | None) -> jwk.KeySet:
        return self.keys


class Published:
    """Keys an issuer publishes, kept for an hour and read again when one is unknown."""

    def __init__(self, url: str, fetch: Fetch, clock: Callable[[], float]) -> None:
        self.url, self._fetch, self._clock = url, fetch, clock
        self._keys: jwk.KeySet | None = None
        self._tried = float("-inf")
        self._read = float("-inf")

    def find(self, key_id: str | None) -> jwk.KeySet:
        """The keys, hopefully with ``key_id`` among them.

        Raises:
            Problem: there are none yet and the issuer does not answer.
        """
        known = self._keys is not None and any(each.kid == key_id for each in self._keys.keys)
        stale = self._clock() - self._read > KEYS_KEPT
        if (not known or stale) and self._clock() - self._tried > KEYS_REREAD:
            self._read_again()
        if self._keys is None:
            raise Problem("sign_in_unavailable", "The sign-in service does not answer; try again.")
        return self._keys

    def _read_again(self) -> None:
        self._tried = self._clock()
        try:
            published = self._fetch(self.url)["keys"]
            found = [key for key in map(_signing_key, published) if key]
        except (OSError, ValueError, KeyError, TypeError):
            return  # the keys we have stay good
        self._keys = jwk.KeySet(found)
        self._read = self._tried


def _signing_key(data: Any) -> Any:
    """A key we could use, or nothing: an issuer may publish others beside it."""
    if not isinstance(data, dict) or data.get("use", "sig") != "sig":
        return None
    if data.get("kty") not in ("EC", "RSA"):
        return None
    try:
        return jwk.import_key(data)
    except (jose.JoseError, ValueError, TypeError):
        return None


def fetch(url: str) -> dict[str, Any]:
    """Read a JSON object from an address within five seconds."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        found = json.loads(answer.read(LARGEST_KEY_SET))
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


class Tokens:
    """Takes a bearer token's word for an e-mail address, once it has proved it.

    Args:
        issuers: with the keys of each.
        clock: seconds since 1970.
    """

    def __init__(
        self, issuers: list[tuple[Issuer, Keys]], clock: Callable[[], float] = time.time
    ) -> None:
        self._issuers = {issuer.issuer: (issuer, keys) for issuer, keys in issuers}
        self._clock = clock

    def email(self, authorization: str | None) -> str:
        """The address an ``Authorization`` header proves, in lower case.

        Raises:
            Problem: ``token_missing``, ``token_invalid`` or ``token_expired`` (401), or
                ``sign_in_unavailable`` (503).
        """
        token = _bearer(authorization)
        header, claims = unproved(token)
        issuer, keys = self._issuers.get(str(claims.get("iss")), (None, None))
        if issuer is None or keys is None or header.get("alg") not in ALGORITHMS:
            raise refusal()
        proved = self._proved(token, issuer, keys.find(header.get("kid")))
        return address(proved, issuer.email_claim)

    def _proved(self, token: str, issuer: Issuer, keys: jwk.KeySet) -> dict[str, Any]:
        wanted = jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer.issuer},
            aud={"essential": True, "value": issuer.audience},
            exp={"essential": True},
        )
        try:
            claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
            wanted.validate(claims)
        except jose.ExpiredTokenError:
            raise refusal("token_expired", "The token has expired; sign in again.") from None
        except (jose.JoseError, ValueError, TypeError):
            raise refusal() from None
        return claims


def _bearer(authorization: str | None) -> str:
    if not authorization:
        raise refusal("token_missing", "Send a bearer token in the Authorization header.")
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        raise refusal()
    return token


def unproved(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as they stand there, only to choose the issuer and the key.

    Raises:
        Problem: ``token_invalid``.
    """
    parts = token.split(".")
    if len(parts) != 3:
        raise refusal()
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
    except (ValueError, RecursionError):
        raise refusal() from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise refusal()
    return header, claims


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("not base64") from None


def address(claims: dict[str, Any], claim: str) -> str:
    """The address a claim holds, in lower case.

    Raises:
        Problem: ``token_invalid``.
    """
    found = claims.get(claim)
    if claims.get("email_verified") is False:
        raise refusal("token_invalid", "The token's e-mail address is not verified.")
    if not isinstance(found, str) or not looks_like_an_address(found):
        raise refusal("token_invalid", "The token holds no e-mail address.")
    return found.lower()


def looks_like_an_address(text: str) -> bool:
    """Whether this could be one e-mail address: enough to keep out what breaks things."""
    name, at, domain = text.rpartition("@")
    return (
        bool(at and name and "." in domain)
        and len(text) <= 254
        and text.isascii()
        and text.isprintable()
        and not any(sign in text for sign in ' ,;<>"()[]\\')
        and "@" not in name
        and not domain.startswith(".")
        and not domain.endswith(".")
        and ".." not in domain
    )


def refusal(
    code: str = "token_invalid", detail: str = "The token cannot be accepted; sign in again."
) -> Problem:
    """A 401 that says how to sign in, and to an attacker nothing more."""
    error = "" if code == "token_missing" else ', error="invalid_token"'
    return Problem(code, detail, headers={"WWW-Authenticate": f'Bearer realm="timebank"{error}'})
