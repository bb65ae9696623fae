"""A running echo service with a database and a virtual host of its own."""

import psycopg
import pytest

from tests.bus import echo, running


@pytest.fixture
def place(kept_database, vhost):
    """Settings of an installation of its own: an empty database and a fresh virtual host."""
    url = kept_database("services.bus")
    with psycopg.connect(url) as conn:
        conn.execute("drop table if exists heard, begun")
        conn.execute(echo.TABLE)
    return {
        "AMQP_URL": vhost,
        "DATABASE_URL": url,
        "RETRY_SCHEDULE": "0.1,0.1",
        "RELAY_POLL": "0.2",
    }


@pytest.fixture
def bus(monkeypatch, place):
    """The bus of a running echo service."""
    with running.running(monkeypatch, echo.Echo, **place) as found:
        yield found
