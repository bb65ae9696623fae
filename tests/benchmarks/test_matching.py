"""Matches beside plain search in a small invented population: better, and for more people."""

from collections.abc import Callable

import psycopg
import pytest

from services.bus.transaction import Database
from tests.benchmarks.matching import ways
from tests.benchmarks.matching.fill import fill, forget_exchanges
from tests.benchmarks.matching.judged import Judged, judged
from tests.benchmarks.matching.population import Population

MEMBERS, ASKERS = 400, 80


@pytest.fixture(scope="module")
def population() -> Population:
    return Population(MEMBERS, seed=1)


def test_the_same_seed_invents_the_same_people(population: Population) -> None:
    again, other = Population(MEMBERS, seed=1), Population(MEMBERS, seed=2)

    assert again.people == population.people
    assert again.listings == population.listings
    assert other.listings != population.listings


def test_matches_are_better_than_plain_search_and_reach_more_people(
    population: Population, service_database: Callable[[str], str]
) -> None:
    url = service_database("services.exchanges")
    database = Database(url, size=2)
    found: dict[str, Judged] = {}
    with psycopg.connect(url) as conn:
        fill(conn, population)
        database.open()
        askers = [n for n, who in enumerate(population.people) if who.wants][:ASKERS]
        for name, way in (("search", ways.by_search), ("matches", ways.by_matches)):
            forget_exchanges(conn)
            found[name] = judged(database, population, way, "offer", askers)
    database.close()

    matches, search = found["matches"], found["search"]
    assert matches.precision > search.precision
    assert matches.one >= search.one
    assert matches.reached > search.reached
    assert matches.most_asked <= search.most_asked
