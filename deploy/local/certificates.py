"""Makes an authority of an installation's own, and certificates it gives to the local servers."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local.places import own, server_user, write_private
from deploy.local.ports import LOOPBACK

LIFE = datetime.timedelta(days=365)
"""Of a certificate; servers get a new one at every start."""
AUTHORITY_LIFE = datetime.timedelta(days=3650)
BEFORE = datetime.timedelta(hours=1)
"""A certificate counts from an hour ago, so that clocks may differ."""
NAMES = (LOOPBACK, "localhost")
"""What local servers are called."""


@dataclass(frozen=True)
class Authority:
    """Who vouches for servers; whoever has its key can pass for any of them."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """What clients need, to know its word."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


@dataclass(frozen=True)
class Identity:
    """What a server shows, and the key it proves that it is its own with; PEM."""

    certificate: str
    key: str


def new_authority() -> Authority:
    """An authority nobody knows yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _called("Local servers")
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = _builder(name, name, key.public_key(), AUTHORITY_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return Authority(key, builder.add_extension(usage, critical=True).sign(key, hashes.SHA256()))


def issue(authority: Authority, *names: str, life: datetime.timedelta = LIFE) -> Identity:
    """A certificate and its key for a server.

    Args:
        names: host names and addresses it is reached by; it must be called nothing else.
        life: from now on.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    word = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    signed = (
        _builder(_called(names[0]), authority.certificate.subject, key.public_key(), life)
        .add_extension(x509.SubjectAlternativeName([_name(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(word, critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return Identity(signed.public_bytes(serialization.Encoding.PEM).decode(), _pem(key))


def kept_authority(folder: Path) -> Authority:
    """The authority of a folder, made when there is none; ``ca.crt`` there may be read by all."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    shown, secret = folder / "ca.crt", folder / "ca.key"
    if not (shown.exists() and secret.exists()):
        made = new_authority()
        write_private(secret, _pem(made.key))
        write_private(shown, made.pem)
        shown.chmod(0o644)
        return made
    key = serialization.load_pem_private_key(secret.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey), "we write no other"
    return Authority(key, x509.load_pem_x509_certificate(shown.read_bytes()))


def give(folder: Path, identity: Identity) -> Path:
    """Write what a server shows as ``server.crt`` and ``server.key`` into a folder of its own."""
    user = server_user()
    own(folder, user)
    write_private(folder / "server.crt", identity.certificate, user)
    write_private(folder / "server.key", identity.key, user)
    return folder


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: datetime.timedelta
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _called(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
