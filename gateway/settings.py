"""The gateway's own settings, read once at start, and what may not stand together."""

import json
import re
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import errors as jose
from joserfc import jwk

from services.bus import settings
from services.bus.settings import Setting, SettingError

PRIVATE_KEY_JWT = "private_key_jwt"
METHODS = (PRIVATE_KEY_JWT, "client_secret_basic", "client_secret_post")
"""How a sign-in service lets us prove ourselves; it should be the first."""
DEVELOPMENT_CLIENT = "timebank-pages"
"""What the development issuer calls our own pages."""

NOTHING = "none"
"""What an optional setting says when there is nothing."""


@dataclass(frozen=True)
class Issuer:
    """Somebody whose word we take for who a person is.

    Attributes:
        issuer: the ``iss`` its tokens carry.
        jwks_url: where its public keys are read.
        audience: the ``aud`` that means us.
        email_claim: the claim that holds the address; Entra ID puts a verified one
            elsewhere than the standard does.
    """

    issuer: str
    jwks_url: str
    audience: str
    email_claim: str = "email"


@dataclass(frozen=True)
class Provider:
    """A sign-in service that people choose on a page.

    Attributes:
        name: in addresses: letters, digits and hyphens.
        label: on its button.
        issuer: its address; its description of itself lies below.
        client_id: what it calls us.
        method: how we prove ourselves to it; see ``METHODS``.
        secret: our private key, or what we share with it.
        scope: what we ask it for.
        email_claim: where the address stands; see ``Issuer``.
        domains: whose addresses its word is taken for; none stands for all.
    """

    name: str
    label: str
    issuer: str
    client_id: str
    method: str
    secret: Any
    scope: str = "openid email"
    email_claim: str = "email"
    domains: tuple[str, ...] = ()

    @property
    def algorithm(self) -> str:
        """What our key signs with: as its file says, which CIS2 wants to be RS512."""
        usual = "ES256" if isinstance(self.secret, jwk.ECKey) else "RS256"
        return str(self.secret.as_dict(private=False).get("alg") or usual)


@dataclass(frozen=True)
class Settings:
    """What the gateway was told at start."""

    environment: str
    public_url: str
    issuers: tuple[Issuer, ...] = ()
    development_key: jwk.ECKey | None = None
    rate_limit: int = 600
    concurrency: int = 64
    configured: tuple[Provider, ...] = ()
    trusted_proxies: int = 0

    @property
    def providers(self) -> tuple[Provider, ...]:
        """The sign-in services, the development issuer first where there is one."""
        if self.development_key is None:
            return self.configured
        ours = Provider(
            "development",
            "a ready-made person",
            self.development_issuer,
            DEVELOPMENT_CLIENT,
            PRIVATE_KEY_JWT,
            self.development_key,
        )
        return (ours, *self.configured)

    @property
    def development_issuer(self) -> str:
        return f"{self.public_url}/dev"


def _issuers(text: str) -> tuple[Issuer, ...]:
    try:
        rows = json.loads(text)
        found = tuple(Issuer(**row) for row in rows)
    except (ValueError, TypeError):
        raise ValueError(
            "it is not a JSON list of objects with issuer, jwks_url, audience and, "
            "where it differs from 'email', email_claim."
        ) from None
    for each in found:
        if not all(isinstance(value, str) and value for value in vars(each).values()):
            raise ValueError("an issuer, its jwks_url and its audience are non-empty texts.")
    if len({each.issuer for each in found}) != len(found):
        raise ValueError("it names an issuer twice.")
    return found


def _providers(text: str) -> tuple[Provider, ...]:
    try:
        found = tuple(_provider(**row) for row in json.loads(text))
    except (ValueError, TypeError, KeyError, OSError, jose.JoseError) as error:
        raise ValueError(
            "it is not a JSON list of objects with name, label, issuer, client_id, secret_file "
            f"and perhaps method, scope, email_claim, domains ({type(error).__name__})."
        ) from None
    if len({each.name for each in found}) != len(found):
        raise ValueError("it names a sign-in service twice.")
    return found


def _provider(
    *, name: str, secret_file: str, method: str = PRIVATE_KEY_JWT, domains: Any = (), **more: str
) -> Provider:
    content = Path(secret_file).read_text("utf-8").strip()
    if method not in METHODS or not re.fullmatch(r"[a-z0-9-]{1,30}", name) or not content:
        raise ValueError
    secret = jwk.import_key(json.loads(content)) if method == PRIVATE_KEY_JWT else content
    if method == PRIVATE_KEY_JWT:
        if not isinstance(secret, jwk.ECKey | jwk.RSAKey) or not secret.is_private:
            raise ValueError
        secret.ensure_kid()
    lower = tuple(str(each).lower() for each in domains)
    return Provider(name=name, method=method, secret=secret, domains=lower, **more)


def _base_url(text: str) -> str:
    parts = urllib.parse.urlsplit(settings.url("http", "https")(text))
    if parts.query or parts.fragment:
        raise ValueError("an address without query or fragment is wanted.")
    return text.rstrip("/")


def _key(text: str) -> jwk.ECKey | None:
    if text == NOTHING:
        return None
    try:
        key = jwk.ECKey.import_key(json.loads(Path(text).read_text("utf-8")))
    except (OSError, ValueError, TypeError, jose.JoseError):
        raise ValueError("the file it names is no readable JWK of an EC key.") from None
    if key.curve_name != "P-256" or not key.is_private:
        raise ValueError("the file it names holds no private P-256 key.")
    key.ensure_kid()
    return key


PUBLIC_URL = Setting(
    "TIMEBANK_PUBLIC_URL",
    "the address clients reach the gateway at, without a path's end.",
    _base_url,
)
ISSUERS = Setting(
    "TIMEBANK_ISSUERS",
    "the sign-in services whose tokens are taken: a JSON list of objects with issuer, "
    "jwks_url, audience and email_claim.",
    _issuers,
    "[]",
    "required in production",
)
DEVELOPMENT_KEY = Setting(
    "TIMEBANK_DEV_ISSUER_KEY",
    "a file with the private JWK (EC, P-256) of the development issuer, or 'none'.",
    _key,
    NOTHING,
    "only in a local installation",
)
SIGN_IN = Setting(
    "TIMEBANK_SIGN_IN",
    "the sign-in services people choose from: a JSON list of objects with name, label, issuer, "
    "client_id, secret_file (a private JWK, or what is shared) and, where they differ from "
    "private_key_jwt, 'openid email', 'email' and all, method, scope, email_claim and domains.",
    _providers,
    "[]",
)
RATE_LIMIT = Setting(
    "TIMEBANK_RATE_LIMIT",
    "requests a caller may make in a minute.",
    settings.whole_number(1, 1_000_000),
    "600",
    "1 to 1000000",
)
CONCURRENCY = Setting(
    "TIMEBANK_HTTP_CONCURRENCY",
    "requests worked on at the same time; more are refused.",
    settings.whole_number(1, 10_000),
    "64",
    "1 to 10000",
)
TRUSTED_PROXIES = Setting(
    "TIMEBANK_TRUSTED_PROXIES",
    "reverse proxies in front of the gateway; the last so many X-Forwarded-For are believed.",
    settings.whole_number(0, 5),
    "0",
    "0 to 5; too many lets visitors choose the address they are counted by",
)


def read() -> Settings:
    """Read every setting of the gateway.

    Raises:
        SettingError: one is missing, unusable, or contradicts another.
    """
    found = Settings(
        environment=settings.ENVIRONMENT.read(),
        public_url=PUBLIC_URL.read(),
        issuers=ISSUERS.read(),
        development_key=DEVELOPMENT_KEY.read(),
        rate_limit=RATE_LIMIT.read(),
        concurrency=CONCURRENCY.read(),
        configured=SIGN_IN.read(),
        trusted_proxies=TRUSTED_PROXIES.read(),
    )
    _refuse_contradictions(found)
    return found


def _refuse_contradictions(found: Settings) -> None:
    local = found.environment == "local"
    if found.development_key and not local:
        raise SettingError(
            "TIMEBANK_DEV_ISSUER_KEY is set although TIMEBANK_ENVIRONMENT is not 'local': "
            "the development issuer signs in anybody as anybody."
        )
    if not local and not found.issuers:
        raise SettingError(
            "TIMEBANK_ISSUERS names nobody although TIMEBANK_ENVIRONMENT is 'production': "
            "no token could ever be checked."
        )
    if not found.issuers and not found.development_key:
        raise SettingError(
            "Neither TIMEBANK_ISSUERS nor TIMEBANK_DEV_ISSUER_KEY is set: nobody could sign in."
        )
    insecure = [each for each in found.issuers if not each.jwks_url.startswith("https://")]
    if insecure and not local:
        raise SettingError("TIMEBANK_ISSUERS has a jwks_url that is not https.")
    if not local and [each for each in found.configured if not each.issuer.startswith("https://")]:
        raise SettingError("TIMEBANK_SIGN_IN has an issuer that is not https.")
