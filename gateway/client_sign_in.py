"""Signs in other systems: for an assertion they signed themselves, a short-lived token.

    POST /oauth/token   OAuth 2.0 client credentials, proved by private_key_jwt (RFC 7523)

Members keep who they are, what they may do and which assertions were used; here the signature
is checked. Refusals have the shape every OAuth library reads (RFC 6749, section 5.2).
"""

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import flask
from joserfc import errors as jose
from joserfc import jwk, jwt
from werkzeug.datastructures import MultiDict

from gateway import asking, tokens
from gateway.blueprint import Blueprint
from gateway.problems import Problem
from gateway.schemas import clients as shapes
from services.bus.rpc import RpcError

PATH = "/oauth/token"
GRANT = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = 300
"""Seconds an assertion may be good for; what signs it can sign another."""
LONGEST_JTI = 255
"""Characters."""
PREFIX = "tbs_"
"""Every token of a system begins so: told at a glance from a person's, and found by scanners
of what was published by mistake."""
TOKEN_BYTES = 32

routes = Blueprint("sign-in of systems", "How another system gets a token.", secured=False)


@dataclass(frozen=True)
class Proof:
    """What a genuine assertion says.

    Attributes:
        key_id: of the key that signed it.
        jti: which assertion it is; it counts once.
        expires_at: seconds since 1970.
    """

    client_id: str
    key_id: str
    jti: str
    expires_at: int


class Refused(Exception):
    """A system gets no token.

    Args:
        error: one of RFC 6749's words.
        description: one sentence for the person who wrote the system.
    """

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error, self.description = error, description

    def answer(self) -> flask.Response:
        answer = flask.jsonify({"error": self.error, "error_description": self.description})
        answer.status_code = 401 if self.error == "invalid_client" else 400
        return answer


@routes.post(PATH)
@routes.doc(
    requestBody={
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": shapes.TokenRequest}},
    }
)
@routes.alt_response(400, schema=shapes.OAuthRefusal, description="The request is not of ours.")
@routes.alt_response(401, schema=shapes.OAuthRefusal, description="The system is not known so.")
@routes.raises(413, 429, 503)
@routes.response(200, shapes.SystemToken)
def token() -> Any:
    """Get a token, good for ten minutes, for a signed assertion."""
    asking.count(f"address {flask.request.remote_addr}")
    try:
        return _granted(flask.request.form)
    except Refused as refusal:
        return refusal.answer()


def _granted(sent: MultiDict[str, str]) -> dict[str, Any]:
    if sent.get("grant_type") != GRANT:
        raise Refused("unsupported_grant_type", f"grant_type must be {GRANT}.")
    if sent.get("client_assertion_type") != ASSERTION_TYPE:
        raise Refused("invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}.")
    url = asking.door().settings.public_url
    proof = proved(sent.get("client_assertion", ""), (url + PATH, url), time.time())
    if sent.get("client_id", proof.client_id) != proof.client_id:
        raise Refused("invalid_client", "client_id and the assertion name different systems.")
    made = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    given = _kept(proof, made, sent.get("scope", "").split())
    return {
        "access_token": made,
        "token_type": "Bearer",
        "expires_in": given["seconds"],
        "scope": " ".join(given["scopes"]),
    }


def digest(token: str) -> str:
    """What members know of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def proved(assertion: str, audiences: tuple[str, ...], now: float) -> Proof:
    """What an assertion says, once its signature has proved it.

    Args:
        audiences: that mean us.
        now: seconds since 1970.

    Raises:
        Refused: it is not genuine, not meant for us, or not for now.
    """
    header, claims = _unproved(assertion)
    client_id = str(claims.get("sub"))
    key = _key(client_id, header)
    try:
        found = jwt.decode(assertion, key, algorithms=list(tokens.ALGORITHMS)).claims
        _registry(client_id, audiences, int(now)).validate(found)
    except jose.ExpiredTokenError:
        raise Refused("invalid_client", "The assertion has expired.") from None
    except jose.ClaimError as error:
        raise Refused("invalid_client", f"The assertion's {error.claim} will not do.") from None
    except (jose.JoseError, ValueError, TypeError):
        raise _unknown() from None
    if not 0 < len(found["jti"]) <= LONGEST_JTI or not found["jti"].isprintable():
        raise Refused("invalid_client", "The assertion's jti will not do.")
    if not found["exp"] <= now + LONGEST + tokens.LEEWAY:  # so written, NaN is refused too
        raise Refused("invalid_client", f"The assertion is good for more than {LONGEST} s.")
    return Proof(client_id, str(key.kid), found["jti"], int(found["exp"]))


def _registry(client_id: str, audiences: tuple[str, ...], now: int) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=now,
        leeway=tokens.LEEWAY,
        iss={"essential": True, "value": client_id},
        sub={"essential": True, "value": client_id},
        aud={"essential": True, "values": list(audiences)},
        exp={"essential": True},
        jti={"essential": True},
    )


def _unproved(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(assertion) > tokens.LONGEST_TOKEN:
        raise _unknown()
    try:
        header, claims = tokens.unproved(assertion)
    except Problem:
        raise _unknown() from None
    if header.get("alg") not in tokens.ALGORITHMS:
        raise _unknown()
    return header, claims


def _key(client_id: str, header: dict[str, Any]) -> Any:
    """The key the assertion names, or the only one the system has.

    Raises:
        Refused: no such system, or not by that key.
    """
    try:
        UUID(client_id)
        known = asking.ask_ourselves("members", "client_keys", client_id=client_id)["keys"]
    except ValueError:
        raise _unknown() from None
    except RpcError as error:
        if error.code == "client_not_found":
            raise _unknown() from None
        raise
    named = header.get("kid")
    found = [key for key in known if named == key["kid"] or (named is None and len(known) == 1)]
    if not found:
        raise _unknown()
    return jwk.import_key(found[0])


def _unknown() -> Refused:
    """One sentence for everything before the signature holds: a stranger learns nothing."""
    return Refused("invalid_client", "No system is known that signs so.")


def _kept(proof: Proof, made: str, scopes: list[str]) -> dict[str, Any]:
    """Have members keep the token.

    Raises:
        Refused: the assertion was used before, or more is wanted than the system may.
    """
    body = {
        "client_id": proof.client_id,
        "key_id": proof.key_id,
        "jti": proof.jti,
        "expires_at": proof.expires_at,
        "token_hash": digest(made),
        "scopes": scopes,
    }
    try:
        given: dict[str, Any] = asking.ask_ourselves("members", "admit_client", body=body)
    except RpcError as error:
        if error.code in ("scope_not_granted", "invalid"):
            raise Refused("invalid_scope", "The system was not given that scope.") from None
        if error.code in ("assertion_refused", "client_not_found"):
            raise Refused("invalid_client", error.message) from None
        raise
    return given
