"""Gives each test an empty bank."""

from collections.abc import Iterator

import pytest

from tests.exchanges.people import Bank
from tests.servers import Databases


@pytest.fixture(scope="session")
def one_bank(databases: Databases) -> Iterator[Bank]:
    """One database for all these tests: emptying it is cheaper than making another."""
    url = databases.fresh("services.exchanges")
    made = Bank(url)
    yield made
    made.close()
    databases.drop(url)


@pytest.fixture
def bank(one_bank: Bank) -> Bank:
    one_bank.empty()
    return one_bank
