"""Gives each test an empty bank."""

from collections.abc import Iterator

import pytest

from tests.exchanges.people import Bank
from tests.servers import Databases, Kept


@pytest.fixture(scope="session")
def one_bank(databases: Databases) -> Iterator[Bank]:
    """One database for all these tests: emptying it is cheaper than making another."""
    kept = Kept(databases, "services.exchanges")
    made = Bank(kept)
    yield made
    made.close()
    kept.drop()


@pytest.fixture
def bank(one_bank: Bank) -> Bank:
    one_bank.empty()
    return one_bank
