"""A migrated database of reporting's own for each test."""

from collections.abc import Callable, Iterator

import pytest

from services.bus.transaction import Database


@pytest.fixture
def database_url(service_database: Callable[[str], str]) -> str:
    return service_database("services.reporting")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url, size=4)
    found.open()
    yield found
    found.close()
