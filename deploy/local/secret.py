"""Keeps the passwords and keys of an instance, made once and readable by nobody else."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from pathlib import Path

from deploy.local.places import Places, write_private

PASSWORD_BYTES = 24
"""Bytes of randomness in a generated password: beyond guessing, short enough for a URL."""


def passwords(where: Places, names: Iterable[str]) -> dict[str, str]:
    """A password for every name; what exists stays, because the servers' data know it."""
    try:
        known = json.loads(where.secrets.read_text())
    except FileNotFoundError:
        known = {}
    missing = [name for name in names if name not in known]
    if missing:
        known |= {name: secrets.token_urlsafe(PASSWORD_BYTES) for name in missing}
        write_private(where.secrets, json.dumps(known, indent=2) + "\n")
    return {name: known[name] for name in names}


def make_issuer_key(where: Places) -> None:
    """The private key the development issuer signs tokens with (ES256), made at the first start."""
    _make_key(where.issuer_key)


def make_client_key(where: Places) -> None:
    """The private key the ready-made system signs in with (ES256), made at the first start."""
    _make_key(where.client_key)


def _make_key(path: Path) -> None:
    if path.exists():
        return
    from joserfc.jwk import ECKey  # only this step needs it; the supervisor stays small

    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, private=True)
    key.ensure_kid()
    write_private(path, json.dumps(key.as_dict(private=True)) + "\n")
