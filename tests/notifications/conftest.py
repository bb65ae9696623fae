"""A fresh database, a real mail server, and the other services' answers."""

from collections.abc import Iterator

import pytest

from services.bus.transaction import Database
from services.notifications import delivery
from tests.notifications import receiver, scene
from tests.servers import Databases


@pytest.fixture(scope="module")
def one_database(databases: Databases) -> Iterator[Database]:
    url = databases.fresh("services.notifications")
    found = Database(url, size=4)
    found.open()
    yield found
    found.close()
    databases.drop(url)


@pytest.fixture
def database(one_database: Database) -> Database:
    """Emptied, its clock set right: a new one for each test would take longer than the test."""
    with one_database.transaction() as tx:
        tx.conn.execute(
            "truncate notice, role_notice, recipient, outbox, said, idempotency, subscription,"
            " webhook_secret, webhook_delivery"
        )
        tx.conn.execute("update clock set ahead = '0'")
    return one_database


@pytest.fixture(scope="session")
def one_postbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[scene.Postbox]:
    found = scene.Postbox(tmp_path_factory.mktemp("postbox"))
    yield found
    found.close()


@pytest.fixture
def postbox(one_postbox: scene.Postbox) -> scene.Postbox:
    """Emptied, and open again where a test has closed it."""
    one_postbox.empty()
    if one_postbox.process is None:
        one_postbox.open()
    return one_postbox


@pytest.fixture
def others() -> scene.Others:
    return scene.Others()


@pytest.fixture
def office(
    database: Database, postbox: scene.Postbox, others: scene.Others
) -> Iterator[delivery.Office]:
    found = scene.office(database, postbox, others)
    yield found
    found.channel.close()


@pytest.fixture
def hook() -> Iterator[receiver.Receiver]:
    with receiver.listening() as found:
        yield found
