"""Proves that the tests' own servers are separate for every test."""

from __future__ import annotations

import psycopg
import pytest
from kombu.connection import Connection

from tests.servers import Servers, VirtualHosts


def test_every_test_gets_a_virtual_host_nobody_used(
    servers: Servers, vhost: str, virtual_hosts: VirtualHosts
) -> None:
    if not servers.broker_is_ours:
        pytest.skip("a foreign broker has one virtual host for all")
    with Connection(vhost) as first, Connection(virtual_hosts.fresh()) as second:
        first.default_channel.queue_declare("mine", durable=True, auto_delete=False)
        with pytest.raises(second.channel_errors):
            second.default_channel.queue_declare("mine", passive=True)


def test_the_database_server_answers(database_server: str) -> None:
    with psycopg.connect(database_server) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
