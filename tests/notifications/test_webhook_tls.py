"""Proves that a webhook is sent to whom a certificate names, and to nobody else."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.notifications import webhook
from tests.bus.test_tls import PEM, issued
from tests.notifications import receiver
from tests.notifications.scene import NOW


@pytest.fixture
def authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ec.EllipticCurvePrivateKey]:
    """Whom the machine trusts, for the length of a test."""
    key = ec.generate_private_key(ec.SECP256R1())
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(issued("authority", key, "authority", key).public_bytes(PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    webhook._trust.cache_clear()
    yield key
    webhook._trust.cache_clear()


def shown(folder: Path, name: str, word: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    """A receiver's side of the encryption, with a certificate for a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = folder / "shown.pem"
    chain.write_bytes(private + issued(name, key, "authority", word).public_bytes(PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


def sent(encryption: ssl.SSLContext) -> tuple[int | None, str | None]:
    with receiver.listening(encryption) as hook:
        attempt = webhook.send(hook.url, "1", {}, ["whsec_YWJj"], NOW, loopback=True, seconds=5)
    return attempt.status, attempt.reason


def test_a_receiver_with_a_trusted_certificate_of_its_name_is_told(
    authority: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    assert sent(shown(tmp_path, "localhost", authority)) == (204, None)


def test_a_certificate_of_another_name_or_by_nobody_known_is_refused(
    authority: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert sent(shown(tmp_path, "elsewhere", authority)) == (None, "certificate_refused")
    assert sent(shown(tmp_path, "localhost", stranger)) == (None, "certificate_refused")
