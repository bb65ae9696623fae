"""The settings of members alone."""

import re

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


KNOWN_DOMAINS = Setting(
    "TIMEBANK_KNOWN_DOMAINS",
    "e-mail domains, with their sub-domains, whose people are let in at once, a comma list.",
    domains,
    "nhs.net,nhs.uk",
    "one or more domains",
)
