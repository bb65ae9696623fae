"""Shapes about other systems that act for members, and their keys."""

from typing import Any

import marshmallow
from joserfc import errors as jose
from joserfc import jwk
from marshmallow import fields, validate

from gateway.schemas import field
from services.contracts import scopes, words

MOST_KEYS = 5
"""The one in use, the next one, and some room."""
LEAST_RSA = 342
"""Characters of an RSA key's `n`: 2,048 bits in base64; what is shorter can be broken."""
_PUBLIC = ("kty", "crv", "x", "y", "n", "e", "kid", "use", "alg")


class PublicKey(fields.Dict):
    """A public JWK: EC on P-256, or RSA of 2,048 bits or more; its ``kid`` is made if missing."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        data = super()._deserialize(value, *args, **kwargs)
        if "d" in data or data.get("kty") == "oct":
            raise marshmallow.ValidationError(
                "This is a secret key: keep such a key to yourself, and send the public half."
            )
        if data.get("kty") == "RSA" and len(str(data.get("n"))) < LEAST_RSA:
            raise marshmallow.ValidationError("An RSA key needs 2,048 bits or more.")
        try:
            key = jwk.import_key(data)
            key.ensure_kid()
            fits = _fits(key)
            public = key.as_dict(private=False)
            # What is kept of it; controls and halves of characters no database takes.
            kept = {name: str(public[name]) for name in _PUBLIC if name in public}
            fits = fits and all(each.isprintable() for each in kept.values())
        except (jose.JoseError, ValueError, TypeError, AttributeError, KeyError):
            fits = False
        if not fits or not isinstance(public["kid"], str) or not 0 < len(public["kid"]) <= 100:
            raise marshmallow.ValidationError("Must be a public JWK, EC on P-256 or RSA.")
        return kept


def _fits(key: Any) -> bool:
    if isinstance(key, jwk.ECKey):
        return bool(key.curve_name == "P-256")
    return isinstance(key, jwk.RSAKey)


class PublicKeys(field.Body):
    """Public keys (RFC 7517)."""

    keys = fields.List(PublicKey(), required=True, validate=validate.Length(min=1, max=MOST_KEYS))

    @marshmallow.validates("keys")
    def _told_apart(self, keys: list[dict[str, Any]], **_: Any) -> None:
        if len({key["kid"] for key in keys}) != len(keys):
            raise marshmallow.ValidationError("Each key needs a kid of its own.")


def _scopes(**kwargs: Any) -> fields.List:
    return fields.List(field.slug(tuple(scopes.SCOPES)), **kwargs)


_SOME_SCOPES = validate.Length(min=1, max=len(scopes.SCOPES))


class ClientBody(field.Body):
    """A system to be registered."""

    name = field.Text(required=True, max=200)
    organisation = field.Text(
        required=True, max=200, metadata={"description": "Who runs it: ODS code, or a name."}
    )
    jwks = fields.Nested(PublicKeys, required=True)
    scopes = _scopes(required=True, validate=_SOME_SCOPES)
    regions = fields.List(
        field.region(), required=True, validate=validate.Length(min=1, max=len(words.REGIONS))
    )


class Client(field.Answer):
    """A system, as the national team and members see it."""

    id = field.id_text(required=True)
    name = fields.String(required=True)
    organisation = fields.String(required=True)
    scopes = _scopes(required=True)
    regions = fields.List(field.region(), required=True)
    key_ids = fields.List(fields.String(), required=True)
    registered_at = field.moment_text(required=True)
    withdrawn_at = field.moment_text(required=True, allow_none=True)


class Clients(field.Answer):
    items = fields.List(fields.Nested(Client), required=True)
    next = fields.String(required=True, allow_none=True)


class ConsentBody(field.Body):
    """What a member lets a system do."""

    client_id = field.Id(required=True)
    scopes = _scopes(required=True, validate=_SOME_SCOPES)


class Consent(field.Answer):
    """What a system may do for the member who asks."""

    client_id = field.id_text(required=True)
    client_name = fields.String(required=True)
    organisation = fields.String(required=True)
    scopes = _scopes(required=True)
    since = field.moment_text(required=True)


class Consents(field.Answer):
    items = fields.List(fields.Nested(Consent), required=True)
    next = fields.String(required=True, allow_none=True)


class ConsentQuery(field.Query):
    scope = field.slug(
        tuple(scopes.SCOPES), metadata={"description": "Only this one; otherwise all."}
    )


class TokenRequest(marshmallow.Schema):
    """The form a system sends (RFC 6749, RFC 7523); other fields are ignored, as they say."""

    grant_type = field.slug(("client_credentials",), required=True)
    client_assertion_type = field.slug(
        ("urn:ietf:params:oauth:client-assertion-type:jwt-bearer",), required=True
    )
    client_assertion = fields.String(
        required=True,
        metadata={
            "description": "A JWT: iss and sub the system's id, aud this address, a jti of its "
            "own, exp at most five minutes ahead; ES256, RS256 or RS512, with its kid."
        },
    )
    scope = fields.String(metadata={"description": "Some of the scopes; otherwise all."})
    client_id = fields.String()

    class Meta:
        unknown = marshmallow.EXCLUDE


class SystemToken(field.Answer):
    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})
    scope = fields.String(required=True)


class OAuthRefusal(field.Answer):
    """RFC 6749, section 5.2."""

    error = fields.String(required=True)
    error_description = fields.String(required=True)
