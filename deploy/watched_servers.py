"""Looks at what ends or stays behind unnoticed: certificates, replicas, the feed's heartbeat."""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from cryptography import x509
from psycopg.conninfo import conninfo_to_dict

PATIENCE = 5.0
"""Seconds a server may take to show its certificate."""
ASK_FOR_TLS = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
"""PostgreSQL's request to encrypt; the answer is ``S`` or ``N``."""
PORTS = {"amqps": 5671, "https": 443, "postgresql": 5432, "postgres": 5432}

# On a server that follows another one itself, what it has received is the newest it knows. Who
# may not read other roles' statistics sees a replica without its position.
_REPLICAS = """
    select application_name || coalesce('@' || host(client_addr), ''),
           pg_wal_lsn_diff(
               case when pg_is_in_recovery()
                    then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end,
               replay_lsn)
      from pg_stat_replication where replay_lsn is not null
"""
# A test may have moved the database's clock; Prometheus knows the real time.
_HEARTBEATS = """
    select region, extract(epoch from minute - ahead) from heartbeat, clock
"""


@dataclass(frozen=True)
class Place:
    """Where a certificate is shown, or the file that holds it.

    Attributes:
        kind: ``broker``, ``database``, ``gateway`` or ``file``.
        at: as operators know it; never with a password.
    """

    kind: str
    at: str


def replicas(url: str) -> dict[str, int]:
    """Bytes of its log a database server has written and each of its replicas not yet replayed.

    Args:
        url: of a role that may read all statistics (``pg_read_all_stats``).

    Raises:
        psycopg.Error: the server does not answer.
    """
    with psycopg.connect(url, connect_timeout=int(PATIENCE)) as connection:
        rows = connection.execute(_REPLICAS).fetchall()
    found: dict[str, int] = {}
    for name, behind in rows:
        found[name] = max(found.get(name, 0), int(behind))
    return found


def heartbeats(url: str) -> dict[str, float]:
    """Unix time of the minute whose heartbeat each region said last to other systems.

    Args:
        url: of the exchanges' database, who says it.

    Raises:
        psycopg.Error: it does not answer.
    """
    with psycopg.connect(url, connect_timeout=int(PATIENCE)) as connection:
        return {region: float(at) for region, at in connection.execute(_HEARTBEATS)}


def certificates(
    databases: Mapping[str, str], amqp_url: str, others: tuple[str, ...] = ()
) -> dict[Place, datetime.datetime | None]:
    """When each certificate that is shown ends; nothing for what cannot be seen.

    Args:
        databases: address by service; one that does not encrypt is left out.
        amqp_url: of the broker; several are parted by semicolons.
        others: https addresses and PEM files.
    """
    found: dict[Place, datetime.datetime | None] = {}
    for place, host, port in _shown(databases, amqp_url, others):
        try:
            found[place] = _ends(_seen(host, port, asking=place.kind == "database"))
        except _Unencrypted:
            continue
        except (OSError, ValueError):
            found[place] = None
    for name in others:
        if not _is_address(name):
            found[Place("file", name)] = _held(Path(name))
    return found


def _held(file: Path) -> datetime.datetime | None:
    """When the first of a file's certificates ends: the others are of no use without it."""
    try:
        held = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError):
        return None
    return min(each.not_valid_after_utc for each in held)


class _Unencrypted(Exception):
    """A server answers, and does not encrypt."""


def _is_address(text: str) -> bool:
    return text.startswith("https://")


def _shown(
    databases: Mapping[str, str], amqp_url: str, others: tuple[str, ...]
) -> Iterator[tuple[Place, str, int]]:
    """Every place that could show one, with its host and port."""
    for url in amqp_url.split(";"):
        if url.strip().startswith("amqps:"):
            yield _place("broker", url.strip())
    for url in databases.values():
        for host, port in _hosts(url):
            yield Place("database", f"{host}:{port}"), host, port
    for url in filter(_is_address, others):
        yield _place("gateway", url)


def _place(kind: str, url: str) -> tuple[Place, str, int]:
    parts = urlsplit(url)
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    return Place(kind, f"{host}:{port}"), host, port


def _hosts(url: str) -> Iterator[tuple[str, int]]:
    """The servers of an address, which may name several; none behind a socket in a folder."""
    told = conninfo_to_dict(url)
    names = str(told.get("host", "")).split(",")
    ports = str(told.get("port", "") or PORTS["postgresql"]).split(",")
    for number, name in enumerate(names):
        if name and not name.startswith("/"):
            yield name, int(ports[number] if len(ports) > 1 else ports[0])


def _seen(host: str, port: int, *, asking: bool) -> bytes:
    """The certificate a server shows, in DER.

    It is looked at and not trusted: one that has ended already must be seen, too. Nothing is said
    on the connection.

    Raises:
        OSError: nobody answers as one who encrypts would.
        _Unencrypted: a database answers that it does not.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, port), PATIENCE) as plain:
        if asking:
            plain.sendall(ASK_FOR_TLS)
            if plain.recv(1) != b"S":
                raise _Unencrypted
        with context.wrap_socket(plain, server_hostname=host) as secure:
            shown = secure.getpeercert(binary_form=True)
    if shown is None:
        raise ConnectionRefusedError(f"{host}:{port} showed none")
    return shown


def _ends(certificate: bytes) -> datetime.datetime:
    return x509.load_der_x509_certificate(certificate).not_valid_after_utc
