"""A fresh members database for every test that asks for one."""

from collections.abc import Callable, Iterator

import pytest

from services.bus.transaction import Database
from tests.members.bank import Bank


@pytest.fixture
def database_url(service_database: Callable[[str], str]) -> str:
    return service_database("services.members")


@pytest.fixture
def bank(database_url: str) -> Iterator[Bank]:
    database = Database(database_url, size=4)
    database.open()
    yield Bank(database)
    database.close()
