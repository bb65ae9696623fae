"""Tries on the cluster whatever must be refused: other authorities, plain words, others' rights."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import amqp
import psycopg
from kombu.connection import Connection

from deploy import rights
from deploy.local import certificates, cluster, installation, standby
from deploy.local.places import Places
from deploy.local.plan import AUDITOR, DATABASE_SERVICES
from services.bus import settings
from services.bus.declarer import Declarer
from tests.deploy import test_rights
from tests.deploy.test_rights import NAMES, REFUSED, WORD, say
from tests.faults.platform import Platform

Trial = Callable[[], object]


def wrong(platform: Platform, where: Places) -> tuple[int, list[str]]:
    """How many things were tried, and a sentence for each that was not as it must be."""
    said: list[str] = []
    tried = 0
    for trials in (_encrypted(where), _broker_rights(where), _database_rights(platform)):
        for name, refusal, trial in trials:
            tried += 1
            said += _outcome(name, refusal, trial)
    return tried, said


def _outcome(name: str, refusal: type[Exception] | None, trial: Trial) -> list[str]:
    try:
        trial()
    except Exception as error:
        if refusal is None or not isinstance(error, refusal):
            return [f"{name}: {type(error).__name__} {error}"[:200]]
        return []
    return [] if refusal is None else [f"{name} was not refused"]


def _encrypted(where: Places) -> Iterator[tuple[str, type[Exception] | None, Trial]]:
    stranger = where.folder / "certificates" / "stranger.crt"
    stranger.write_text(certificates.new_authority().pem)
    for number, node in enumerate(_nodes(where), 1):
        yield from _node_encrypted(where, node, f"node {number}", stranger)
    for number in standby.DATABASES:
        yield from _database_encrypted(where, number, stranger)


def _nodes(where: Places) -> tuple[str, ...]:
    return settings.nodes(installation.read(where.instance).amqp_url)


def _node_encrypted(
    where: Places, node: str, name: str, stranger: Path
) -> Iterator[tuple[str, type[Exception] | None, Trial]]:
    known, unknown = standby.authority_file(where), ssl.SSLCertVerificationError
    plain = node.replace("amqps:", "amqp:")
    yield name, None, lambda: _link(node, known)
    yield f"{name} of a stranger", unknown, lambda: _link(node, stranger)
    yield f"{name} by another name", unknown, lambda: _link(node, known, "elsewhere.invalid")
    yield f"{name} unencrypted", Exception, lambda: _link(plain, None)


def _link(url: str, authority: Path | None, name: str = "127.0.0.1") -> None:
    options = {"server_hostname": name, "cert_reqs": ssl.CERT_REQUIRED, "ca_certs": str(authority)}
    with Connection(url, connect_timeout=5, ssl=options if authority else False) as connection:
        connection.connect()


def _database_encrypted(
    where: Places, number: int, stranger: Path
) -> Iterator[tuple[str, type[Exception] | None, Trial]]:
    word = urlsplit(installation.read(where.instance).administrator_url).password
    known = standby.address(where, number, "timebank_admin") + f" password={word} dbname=postgres"
    foreign = known.replace(str(standby.authority_file(where)), str(stranger))
    other = known.replace("host=127.0.0.1", "host=elsewhere.invalid hostaddr=127.0.0.1")
    plain = known.replace("verify-full", "disable")
    name, away = f"database {number}", psycopg.OperationalError
    yield name, None, lambda: psycopg.connect(known).close()
    yield f"{name} of a stranger", away, lambda: psycopg.connect(foreign).close()
    yield f"{name} by another name", away, lambda: psycopg.connect(other).close()
    yield f"{name} unencrypted", away, lambda: psycopg.connect(plain).close()


DECLARING = 60
"""Seconds to wait for an answer: making every queue on three nodes takes a while."""
HOST = "rights"
"""A virtual host of this trial's own on the cluster."""


def _broker_rights(where: Places) -> Iterator[tuple[str, type[Exception] | None, Trial]]:
    made = rights.all_rights(DATABASE_SERVICES)
    cluster.control(where, 1, "add_vhost", HOST)
    cluster.control(
        where, 1, "set_policy", "-p", HOST, "mirrored", cluster.CALLS, '{"ha-mode": "all"}'
    )
    granted = ", ".join(test_rights.granted(each, HOST) for each in made)
    cluster.control(where, 1, "eval", f"{granted}.")
    everybody = (*DATABASE_SERVICES, rights.GATEWAY)
    yield "a new cluster", None, lambda: _fill(where, _nodes(where)[0], everybody)
    for number, node in enumerate(_nodes(where), 1):
        yield from _at(where, node, f"node {number}")
    gone = ", ".join(
        f'rabbit_auth_backend_internal:delete_user(<<"{each.user}-{HOST}">>, <<"t">>)'
        for each in made
    )
    cluster.control(where, 1, "eval", f"{gone}.")
    cluster.control(where, 1, "delete_vhost", HOST)


def _fill(where: Places, node: str, everybody: tuple[str, ...]) -> None:
    """Every process comes by, some of them too early."""
    for _ in everybody:
        came = [_declared(where, node, user) for user in everybody]
        if all(came):
            return
    raise AssertionError("the cluster never let everybody in")


def _declared(where: Places, node: str, user: str) -> bool:
    with _as(where, node, user) as connection:
        try:
            Declarer(NAMES).opened(connection)
        except REFUSED:
            return False
        return True


def _as(where: Places, node: str, user: str) -> Connection:
    parts = urlsplit(node)
    place = f"{user}-{HOST}:{quote(WORD)}@{parts.hostname}:{parts.port}"
    known = {"server_hostname": parts.hostname, "cert_reqs": ssl.CERT_REQUIRED}
    known["ca_certs"] = str(standby.authority_file(where))
    url = urlunsplit(parts._replace(netloc=place, path=f"/{HOST}"))
    return Connection(url, ssl=known, connect_timeout=DECLARING)


def _at(where: Places, node: str, name: str) -> Iterator[tuple[str, type[Exception] | None, Trial]]:
    def consume(user: str, queue: str) -> None:
        with _as(where, node, user) as connection:
            connection.channel().basic_consume(queue, callback=lambda _: None)

    def speak(user: str, key: str) -> None:
        with _as(where, node, user) as connection:
            say(connection, key)

    refused = amqp.exceptions.AccessRefused
    event = "london.exchanges.exchange_completed"
    yield f"{name}: own queue", None, lambda: consume("ledger", "ledger.london")
    yield f"{name}: own word", None, lambda: speak("exchanges", event)
    yield f"{name}: another's queue", refused, lambda: consume("ledger", "exchanges.london")
    yield f"{name}: another's parked", refused, lambda: consume("ledger", "exchanges.parked")
    yield f"{name}: another's word", refused, lambda: speak("ledger", event)
    yield f"{name}: the gateway's word", refused, lambda: speak(rights.GATEWAY, event)
    yield f"{name}: the gateway reads", refused, lambda: consume(rights.GATEWAY, "ledger.london")


def _database_rights(platform: Platform) -> Iterator[tuple[str, type[Exception] | None, Trial]]:
    """On the server that was promoted last: roles came over with everything else."""
    denied = (psycopg.errors.InsufficientPrivilege, psycopg.OperationalError)
    for service, url in platform.at.database_urls.items():
        yield f"{service} in its own database", None, partial(_ask, url, "select from clock")
        for other in platform.at.database_urls:
            if other != service:
                there = urlunsplit(urlsplit(url)._replace(path=f"/timebank_{other}"))
                yield f"{service} in {other}'s", denied[1], partial(_ask, there, "select 1")
        mighty = f"create role {service}_more"
        yield f"{service} makes roles", denied[0], partial(_ask, url, mighty)
    for service, url in platform.at.audit_urls.items():
        statement = "set default_transaction_read_only = off; delete from outbox"
        yield f"{AUDITOR} in {service}'s", denied[0], partial(_ask, url, statement)


def _ask(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for part in statement.split(";"):
            connection.execute(part.encode())
