"""A fresh database, a real mail server, and the other services' answers."""

from collections.abc import Callable, Iterator

import pytest

from services.bus.transaction import Database
from services.notifications import delivery
from tests.notifications import receiver, scene


@pytest.fixture
def database(kept_database: Callable[[str], str], opened: Callable[[str], Database]) -> Database:
    return opened(kept_database("services.notifications"))


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
