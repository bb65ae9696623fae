"""Signs a system in to the Talent Timebank with its own key, and keeps the token fresh.

Needs `joserfc` and `requests`. Copy it beside your code, or read what it does:

    system = System("https://timebank.example", client_id, key)
    requests.get(f"{system.gateway}/v1/exchanges", headers=system.headers(member_id))
"""

import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

import requests
from joserfc import jwk, jwt

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
"""An assertion is used once, at once; five minutes is what the timebank takes at most."""
EARLY = 30
"""Seconds before its end a token is no longer used: a request takes a moment to arrive."""
TIMEOUT = 10
"""Seconds to wait for an answer."""


class System:
    """A system registered with a timebank.

    Args:
        gateway: the timebank's address, without a slash at the end.
        client_id: what the national team called the system when registering it.
        key: its private key as a JWK, with the `kid` it was registered by.
        scopes: what to ask for; nothing asks for all the system has.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        gateway: str,
        client_id: str,
        key: dict[str, Any],
        scopes: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.gateway, self.client_id, self.scopes = gateway, client_id, tuple(scopes)
        self._key = jwk.import_key(key)
        self._clock = clock
        self._token, self._until = "", 0.0

    def assertion(self, **claims: Any) -> str:
        """A proof, good once, that the key's owner asks.

        Args:
            claims: in place of the usual ones.
        """
        now = int(self._clock())
        usual = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{self.gateway}/oauth/token",
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        algorithm = "ES256" if isinstance(self._key, jwk.ECKey) else "RS256"
        header = {"alg": algorithm, "kid": self._key.kid}
        return jwt.encode(header, {**usual, **claims}, self._key, algorithms=[algorithm])

    def token(self) -> str:
        """A bearer token that is good now.

        Raises:
            requests.HTTPError: the timebank gave none; its answer says why.
        """
        if self._clock() >= self._until:
            answer = requests.post(
                f"{self.gateway}/oauth/token",
                data={
                    "grant_type": "client_credentials",
                    "client_assertion_type": ASSERTION_TYPE,
                    "client_assertion": self.assertion(),
                    "scope": " ".join(self.scopes),
                },
                timeout=TIMEOUT,
            )
            answer.raise_for_status()
            given = answer.json()
            self._token = given["access_token"]
            self._until = self._clock() + given["expires_in"] - EARLY
        return self._token

    def headers(self, member_id: str) -> dict[str, str]:
        """What every request in a member's name carries."""
        return {"Authorization": f"Bearer {self.token()}", "On-Behalf-Of": member_id}
