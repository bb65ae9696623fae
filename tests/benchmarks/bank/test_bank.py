"""Proves that a loaded bank is one the services themselves could have made."""

from __future__ import annotations

import psycopg
import pytest

from services.ledger import check
from tests.benchmarks.bank.load import load
from tests.benchmarks.bank.size import Size

SIZE = Size(members=140, exchanges=700)


@pytest.fixture
def loaded(database_server, service_database):
    """A function: the URL of a service's database with a small bank."""

    def make(service: str) -> str:
        url = service_database(f"services.{service}")
        load(database_server, url, service, SIZE)
        return str(url)

    return make


def one(conn, query, *arguments):
    return conn.execute(query, arguments).fetchone()[0]


def test_the_ledger_finds_nothing_wrong_with_a_bank_it_did_not_write(loaded):
    with psycopg.connect(loaded("ledger")) as conn:
        assert set(check.check(conn).values()) == {0}
        assert one(conn, "select count(*) from account where kind = 'member'") == SIZE.members
        assert one(conn, "select count(*) from transfer where kind = 'exchange'") == 693
        assert one(conn, "select count(*) from hold where state = 'held'") == 7


def test_ids_in_the_database_are_those_computed_from_their_numbers(loaded):
    with psycopg.connect(loaded("exchanges")) as conn:
        owner = one(conn, "select owner_id from listing where id = %s", SIZE.listing(69))
        state = one(conn, "select state from listing where id = %s", SIZE.listing(69))

    assert owner == SIZE.person(SIZE.owner(69))
    assert SIZE.is_open_offer(69)
    assert state == "open"


def test_keys_and_indexes_are_those_of_the_migrations_again(loaded, service_database):
    def kept(url):
        with psycopg.connect(url) as conn:
            indexes = conn.execute("select indexdef from pg_indexes where schemaname = 'public'")
            keys = conn.execute(
                "select conname, pg_get_constraintdef(oid), convalidated from pg_constraint"
            )
            return set(indexes.fetchall()), set(keys.fetchall())

    for service in ("exchanges", "ledger"):
        assert kept(loaded(service)) == kept(service_database(f"services.{service}"))


def test_every_exchange_has_its_steps_and_its_people_differ(loaded):
    with psycopg.connect(loaded("exchanges")) as conn:
        assert one(conn, "select count(*) from exchange where giver_id <> receiver_id") == 700
        assert one(conn, "select count(*) from exchange_step") == 6 * 693 + 3 * 7
