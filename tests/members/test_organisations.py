"""Looking organisations up: where each belonged on a day, and finding them by name."""

from typing import Any

import psycopg
import pytest

from services.members import directory, errors, lookup_handlers
from tests.members.bank import Bank


def search(bank: Bank, **wanted: Any) -> Any:
    return bank.do(lookup_handlers.organisations, {"on": "2026-07-08", **wanted})


def place(bank: Bank, code: str, on: str) -> Any:
    found = [item for item in search(bank, q=code, on=on)["items"] if item["code"] == code]
    return found[0] if found else None


def test_guys_and_st_thomas_is_in_london(bank: Bank) -> None:
    assert search(bank, q="rj1")["items"] == [
        {
            "code": "RJ1", "kind": "trust", "name": "Guy's and St Thomas' NHS Foundation Trust",
            "icb_code": "QKK", "icb_name": "NHS South East London Integrated Care Board",
            "region": "london",
        }
    ]  # fmt: skip


def test_the_past_does_not_change_when_boards_merge(bank: Bank) -> None:
    before, after = place(bank, "RAL", "2026-03-31"), place(bank, "RAL", "2026-04-01")
    assert (before["icb_code"], before["region"]) == ("QMJ", "london")
    assert (after["icb_code"], after["region"]) == ("Z9B2Z", "london")


def test_a_closed_board_has_its_region_before_and_none_after(bank: Bank) -> None:
    before = place(bank, "QHG", "2026-03-31")
    assert (before["region"], before["icb_code"]) == ("east-of-england", "QHG")
    assert place(bank, "QHG", "2026-04-01") is None
    assert place(bank, "S1Y5D", "2026-03-31") is None
    assert place(bank, "S1Y5D", "2026-04-01")["region"] == "east-of-england"


def test_a_closed_trust_is_found_on_the_days_it_was_open(bank: Bank) -> None:
    assert place(bank, "RVJ", "2026-06-30")["region"] == "south-west"
    assert place(bank, "RVJ", "2026-07-01") is None


def test_everything_open_reaches_a_region_on_either_side_of_the_mergers(bank: Bank) -> None:
    for day in ("2022-07-01", "2026-03-31", "2026-04-01", "2026-07-08"):
        [(open_then, placed)] = bank.sql(
            "select count(*), count(region) from organisations_on(%s)", day
        )
        assert open_then == placed > 200


def test_an_exact_code_comes_first_then_beginnings_then_the_rest(bank: Bank) -> None:
    names = [item["name"] for item in search(bank, q="NORTH", limit=100)["items"]]
    begins = [name.lower().startswith("north") for name in names]
    assert begins == sorted(begins, reverse=True)
    assert {True, False} <= set(begins)
    assert all("north" in name.lower() for name in names)


def test_a_search_can_be_limited_to_a_region_and_finds_signs_literally(bank: Bank) -> None:
    found = search(bank, region="south-west", limit=100)["items"]
    assert len(found) > 10
    assert {item["region"] for item in found} == {"south-west"}
    assert search(bank, q="%")["items"] == []
    assert search(bank, q="zzz") == {"items": [], "next": None}


def test_pages_follow_each_other_without_a_gap(bank: Bank) -> None:
    whole = search(bank, q="nhs", limit=100)
    pages, cursor = [], None
    for _ in range(4):
        page = search(bank, q="nhs", limit=25, cursor=cursor)
        pages += page["items"]
        cursor = page["next"]
    assert pages == whole["items"]
    assert cursor == whole["next"] is not None


def test_a_search_that_makes_no_sense_is_refused(bank: Bank) -> None:
    for wanted in ({"region": "wales"}, {"q": "a\0"}, {"limit": 0}, {"on": "soon"}, {"q": 1}):
        with pytest.raises(errors.Invalid):
            search(bank, **wanted)


def test_regions_list_their_boards_of_today(bank: Bank) -> None:
    found = {one["slug"]: one for one in bank.do(lookup_handlers.regions)["items"]}
    assert {slug: len(one["icbs"]) for slug, one in found.items()} == {
        "east-of-england": 3, "london": 4, "midlands": 11, "north-east-and-yorkshire": 4,
        "north-west": 3, "south-east": 4, "south-west": 7,
    }  # fmt: skip
    assert found["london"]["ods_code"] == "Y56"
    assert {"code": "QKK", "name": "NHS South East London Integrated Care Board"} in (
        found["london"]["icbs"]
    )


def test_the_directory_can_be_loaded_again_and_corrects_what_differs(bank: Bank) -> None:
    bank.join("ada@nhs.net")
    bank.sql("update organisation set name = 'Wrong' where code = 'RJ1'")
    before = bank.sql("select count(*) from organisation_icb")
    with bank.database.transaction() as tx:
        directory.load(tx.conn)
    assert bank.sql("select count(*) from organisation_icb") == before
    assert search(bank, q="rj1")["items"][0]["name"].startswith("Guy's")


def test_a_member_cannot_name_a_code_that_is_not_there(bank: Bank) -> None:
    bank.join("ada@nhs.net")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        bank.sql("update member set organisation_code = 'ZZZ'")
