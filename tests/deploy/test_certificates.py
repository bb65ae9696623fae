"""Proves on a real database server that only the one that is named and vouched for is spoken to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from deploy.local import certificates
from deploy.local.certificates import Authority
from deploy.local.places import TEST, places
from tests.servers import Servers

Connect = Callable[..., psycopg.Connection]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return certificates.new_authority()


@pytest.fixture(scope="module")
def encrypted(servers: Servers, authority: Authority) -> Iterator[str]:
    """The database server's address, while it shows a certificate for its number and ``localhost``.

    Who asks for no encryption is not kept from it here: tests beside this one do.
    """
    if not servers.broker_is_ours:
        pytest.skip("a foreign server is not ours to give a certificate")
    folder = places(TEST).folder / "certificates"
    certificates.give(folder, certificates.issue(authority, *certificates.NAMES))
    shown = {
        "ssl": "on",
        "ssl_cert_file": folder / "server.crt",
        "ssl_key_file": folder / "server.key",
    }
    with psycopg.connect(servers.database_url, autocommit=True) as administrator:
        for name in ("ssl_cert_file", "ssl_key_file", "ssl"):
            change = sql.SQL("alter system set {} = {}").format(
                sql.Identifier(name), sql.Literal(str(shown[name]))
            )
            administrator.execute(change)
        administrator.execute("select pg_reload_conf()")
        yield servers.database_url
        for name in shown:
            administrator.execute(sql.SQL("alter system reset {}").format(sql.Identifier(name)))
        administrator.execute("select pg_reload_conf()")


@pytest.fixture
def connect(encrypted: str, tmp_path: Path) -> Connect:
    def connected(trusted: Authority, **how: str) -> psycopg.Connection:
        file = tmp_path / "ca.crt"
        file.write_text(trusted.pem)
        known = {"sslmode": "verify-full", "sslrootcert": str(file), **how}
        return psycopg.connect(make_conninfo(encrypted, **known))

    return connected


def test_the_server_that_is_named_and_vouched_for_is_spoken_to_encrypted(
    connect: Connect, authority: Authority
) -> None:
    with connect(authority) as connection:
        told = connection.execute("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
        assert told.fetchone() == (True,)


def test_a_server_somebody_else_vouches_for_is_refused(connect: Connect) -> None:
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        connect(certificates.new_authority())


def test_a_server_of_another_name_is_refused(connect: Connect, authority: Authority) -> None:
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        connect(authority, host="elsewhere.invalid", hostaddr="127.0.0.1")


def test_an_authority_is_made_once_and_its_key_is_nobody_elses(tmp_path: Path) -> None:
    made = certificates.kept_authority(tmp_path / "certificates")
    again = certificates.kept_authority(tmp_path / "certificates")

    assert again.certificate == made.certificate
    assert (tmp_path / "certificates" / "ca.key").stat().st_mode & 0o077 == 0


def test_a_standby_is_reached_by_the_address_of_both_servers(encrypted: str) -> None:
    """The first that answers and takes what is written; here nobody answers at the first."""
    parts = urlsplit(encrypted)
    both = encrypted.replace(f"@{parts.hostname}", f"@127.0.0.1:1,{parts.hostname}")
    with psycopg.connect(f"{both}?target_session_attrs=primary") as connection:
        assert connection.info.port == parts.port
