"""Search by a common word reads little more than it ranks, however many have the word."""

from collections.abc import Iterator

import pytest

from services.exchanges import listing_store, match_handlers, newest_store
from tests.exchanges import people
from tests.exchanges.people import Bank

MANY = 6_000
PAGE = 20

_FILL = """
insert into listing (id, version, owner_id, kind, title, description, minutes, online, skills,
                     state, region, published_at, expires_at)
select (lpad(to_hex(n), 12, '0') || '70008000' || lpad(to_hex(n * 7919), 8, '0')
        || lpad(to_hex(mod(n, 256)), 4, '0'))::uuid,
       1, gen_random_uuid(), 'offer', 'Rota ' || n, '', 60, true, '{}', 'open', 'london',
       now(), now() + interval '90 days'
  from generate_series(1, %s) n
"""


@pytest.fixture(scope="module")
def many(one_bank: Bank) -> Iterator[Bank]:
    """Listings with one word in common; every 256th is a milestone, as by chance it would be."""
    one_bank.empty()
    one_bank.execute(_FILL, MANY)
    with one_bank.database.pool.connection() as conn:
        conn.autocommit = True
        conn.execute("vacuum analyze listing")
        conn.autocommit = False
    yield one_bank
    one_bank.empty()


def search(bank: Bank, words: str, offset: int = 0) -> tuple[list[str], int]:
    """Titles found, and how many listings were read for it."""
    with bank.database.transaction() as tx:
        wanted = listing_store.Search(words=words, seeker_id=people.member().id)
        before = _read(tx)
        found = listing_store.most_relevant(tx.conn, wanted, tx.now, offset, PAGE)
        return [each.title for each in found], _read(tx) - before


def _read(tx: object) -> int:
    row = tx.conn.execute(  # type: ignore[attr-defined]
        "select pg_stat_get_xact_tuples_fetched('listing'::regclass)"
        " + pg_stat_get_xact_tuples_returned('listing'::regclass)"
    ).fetchone()
    count: int = row[0]
    return count


def test_of_many_with_the_word_the_newest_are_ranked_and_hardly_more_are_read(many: Bank) -> None:
    titles, read = search(many, "rota")

    assert titles == [f"Rota {n}" for n in range(MANY, MANY - PAGE, -1)]
    assert read < MANY / 2
    last, _ = search(many, "rota", listing_store.RANKED - 1)
    assert last == [f"Rota {MANY - listing_store.RANKED + 1}"]


def test_what_only_an_old_listing_has_is_found(many: Bank) -> None:
    for number in (1, 3_000, MANY):
        assert search(many, f"rota {number}")[0][0] == f"Rota {number}"
    assert search(many, "rota nobody")[0] == []


def test_the_windows_hold_every_listing_once(many: Bank) -> None:
    def held(before: object) -> list[int]:
        with many.database.transaction() as tx:
            windows = newest_store.windows(tx.conn, before)  # type: ignore[arg-type]
            query, bounds = newest_store.across(windows, "id", "state = 'open'")
            rows = tx.conn.execute(
                f"select id, count(*) over () from ({query}) all_of_them", bounds
            )
            found = rows.fetchall()
            return [len({row[0] for row in found}), len(found), len(windows)]

    with many.database.transaction() as tx:
        middle = newest_store.milestone(tx.conn, 0.5)
        newest = newest_store.milestone(tx.conn, 0.0)
        oldest = newest_store.milestone(tx.conn, 0.999)
    assert oldest < middle < newest  # type: ignore[operator]
    for before in (None, middle, oldest):
        different, all_found, windows = held(before)
        assert different == all_found == MANY
        assert windows > 1


def test_matching_reads_a_bounded_number_too(many: Bank) -> None:
    asker = people.member()
    many.matches(asker, wanted=["Rota"])
    with many.database.transaction() as tx:
        before = _read(tx)
        found = match_handlers.matches(tx, asker, {"kind": "offer", "wanted": ["Rota"]})
        read = _read(tx) - before

    assert len(found["items"]) == 3
    assert read < MANY / 2
