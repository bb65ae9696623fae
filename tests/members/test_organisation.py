"""The shipped directory, and the refusal of one that contradicts itself."""

import dataclasses
import datetime
from collections import Counter

import pytest

from services.contracts import words
from services.members import directory, organisation, role
from services.members.organisation import Belonging, Directory

MERGERS = datetime.date(2026, 4, 1)
CLOSED = {"QHG", "QUE", "QM7", "QH8", "QJG", "QMM", "QNQ", "QU9", "QXU", "QNX", "QMJ", "QRV"}


@pytest.fixture(scope="module")
def shipped() -> Directory:
    return organisation.read(directory.FOLDER)


def test_there_are_seven_regions_with_the_words_used_everywhere(shipped: Directory) -> None:
    assert {region.slug for region in shipped.regions} == set(words.REGIONS) == set(role.REGIONS)
    assert {region.ods_code for region in shipped.regions} == {
        "Y56", "Y58", "Y59", "Y60", "Y61", "Y62", "Y63",
    }  # fmt: skip


def test_thirty_six_boards_are_open_each_in_its_region(shipped: Directory) -> None:
    open_now = {o.code for o in shipped.organisations if o.kind == "icb" and o.closed_on is None}
    assert Counter(row.within for row in shipped.icb_regions if row.code in open_now) == {
        "east-of-england": 3, "london": 4, "midlands": 11, "north-east-and-yorkshire": 4,
        "north-west": 3, "south-east": 4, "south-west": 7,
    }  # fmt: skip


def test_the_boards_closed_in_2026_have_successors(shipped: Directory) -> None:
    closed = {o.code: o.closed_on for o in shipped.organisations if o.kind == "icb" and o.closed_on}
    assert closed == dict.fromkeys(CLOSED, MERGERS - datetime.timedelta(days=1))
    heirs = {row.predecessor for row in shipped.successions if row.since == MERGERS}
    assert heirs >= CLOSED


def test_at_least_a_hundred_trusts_are_open_each_below_an_open_board(shipped: Directory) -> None:
    by_code = {o.code: o for o in shipped.organisations}
    now = {row.code: row.within for row in sorted(shipped.organisation_icbs, key=lambda r: r.since)}
    trusts = [o for o in shipped.organisations if o.kind == "trust" and o.closed_on is None]
    assert len(trusts) >= 100
    assert [t.code for t in trusts if by_code[now[t.code]].closed_on is not None] == []
    assert now["RJ1"] == "QKK"


def changed(shipped: Directory, *rows: Belonging) -> list[str]:
    return list(
        organisation.contradictions(
            dataclasses.replace(shipped, organisation_icbs=(*shipped.organisation_icbs, *rows))
        )
    )


def test_a_directory_that_contradicts_itself_is_refused(shipped: Directory) -> None:
    assert changed(shipped) == []
    assert changed(shipped, Belonging("RJ1", MERGERS, "QMJ")) == [
        "RJ1 belongs to QMJ while that is closed"
    ]
    assert changed(shipped, Belonging("RJ1", MERGERS, "QQQ")) == ["RJ1 cannot belong to QQQ"]
    assert changed(shipped, Belonging("XYZ", MERGERS, "QKK")) == ["XYZ cannot belong to QKK"]
    homeless = dataclasses.replace(shipped, icb_regions=shipped.icb_regions[1:])
    assert len(list(organisation.contradictions(homeless))) == 1
    doubled = dataclasses.replace(shipped, organisations=shipped.organisations * 2)
    assert len(list(organisation.contradictions(doubled))) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [(" rj1 ", "RJ1"), ("G6V2S", "G6V2S"), ("R-1", None), ("RJ", None), ("A" * 11, None)],
)
def test_what_an_ods_code_may_look_like(text: str, code: str | None) -> None:
    assert organisation.as_code(text) == code
