"""Shows that addresses may name several servers, of which one that works is found."""

from urllib.parse import urlsplit

import eventlet
import psycopg
import pytest

from deploy import audit_messages
from deploy.local.places import Problem
from services.bus import link, migrate, settings
from services.bus.transaction import Database
from tests.bus.running import eventually

NOBODY = "amqp://guest:guest@127.0.0.1:1/none"
"""An address at which every connection is refused."""


class Guest:
    """Remembers where it has been."""

    def __init__(self):
        self.been = []

    def opened(self, connection):
        self.been.append(connection.virtual_host)

    def closed(self):
        pass


@pytest.fixture
def visit():
    """Runs a link at some addresses; gives it and a guest of its."""
    running = []

    def begun(*addresses):
        made, guest = link.Link(";".join(addresses), "test", "in"), Guest()
        made.use(guest)
        running.append((made, eventlet.spawn(made.run)))
        return made, guest

    yield begun
    for made, greenlet in running:
        made.stop()
        greenlet.wait()


def test_a_link_finds_the_node_that_works(visit, vhost):
    made, _ = visit(NOBODY, vhost, NOBODY)

    eventually(lambda: made.up, 3)


def test_a_link_that_is_lost_goes_on_at_another_node(visit, virtual_hosts):
    if not virtual_hosts.servers.broker_is_ours:
        pytest.skip("a foreign broker has one virtual host for us, and no two addresses")
    made, guest = visit(virtual_hosts.fresh(), virtual_hosts.fresh())
    eventually(lambda: made.up)

    made.reset("a test")

    eventually(lambda: len(guest.been) == 2)
    assert len(set(guest.been)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "amqp://a/timebank;",
        "amqp://a/timebank;http://b/timebank",
        "amqp://a/timebank;amqps://b/timebank",
        "amqp://a/timebank;amqp://b/other",
    ],
)
def test_addresses_that_cannot_be_of_one_cluster_refuse_the_start(monkeypatch, text):
    monkeypatch.setenv(settings.AMQP_URL.name, text)

    with pytest.raises(settings.SettingError, match="TIMEBANK_AMQP_URL cannot be used"):
        settings.AMQP_URL.read()


def test_all_nodes_of_a_cluster_are_one_setting(monkeypatch):
    text = "amqps://u:w@a:1/timebank;amqps://u:w@b:2/timebank"
    monkeypatch.setenv(settings.AMQP_URL.name, text)

    assert settings.nodes(settings.AMQP_URL.read()) == tuple(text.split(";"))


def test_the_audit_asks_the_node_that_works(vhost):
    missing = audit_messages.in_broker(f"{NOBODY};{vhost}", 60)

    assert missing == audit_messages.in_broker(vhost, 60)


def test_the_audit_says_when_no_node_works():
    with pytest.raises(Problem, match="The broker does not answer"):
        audit_messages.in_broker(f"{NOBODY};{NOBODY}", 60)


@pytest.fixture
def both(service_database):
    """A database's address that also names a server where nobody is."""
    url = service_database("services.bus")
    host = urlsplit(url).netloc.rpartition("@")[2]
    return url.replace(f"@{host}", f"@127.0.0.1:1,{host}") + "?target_session_attrs=primary"


def test_migrations_find_the_server_that_takes_them(both):
    with psycopg.connect(both) as conn:
        conn.execute("drop owned by current_user cascade")

    migrate.apply(both, "services.bus")

    with psycopg.connect(both) as conn:
        assert conn.execute("select count(*) from outbox").fetchone() == (0,)


def test_a_service_finds_the_server_that_takes_what_it_writes(both):
    database = Database(both, size=2)
    database.open()
    with database.transaction() as tx:
        row = tx.conn.execute("select pg_is_in_recovery()").fetchone()
    database.close()

    assert row == (False,)
