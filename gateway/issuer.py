"""The development issuer: signs in anybody as anybody, so only a local installation has it."""

import secrets
import time
from typing import Any

import flask
from joserfc import jwk, jwt

from gateway import tokens
from gateway.blueprint import Blueprint
from gateway.problems import Problem
from gateway.schemas import sign_in
from gateway.settings import Issuer, Settings

AUDIENCE = "timebank"
LIFETIME = 8 * 3_600
"""Seconds: a working day."""


def trusted(settings: Settings) -> list[tuple[Issuer, tokens.Keys]]:
    """The development issuer with its keys, if this installation has one."""
    key = settings.development_key
    if key is None:
        return []
    issuer = Issuer(
        settings.development_issuer, f"{settings.development_issuer}/jwks.json", AUDIENCE
    )
    public = jwk.ECKey.import_key(key.as_dict(private=False))
    return [(issuer, tokens.Known(jwk.KeySet([public])))]


def token(settings: Settings, email: str, **more: Any) -> str:
    """A token that says the bearer owns an address, signed with the development key.

    Args:
        more: claims, beside or in place of the usual ones.
    """
    assert settings.development_key is not None, "only called where there is a key"
    now = int(time.time())
    claims = {
        "iss": settings.development_issuer,
        "aud": AUDIENCE,
        "sub": email,
        "email": email,
        "email_verified": True,
        "iat": now,
        "exp": now + LIFETIME,
        "jti": secrets.token_hex(16),
        **more,
    }
    key = settings.development_key
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key, algorithms=["ES256"])


def blueprint(settings: Settings) -> Blueprint:
    """The issuer's three routes."""
    routes = Blueprint("sign-in", "The development issuer of a local installation.", secured=False)

    @routes.post("/dev/sign-in")
    @routes.arguments(sign_in.SignIn)
    @routes.raises(503)
    @routes.response(200, sign_in.Token)
    def sign_in_as(wanted: dict[str, str]) -> dict[str, Any]:
        """Sign in with any e-mail address, without a password."""
        email = wanted["email"].lower()
        return {
            "access_token": token(settings, email),
            "token_type": "Bearer",
            "expires_in": LIFETIME,
        }

    @routes.get("/dev/jwks.json")
    @routes.raises(503)
    @routes.response(200, sign_in.KeySet)
    def key_set() -> flask.Response:
        """The public key that tokens of this issuer are checked with."""
        if settings.development_key is None:
            raise Problem("not_found", "There is nothing here.")
        return flask.jsonify({"keys": [settings.development_key.as_dict(private=False)]})

    @routes.get("/dev/.well-known/openid-configuration")
    @routes.raises(503)
    @routes.response(200, sign_in.Discovery)
    def discovery() -> dict[str, Any]:
        """Where this issuer's parts are."""
        base = settings.development_issuer
        return {
            "issuer": base,
            "jwks_uri": f"{base}/jwks.json",
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }

    return routes
