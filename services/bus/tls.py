"""How a connection to the broker is encrypted, and whom it takes for the broker."""

import ssl
from typing import Any
from urllib.parse import urlsplit

from services.bus import settings


def options(url: str) -> dict[str, Any]:
    """What kombu's ``Connection`` needs to be told beside the address of one node of the broker.

    By itself it would encrypt towards whoever shows a certificate from anybody it trusts; here
    the certificate must also bear the name in the address.

    Raises:
        SettingError: the certificates that are to be trusted cannot be read.
    """
    parts = urlsplit(url)
    if parts.scheme != "amqps":
        return {}
    known = {"server_hostname": parts.hostname, "cert_reqs": ssl.CERT_REQUIRED}
    trusted = settings.AMQP_CA.read()
    return {"ssl": known if trusted is None else {**known, "ca_certs": trusted}}
