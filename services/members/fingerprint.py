"""A secret as it is kept here: never itself, only its SHA-256."""

from typing import Any

from services.members import errors

HASH_BYTES = 32
"""Of a SHA-256."""


def from_hex(text: Any) -> bytes:
    """
    Raises:
        errors.Invalid: it is no SHA-256 in hex.
    """
    try:
        found = bytes.fromhex(text)
    except (TypeError, ValueError):
        found = b""
    if len(found) != HASH_BYTES:
        fault = {"pointer": "/token_hash", "message": "Must be a SHA-256 in hex."}
        raise errors.Invalid(errors=[fault])
    return found
