"""Which addresses a webhook may be sent to: public ones, so that it reaches nobody among us."""

import ipaddress
from urllib.parse import urlsplit

from services.notifications import errors

LONGEST_URL = 2_000
"""Characters, as browsers and proxies bear."""

_EMBEDDING = tuple(
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
"""Addresses that contain another one (NAT64, 6to4, Teredo): a gateway may lead them anywhere."""


def permitted(text: str, loopback: bool = False) -> bool:
    """Whether a request may go to this IP address.

    Args:
        text: an address as the resolver gives it.
        loopback: whether the machine itself is meant to be reached, as in development.
    """
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return permitted(str(found.ipv4_mapped), loopback)
        if found.is_site_local or any(found in network for network in _EMBEDDING):
            return False
    if loopback and found.is_loopback:
        return True
    return found.is_global and not found.is_multicast and not found.is_reserved


def receiver(text: str, loopback: bool = False) -> str:
    """The address of a receiver, checked as far as that goes without asking for its name.

    What its name leads to is checked whenever something is sent.

    Raises:
        errors.BadReceiver: not https, or not a place a webhook may be sent to.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise errors.BadReceiver("The address cannot be read.") from None
    if len(text) > LONGEST_URL or not text.isascii() or not text.isprintable() or " " in text:
        raise errors.BadReceiver("The address is too long or has characters it should not have.")
    if not host or parts.fragment or parts.username is not None:
        raise errors.BadReceiver("The address needs a host, and neither a user nor a fragment.")
    if not _can_be_asked_for(host):
        raise errors.BadReceiver("A part of the host's name is empty or too long.")
    here = loopback and _is_loopback(host)
    if parts.scheme != "https" and not (here and parts.scheme == "http"):
        raise errors.BadReceiver("The address must begin with https://.")
    if (_is_number(host) and not permitted(host, loopback)) or (_is_local(host) and not here):
        raise errors.BadReceiver("The address is not a public one.")
    return text


def _can_be_asked_for(host: str) -> bool:
    """Whether the resolver takes a host as a name: each of its parts has 1 to 63 characters."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_local(host: str) -> bool:
    return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_number(host) and ipaddress.ip_address(host).is_loopback)
