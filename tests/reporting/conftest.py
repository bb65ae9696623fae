"""A database of reporting's for each test, with nothing of the tests before."""

from collections.abc import Callable

import pytest

from services.bus.transaction import Database


@pytest.fixture
def database_url(kept_database: Callable[[str], str]) -> str:
    return kept_database("services.reporting")


@pytest.fixture
def database(database_url: str, opened: Callable[[str], Database]) -> Database:
    return opened(database_url)
