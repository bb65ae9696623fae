"""The development issuer's own pages: sign in as a ready-made person, by the same code flow.

Only a local installation has them: whoever comes may choose to be anybody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any

import flask
from joserfc import errors as jose
from joserfc import jwk, jwt
from werkzeug import wrappers

from gateway import asking, issuer, tokens
from gateway.pages import fields, links, render
from gateway.pages.area import Area, anyone
from gateway.pages.forms import Form
from gateway.problems import Problem
from gateway.settings import DEVELOPMENT_CLIENT, Settings

AUTHORIZE, TOKEN = "/dev/authorize", "/dev/token"
CODE_SECONDS = 60
PEOPLE = {
    "asha.invented": "Asha Invented, ward administrator, London",
    "ben.invented": "Ben Invented, information analyst, North West",
    "member": "Mina Example, a member, London",
    "another.member": "Noel Sample, a member, South West",
    "rep.london": "Lonnie Rep, representative of London",
    "rep.north-west": "Nowe Rep, representative of the North West",
    "national.one": "Nat One, national team",
    "national.two": "Nat Two, national team",
    "senate": "Sena Torial, Senate",
    "coordinator": "Cora Ordinary, coordinator of a service",
}
"""Asha and Ben are there once ``make demo`` has filled the bank."""
DOMAIN = "dev.nhs.uk"

pages = Area("development")
endpoint = flask.Blueprint("development-token", __name__)

_used: set[str] = set()
"""Codes that were exchanged; they are few, and die with the process."""


class Who(Form):
    """Whom to be."""

    person = fields.Choice("Who are you?", choices=PEOPLE)
    email = fields.Text(
        "Or any other e-mail address",
        fields.at_most(254, "E-mail address"),
        look={"type": "email", "autocomplete": "off", "spellcheck": False},
    )


@pages.get(AUTHORIZE)
@anyone
def choose() -> wrappers.Response:
    """Who there is to be."""
    _redirect_uri()
    return render.page("sign-in/development.html", "Who are you?", form=Who())


@pages.post(AUTHORIZE)
@anyone
def chosen() -> wrappers.Response:
    """Back to the pages with a code."""
    form = Who(flask.request.form)
    if not form.validate() or not (email := _email(form)):
        form.refusals.append("Choose somebody, or enter an e-mail address")
        return render.page("sign-in/development.html", "Who are you?", form=form)
    given = flask.request.args
    code = _code(asking.door().settings, email, given.get("nonce"), given.get("code_challenge"))
    return flask.redirect(
        links.with_query(_redirect_uri(), code=code, state=given.get("state")), 303
    )


def _email(form: Who) -> str | None:
    email = form.email.data or (form.person.data and f"{form.person.data}@{DOMAIN}")
    return email.lower() if email and tokens.looks_like_an_address(email) else None


def _redirect_uri() -> str:
    """Where to go back to: nowhere but to the one client there is.

    Raises:
        Problem: somewhere else is asked for.
    """
    wanted = flask.request.args.get("redirect_uri", "")
    if wanted != asking.door().clients["development"].redirect_uri:
        raise Problem("bad_request", "The request cannot be understood.")
    return wanted


def _code(settings: Settings, email: str, nonce: Any, challenge: Any) -> str:
    now = int(time.time())
    claims = {
        "use": "code",
        "email": email,
        "nonce": nonce,
        "challenge": challenge,
        "exp": now + CODE_SECONDS,
        "jti": secrets.token_hex(16),
    }
    return jwt.encode({"alg": "ES256"}, claims, _key(settings), algorithms=["ES256"])


@endpoint.post(TOKEN)
def exchange() -> wrappers.Response:
    """An ID token for a code, to whoever proves to be the client and to have begun."""
    given, settings = flask.request.form, asking.door().settings
    try:
        _check_client(given.get("client_assertion", ""), settings)
        claims = _claims(given.get("code", ""), settings)
        _check_verifier(given.get("code_verifier", ""), str(claims["challenge"]))
        if claims["use"] != "code" or claims["jti"] in _used:
            raise ValueError("used")
    except (jose.JoseError, ValueError, KeyError):
        return flask.make_response(flask.jsonify({"error": "invalid_grant"}), 400)
    _used.add(claims["jti"])
    email = claims["email"]
    return flask.jsonify(
        {
            "access_token": issuer.token(settings, email),
            "token_type": "Bearer",
            "expires_in": issuer.LIFETIME,
            "id_token": issuer.token(
                settings, email, aud=DEVELOPMENT_CLIENT, nonce=claims["nonce"]
            ),
        }
    )


def _check_client(assertion: str, settings: Settings) -> None:
    claims = _claims(assertion, settings)
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": DEVELOPMENT_CLIENT},
        sub={"essential": True, "value": DEVELOPMENT_CLIENT},
        aud={"essential": True, "value": f"{settings.public_url}{TOKEN}"},
    ).validate(claims)


def _check_verifier(verifier: str, challenge: str) -> None:
    digest = hashlib.sha256(verifier.encode()).digest()
    if not hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge):
        raise ValueError("the verifier does not fit")


def _claims(token: str, settings: Settings) -> dict[str, Any]:
    claims = jwt.decode(token, _key(settings), algorithms=["ES256"]).claims
    jwt.JWTClaimsRegistry(exp={"essential": True}, leeway=tokens.LEEWAY).validate(claims)
    return dict(claims)


def _key(settings: Settings) -> jwk.ECKey:
    assert settings.development_key is not None, "only registered where there is a key"
    return settings.development_key
