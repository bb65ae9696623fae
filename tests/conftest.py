"""Patches the standard library as the services do, and lends every test real servers."""

import gc
import os

BROWSER = os.environ.get("TIMEBANK_TEST_BROWSER") == "1"
"""Whether the pages are tested, in a process of its own: Playwright switches between greenlets
as eventlet does, and where both do, the test waits for ever."""

if not BROWSER:
    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_select"
    import eventlet

    eventlet.monkey_patch()

from collections.abc import Callable, Iterator

import pytest

from services.bus.transaction import Database
from tests.servers import Databases, Kept, Servers, VirtualHosts


def pytest_collection_finish() -> None:
    """Keep the collector away from what stays to the end: all modules, and the tests themselves."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The broker and database the tests use: named in the environment, else our own."""
    found = Servers.find()
    yield found
    found.release()


@pytest.fixture(scope="session")
def database_server(servers: Servers) -> str:
    """The administrator's URL of a real PostgreSQL server."""
    return servers.database_url


@pytest.fixture(scope="session")
def broker_url(servers: Servers) -> str:
    """The URL of a real RabbitMQ broker and one virtual host that all tests share."""
    return servers.broker_url


@pytest.fixture(scope="session")
def databases(database_server: str) -> Iterator[Databases]:
    made = Databases(database_server)
    yield made
    made.drop_templates()


@pytest.fixture
def service_database(databases: Databases) -> Iterator[Callable[[str], str]]:
    """Call it with a package (`services.ledger`): the URL of a fresh, migrated database.

    The URL is that of the service's own role; calling it twice gives two databases.
    """
    made: list[str] = []

    def make(package: str) -> str:
        url = databases.fresh(package)
        made.append(url)
        return url

    yield make
    for url in made:
        databases.drop(url)


@pytest.fixture(scope="session")
def kept_database(databases: Databases) -> Iterator[Callable[[str], str]]:
    """Call it with a package before a test: the URL of a database with nothing of those before.

    It is the same one each time, so a test has it alone and leaves no process behind.
    """
    made: dict[str, Kept] = {}

    def as_new(package: str) -> str:
        if package not in made:
            made[package] = Kept(databases, package)
        return made[package].as_new()

    yield as_new
    for each in made.values():
        each.drop()


@pytest.fixture(scope="session")
def opened() -> Iterator[Callable[[str], Database]]:
    """Call it with a URL: that database, opened by the first who asks and kept open."""
    pools: dict[str, Database] = {}

    def get(url: str) -> Database:
        if url not in pools:
            pools[url] = Database(url, size=4)
            pools[url].open()
        return pools[url]

    yield get
    for each in pools.values():
        each.close()


@pytest.fixture(scope="session")
def virtual_hosts(servers: Servers) -> Iterator[VirtualHosts]:
    made = VirtualHosts(servers)
    yield made
    made.drop()


@pytest.fixture
def vhost(virtual_hosts: VirtualHosts) -> str:
    """The URL of a virtual host no other test has used."""
    return virtual_hosts.fresh()
