"""A members database for every test that asks for one, with nothing of the tests before."""

from collections.abc import Callable

import pytest

from services.bus.transaction import Database
from tests.members.bank import Bank


@pytest.fixture
def database_url(kept_database: Callable[[str], str]) -> str:
    return kept_database("services.members")


@pytest.fixture
def bank(database_url: str, opened: Callable[[str], Database]) -> Bank:
    return Bank(opened(database_url))
