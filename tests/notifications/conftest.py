"""A fresh database, a real mail server, and the other services' answers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.bus.transaction import Database
from services.notifications import delivery
from tests.notifications import scene


@pytest.fixture
def database(service_database: Callable[[str], str]) -> Iterator[Database]:
    found = Database(service_database("services.notifications"), size=4)
    found.open()
    yield found
    found.close()


@pytest.fixture
def postbox(tmp_path: Path) -> Iterator[scene.Postbox]:
    found = scene.Postbox(tmp_path)
    yield found
    found.close()


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
