"""Saved searches: whoever looks for something hears of what is new, each once, once a day."""

import dataclasses
import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.bus.caller import SERVICE, Caller
from services.bus.transaction import Transaction, new_id
from services.exchanges import (
    block_handlers,
    errors,
    import_handlers,
    listing_handlers,
    search,
    search_handlers,
)
from tests.exchanges import people
from tests.exchanges.people import REGIONS, Bank


@pytest.fixture
def seeker() -> Caller:
    return people.member("london")


def offer(bank: Bank, title: str, region: str = "midlands", **more: Any) -> dict[str, Any]:
    bank.advance(seconds=1)  # later than whatever was saved before
    return bank.publish(people.member(region), title=title, **{"description": "x", **more})


def told(bank: Bank) -> list[int]:
    """How many listings each digest was about that was said so far."""
    rows = bank.execute(
        "select (convert_from(body, 'UTF8')::jsonb ->> 'listings')::int from unsaid"
        " where headers ->> 'ce-type' = 'listings_found' order by id"
    )
    return [count for (count,) in rows]


def found(bank: Bank, seeker: Caller) -> list[str]:
    """Titles of what the page shows as new."""
    return [each["title"] for each in bank.searches(seeker)["found"]]


def later(bank: Bank, **span: float) -> None:
    bank.advance(**(span or {"hours": 7}))
    bank.look_for()


def test_something_new_that_fits_is_told_once(bank: Bank, seeker: Caller) -> None:
    bank.save_search(seeker, q="pivot tables")
    offer(bank, "Pivot tables without fear")
    offer(bank, "Yoga")
    later(bank)
    for _ in range(5):
        later(bank)

    assert told(bank) == [1]
    assert found(bank, seeker) == ["Pivot tables without fear"]


def test_what_was_there_before_is_not_new(bank: Bank, seeker: Caller) -> None:
    offer(bank, "Pivot tables")
    bank.advance(seconds=1)
    bank.save_search(seeker, q="pivot")
    later(bank)

    assert told(bank) == []


def test_a_renewed_offer_is_not_new(bank: Bank, seeker: Caller) -> None:
    bank.save_search(seeker, q="pivot")
    listing = offer(bank, "Pivot tables")
    later(bank)
    owner = Caller(UUID(listing["owner"]["id"]), "midlands", approved=True)
    bank.act_on_listing(owner, listing, "pause")
    bank.act_on_listing(owner, listing, "renew")
    later(bank, days=2)

    assert told(bank) == [1]


def test_a_digest_comes_once_a_day_at_most(bank: Bank, seeker: Caller) -> None:
    bank.save_search(seeker, q="pivot")
    offer(bank, "Pivot one")
    later(bank)
    offer(bank, "Pivot two")
    offer(bank, "Pivot three")
    later(bank, hours=20)
    assert told(bank) == [1]

    later(bank, hours=5)
    assert told(bank) == [1, 2]


def test_what_fits_two_searches_is_told_once_in_one_digest(bank: Bank, seeker: Caller) -> None:
    bank.save_search(seeker, q="pivot")
    bank.save_search(seeker, category="digital-and-data")
    offer(bank, "Pivot tables")
    offer(bank, "Databases")
    later(bank)

    assert told(bank) == [2]


@pytest.mark.parametrize(
    "wanted",
    [
        {"q": "pivot tables"},
        {"kind": "offer"},
        {"category": "digital-and-data"},
        {"region": "midlands"},
        {"q": "pivots", "kind": "offer", "category": "digital-and-data", "region": "midlands"},
        {},
    ],
)
def test_every_condition_and_none_finds_what_meets_it(
    bank: Bank, seeker: Caller, wanted: dict[str, Any]
) -> None:
    bank.save_search(seeker, **wanted)
    offer(bank, "Pivot tables")
    later(bank)

    assert told(bank) == [1]


@pytest.mark.parametrize(
    "wanted",
    [
        {"q": "pivot yoga"},
        {"q": "the"},
        {"q": "') or 1=1 --"},
        {"kind": "request"},
        {"category": "leadership"},
        {"region": "london"},
        {"q": "pivot", "region": "south-west"},
    ],
)
def test_what_fails_one_condition_is_not_told(
    bank: Bank, seeker: Caller, wanted: dict[str, Any]
) -> None:
    bank.save_search(seeker, **wanted)
    offer(bank, "Pivot tables")
    later(bank)

    assert told(bank) == []


def test_ones_own_and_what_is_closed_by_then_is_not_told(bank: Bank, seeker: Caller) -> None:
    bank.save_search(seeker, q="pivot")
    bank.advance(seconds=1)
    bank.publish(seeker, title="Pivot of my own")
    listing = offer(bank, "Pivot tables")
    owner = Caller(UUID(listing["owner"]["id"]), "midlands", approved=True)
    bank.act_on_listing(owner, listing, "close")
    later(bank)

    assert told(bank) == []


def test_nothing_is_told_of_somebody_who_is_blocked(bank: Bank, seeker: Caller) -> None:
    bank.save_search(seeker, q="pivot")
    listing = offer(bank, "Pivot tables")
    bank.do(block_handlers.block, seeker, listing["owner"]["id"])
    later(bank)
    assert told(bank) == []

    offer(bank, "Pivot for all")
    later(bank)
    assert told(bank) == [1]
    bank.do(block_handlers.block, seeker, bank.searches(seeker)["found"][0]["owner"]["id"])
    assert found(bank, seeker) == []


def test_what_is_committed_late_is_told_all_the_same(bank: Bank, seeker: Caller) -> None:
    offer(bank, "Pivot tables")  # its words are known: who publishes them waits for nobody
    bank.advance(seconds=1)
    bank.save_search(seeker, q="pivot")
    bank.advance(hours=6, minutes=1)
    with bank.database.transaction() as tx:  # begins first, and is seen last
        listing_handlers.publish(tx, people.member(), {**people.OFFER, "title": "Pivot"})
        offer(bank, "Pivot tables")
        bank.look_for()
    assert told(bank) == [1]

    later(bank, days=1, minutes=1)
    assert told(bank) == [1, 1]


def test_of_many_new_ones_the_newest_are_told(bank: Bank, seeker: Caller) -> None:
    bank.save_search(seeker, q="pivot")
    for number in range(search.MOST_TOLD + 3):
        offer(bank, f"Pivot {number}")
    later(bank)
    later(bank, days=2)

    assert told(bank) == [search.MOST_TOLD]
    assert "Pivot 12" in found(bank, seeker)
    assert "Pivot 0" not in found(bank, seeker)


def test_each_regions_searches_are_looked_through_by_its_own_pools(
    bank: Bank, seeker: Caller
) -> None:
    bank.save_search(seeker, q="pivot")
    offer(bank, "Pivot tables")
    bank.advance(hours=7)

    bank.look_for(tuple(each for each in REGIONS if each != "london"))
    assert told(bank) == []
    bank.look_for(("london",))
    assert told(bank) == [1]
    ((region,),) = bank.execute(
        "select region from unsaid where headers ->> 'ce-type' = 'listings_found'"
    )
    assert region == "london"


def test_two_processes_that_look_at_once_share_the_people(bank: Bank) -> None:
    for _ in range(2):
        bank.save_search(people.member(), q="pivot")
    offer(bank, "Pivot tables")
    bank.advance(hours=7)

    with bank.database.transaction() as first, bank.database.transaction() as second:
        assert search_handlers.look(first, REGIONS, 1)
        assert search_handlers.look(second, REGIONS, 1)
        assert not search_handlers.look(second, REGIONS, 1)

    assert told(bank) == [1, 1]


def test_a_look_that_is_undone_is_made_again(bank: Bank, seeker: Caller) -> None:
    bank.save_search(seeker, q="pivot")
    offer(bank, "Pivot tables")
    bank.advance(hours=7)

    def look_and_die(tx: Transaction) -> None:
        search_handlers.look(tx, REGIONS)
        raise ZeroDivisionError  # as a process that dies before its commit

    with pytest.raises(ZeroDivisionError):
        bank.do(look_and_die)
    assert told(bank) == []
    bank.look_for()
    assert told(bank) == [1]


def test_searches_are_shown_and_removed_by_their_owner_alone(bank: Bank, seeker: Caller) -> None:
    first = bank.save_search(seeker, q="pivot", kind="offer")
    second = bank.save_search(seeker, region="london")
    other = people.member()

    assert bank.searches(seeker)["items"] == [second, first]
    assert bank.searches(other)["items"] == []
    for reader, which in ((other, first["id"]), (seeker, str(new_id())), (seeker, "x")):
        with pytest.raises(errors.SearchNotFound):
            bank.do(search_handlers.remove, reader, which)
    bank.do(search_handlers.remove, seeker, first["id"])
    assert bank.searches(seeker)["items"] == [second]


def bring(bank: Bank, *names: str) -> None:
    """Listings of an earlier bank, each of somebody else."""
    items = [
        {
            "owner_id": str(new_id()), "region": "london", "organisation": None,
            "listing": {**people.OFFER, "online": True, "title": each},
        }
        for each in names
    ]  # fmt: skip
    bank.do(import_handlers.import_listings, SERVICE, items)


def brought_without_a_time(bank: Bank, *names: str) -> UUID:
    """The same as a release before migration 0011 brought them; the last id there is."""
    bring(bank, *names)
    for name, first in zip(names, "fedcba98", strict=False):
        anything = f"{first}{str(uuid4())[1:]}"
        bank.execute("update listing set id = %s where title = %s", UUID(anything), name)
    return max(each for (each,) in bank.execute("select id from listing"))


def test_what_is_brought_from_an_earlier_bank_is_told_and_hides_nothing_that_comes_later(
    bank: Bank, seeker: Caller
) -> None:
    bank.save_search(seeker, q="pivot")
    bank.advance(seconds=1)
    bring(bank, *(f"Pivot {number}" for number in range(5)))
    later(bank)
    assert told(bank) == [5]

    offer(bank, "Pivot tables")
    later(bank, days=1, minutes=1)
    assert told(bank) == [5, 1]
    assert "Pivot tables" in found(bank, seeker)
    bank.save_search(other := people.member(), q="pivot")
    offer(bank, "Pivot for all")
    later(bank, days=1, minutes=1)
    assert told(bank) == [5, 1, 1, 1]
    assert found(bank, other) == ["Pivot for all"]


def test_a_search_that_had_lost_its_place_to_an_id_without_a_time_finds_what_is_new_once(
    bank: Bank, seeker: Caller
) -> None:
    bank.save_search(seeker, q="pivot")
    offer(bank, "Pivot one")
    later(bank)
    last = brought_without_a_time(bank, "Pivot brought", "Pivot as well")
    bank.execute("update saved_search set seen_id = %s", last)
    offer(bank, "Pivot two")
    later(bank, days=1, minutes=1)

    assert told(bank) == [1, 1]
    for _ in range(9):  # also once it is forgotten what was told
        later(bank, days=1, minutes=1)
    assert told(bank) == [1, 1]
    offer(bank, "Pivot three")
    later(bank)
    assert told(bank) == [1, 1, 1]


def test_an_id_without_a_time_is_no_place_to_begin_behind(bank: Bank, seeker: Caller) -> None:
    brought_without_a_time(bank, "Pivot brought")
    bank.advance(hours=1)
    bank.save_search(seeker, q="pivot")
    offer(bank, "Pivot tables")
    later(bank)

    assert told(bank) == [1]
    assert found(bank, seeker) == ["Pivot tables"]


def test_ids_lie_between_the_first_of_their_time_and_the_end() -> None:
    before = datetime.datetime.now(datetime.UTC)
    made = new_id()
    after = datetime.datetime.now(datetime.UTC) + datetime.timedelta(milliseconds=1)

    assert search.first_id(before) <= made < search.first_id(after) < search.end(before)


def test_what_is_removed_is_looked_for_no_more(bank: Bank, seeker: Caller) -> None:
    saved = bank.save_search(seeker, q="pivot")
    offer(bank, "Pivot tables")
    bank.do(search_handlers.remove, seeker, saved["id"])
    later(bank)

    assert told(bank) == []
    assert bank.execute("select count(*) from search_digest") == [(0,)]


def test_the_same_is_saved_once_and_no_more_than_anybody_reads(bank: Bank, seeker: Caller) -> None:
    bank.save_search(seeker, q="pivot")
    with pytest.raises(errors.AlreadySaved):
        bank.save_search(seeker, q="pivot")
    for number in range(search.MOST - 1):
        bank.save_search(seeker, q=f"pivot {number}")

    with pytest.raises(errors.TooManySearches):
        bank.save_search(seeker, q="one more")
    assert len(bank.searches(seeker)["items"]) == search.MOST


@pytest.mark.parametrize(
    "wanted", [{"q": "x" * 201}, {"kind": "gift"}, {"region": "mars"}, {"a": 1}]
)
def test_a_search_of_the_wrong_shape_is_refused(
    bank: Bank, seeker: Caller, wanted: dict[str, Any]
) -> None:
    with pytest.raises(errors.Invalid):
        bank.save_search(seeker, **wanted)


def test_who_waits_may_save_and_who_has_not_joined_may_not(bank: Bank, seeker: Caller) -> None:
    bank.save_search(dataclasses.replace(seeker, approved=False), q="pivot")

    for somebody in (Caller(email="someone@example.org"), _gone(bank)):
        with pytest.raises(errors.NotAMember):
            bank.save_search(somebody, q="pivot")


def _gone(bank: Bank) -> Caller:
    person = people.member()
    bank.left(person)
    return person


def test_of_who_has_left_nothing_is_kept(bank: Bank, seeker: Caller) -> None:
    bank.save_search(seeker, q="pivot")
    offer(bank, "Pivot tables")
    later(bank)
    bank.left(seeker)

    for table in ("search_digest", "saved_search", "search_found"):
        assert bank.execute(f"select count(*) from {table}") == [(0,)]


def test_titles_of_a_digest_are_told_to_services_alone(bank: Bank, seeker: Caller) -> None:
    bank.save_search(seeker, q="pivot")
    listing = offer(bank, "Pivot tables")
    later(bank)
    ((digest,),) = bank.execute("select distinct digest_id from search_found")

    known = bank.do(search_handlers.found_listings, SERVICE, [str(digest), str(new_id())])
    assert known == {str(digest): [{"id": listing["id"], "kind": "offer", "title": "Pivot tables"}]}
    with pytest.raises(errors.NotAllowed):
        bank.do(search_handlers.found_listings, seeker, [str(digest)])


def test_what_was_told_is_forgotten_after_a_week(bank: Bank, seeker: Caller) -> None:
    bank.save_search(seeker, q="pivot")
    offer(bank, "Pivot tables")
    later(bank)
    for _ in range(8):
        later(bank, days=1, minutes=1)

    assert bank.execute("select count(*) from search_found") == [(0,)]
    assert told(bank) == [1]
