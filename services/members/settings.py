"""The settings of members alone."""

import json
import re
from pathlib import Path
from typing import Any

from services.bus.settings import Setting

_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def domains(text: str) -> tuple[str, ...]:
    """A comma list of e-mail domains, in lower case."""
    found = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    for domain in found:
        if not _DOMAIN.fullmatch(domain):
            raise ValueError(f"{domain!r} is not an e-mail domain.")
    if not found:
        raise ValueError("it names no domain.")
    return found


NOTHING = "none"
_PUBLIC = ("kty", "crv", "x", "y", "kid")


def public_key(text: str) -> dict[str, Any] | None:
    """The public half of the EC key in a file."""
    if text == NOTHING:
        return None
    try:
        key = json.loads(Path(text).read_text("utf-8"))
        return {name: str(key[name]) for name in _PUBLIC}
    except (OSError, ValueError, TypeError, KeyError):
        raise ValueError("the file it names is no readable JWK of an EC key.") from None


DEVELOPMENT_CLIENT_KEY = Setting(
    "TIMEBANK_DEV_CLIENT_KEY",
    "a file with the JWK (EC, P-256) by which the ready-made system of a local installation "
    "proves itself, or 'none'.",
    public_key,
    NOTHING,
    "only read where development accounts are made",
)
KNOWN_DOMAINS = Setting(
    "TIMEBANK_KNOWN_DOMAINS",
    "e-mail domains, with their sub-domains, whose people are let in at once, a comma list.",
    domains,
    "nhs.net,nhs.uk",
    "one or more domains",
)
