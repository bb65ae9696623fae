"""Lends the tests of the ledger a bank: one for all, as its members are strangers to each other."""

from collections.abc import Callable, Iterator

import pytest

from tests.ledger.bank import Bank
from tests.servers import Databases


@pytest.fixture(scope="session")
def shared_url(databases: Databases) -> Iterator[str]:
    url = databases.fresh("services.ledger")
    yield url
    databases.drop(url)


@pytest.fixture
def bank(shared_url: str) -> Iterator[Bank]:
    """A bank that other tests use too: make your own members."""
    made = Bank(shared_url)
    yield made
    made.close()


@pytest.fixture
def fresh_bank(service_database: Callable[[str], str]) -> Iterator[Bank]:
    """A bank nobody has used, for what touches the fund or a region."""
    made = Bank(service_database("services.ledger"))
    yield made
    made.close()
