"""Gives each test a bank of its own."""

from collections.abc import Callable, Iterator

import pytest

from tests.exchanges.people import Bank


@pytest.fixture
def bank(service_database: Callable[[str], str]) -> Iterator[Bank]:
    made = Bank(service_database("services.exchanges"))
    yield made
    made.close()
