"""Proves on a real broker that a process speaks only to the one its address names."""

from __future__ import annotations

import base64
import datetime
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import eventlet
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from kombu.connection import Connection

from deploy.local import broker, ports
from deploy.local.places import TEST, places
from services.bus import link, settings, tls
from tests.bus.running import eventually
from tests.servers import VirtualHosts

NAME = "localhost"
"""What the certificate says the broker is called."""
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
ONE_DAY = datetime.timedelta(days=1)


def issued(name: str, key: ec.EllipticCurvePrivateKey, by: str, word: ec.EllipticCurvePrivateKey):
    """A certificate for a key, signed by another; by itself it is an authority's."""
    now = datetime.datetime.now(datetime.UTC)

    def called(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    return (
        x509.CertificateBuilder()
        .subject_name(called(name))
        .issuer_name(called(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - ONE_DAY)
        .not_valid_after(now + ONE_DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=name == by, path_length=None), critical=True)
        .sign(word, hashes.SHA256())
    )


def control(expression: str) -> str:
    where = places(TEST)
    return broker.control(where, ports.remembered(where.ports), "eval", expression)


def erlang(value: bytes) -> str:
    """An Erlang expression for some bytes."""
    return f'base64:decode(<<"{base64.b64encode(value).decode()}">>)'


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def authority() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def address(virtual_hosts: VirtualHosts, authority: ec.EllipticCurvePrivateKey) -> Iterator[str]:
    """The broker's address with encryption, under the one name its certificate bears."""
    if not virtual_hosts.servers.broker_is_ours:
        pytest.skip("a foreign broker is not ours to give a certificate")
    key, port = ec.generate_private_key(ec.SECP256R1()), free_port()
    shown = issued(NAME, key, "authority", authority).public_bytes(DER)
    private = key.private_bytes(
        DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    options = f"[{{cert, {erlang(shown)}}}, {{key, {{'PrivateKeyInfo', {erlang(private)}}}}}]"
    listener = f'{{"127.0.0.1", {port}}}'
    control(f"rabbit_networking:start_ssl_listener({listener}, {options}, 1).")
    plain = urlsplit(virtual_hosts.fresh())
    place = f"{plain.username}:{plain.password}@{NAME}:{port}"
    yield urlunsplit(plain._replace(scheme="amqps", netloc=place))
    control(f"rabbit_networking:stop_tcp_listener({listener}).")


Trust = Callable[[ec.EllipticCurvePrivateKey], None]


@pytest.fixture
def trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trust:
    """Makes an authority the one that may vouch for the broker."""

    def trusted(word: ec.EllipticCurvePrivateKey) -> None:
        file = tmp_path / "ca.crt"
        file.write_bytes(issued("authority", word, "authority", word).public_bytes(PEM))
        monkeypatch.setenv(settings.AMQP_CA.name, str(file))

    return trusted


def connect(url: str) -> bool:
    with Connection(url, connect_timeout=5, **tls.options(url)) as connection:
        connection.connect()
        return bool(connection.connected)


def test_the_broker_that_is_named_and_vouched_for_is_spoken_to(address, trust, authority) -> None:
    trust(authority)

    assert connect(address)


def test_a_broker_somebody_else_vouches_for_is_refused(address, trust) -> None:
    trust(ec.generate_private_key(ec.SECP256R1()))

    with pytest.raises(ssl.SSLCertVerificationError):
        connect(address)


def test_a_broker_the_machine_does_not_know_is_refused(address) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(address)


def test_a_broker_of_another_name_is_refused(address, trust, authority) -> None:
    trust(authority)

    with pytest.raises(ssl.SSLCertVerificationError, match=r"127\.0\.0\.1"):
        connect(address.replace(NAME, "127.0.0.1"))


class Guest:
    """Counts the connections of a link."""

    times = 0

    def opened(self, connection: Connection) -> None:
        self.times += 1

    def closed(self) -> None:
        """Only arrivals count."""


def test_an_encrypted_link_lives_when_nothing_is_said(
    address, trust, authority, monkeypatch
) -> None:
    """As long as connecting may take: py-amqp takes that for the time a read may take, too."""
    trust(authority)
    monkeypatch.setattr(link, "CONNECT_TIMEOUT", 1.0)
    made, guest = link.Link(address, "test", "in"), Guest()
    made.use(guest)
    running = eventlet.spawn(made.run)
    eventually(lambda: made.up)
    before = guest.times

    with pytest.raises(AssertionError, match="not within"):
        eventually(lambda: guest.times > before, 1.5)
    made.stop()
    running.wait()


def test_an_address_without_encryption_has_none() -> None:
    assert tls.options("amqp://user:word@broker:5672/timebank") == {}


def test_certificates_that_cannot_be_read_refuse_the_start(tmp_path, monkeypatch) -> None:
    for text in (str(tmp_path / "nothing"), str(tmp_path)):
        monkeypatch.setenv(settings.AMQP_CA.name, text)
        with pytest.raises(settings.SettingError, match="TIMEBANK_AMQP_CA cannot be used"):
            tls.options("amqps://broker/timebank")
