"""A running echo service with a database and a virtual host of its own."""

import psycopg
import pytest

from tests.bus import echo, running


@pytest.fixture
def place(service_database, vhost):
    """Settings of an installation of its own: a fresh database and virtual host."""
    url = service_database("services.bus")
    with psycopg.connect(url) as conn:
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
