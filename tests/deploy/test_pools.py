"""Proves that a pools file is understood or refused, and that a move keeps, starts and drains."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import plan, pools
from deploy.local.places import REPOSITORY, Places, Problem
from deploy.local.pools import Pool, Seat
from services.contracts.words import ROUTES

SERVICES = plan.DATABASE_SERVICES
NOT_LONDON = tuple(region for region in ROUTES if region != "london")
APART = (Pool("ledger", "london", ("london",), 2), Pool("ledger", "rest", NOT_LONDON))


def read(tmp_path: Path, text: str) -> dict[tuple[str, str], Pool]:
    file = tmp_path / "pools.toml"
    file.write_text(text)
    return {(pool.service, pool.name): pool for pool in pools.read(file, SERVICES)}


def names(seats: tuple[Seat, ...]) -> list[str]:
    return [seat.name for seat in seats]


def test_a_pool_works_for_what_it_names_and_the_rest_for_all_others(tmp_path: Path) -> None:
    found = read(tmp_path, '[ledger]\nlondon = 3\n"midlands, south-west" = 2\nrest = 1\n')

    assert found["ledger", "london"] == Pool("ledger", "london", ("london",), 3)
    assert found["ledger", "south-west+midlands"].regions == ("south-west", "midlands")
    rest = found["ledger", "rest"]
    assert (rest.processes, "national" in rest.regions, len(rest.regions)) == (1, True, 5)


def test_a_service_that_is_not_named_has_one_process_for_everything(tmp_path: Path) -> None:
    found = read(tmp_path, "[ledger]\nlondon = 1\nrest = 1\n")

    for service in set(SERVICES) - {"ledger"}:
        assert found[service, "all"] == Pool(service, "all", ROUTES)


def test_an_empty_file_is_what_runs_without_one(tmp_path: Path) -> None:
    assert tuple(read(tmp_path, "").values()) == pools.plain(SERVICES)


def test_the_example_can_run() -> None:
    found = pools.read(REPOSITORY / "deploy/pools/example.toml", SERVICES)

    assert Pool("ledger", "london", ("london",), 3) in found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[ledger]\nlondon = 1\n", "nobody would work for south-west in ledger"),
        ("[ledger]\natlantis = 1\nrest = 1\n", "'atlantis', which is no region"),
        ('[ledger]\nlondon = 1\n"london, midlands" = 1\nrest = 1\n', "london stands in two pools"),
        ("[ledger]\nlondon = 0\nrest = 1\n", "ledger, london: write a number from 1 to 20"),
        ("[ledger]\nrest = true\n", "ledger, rest: write a number from 1 to 20"),
        ("[ledger]\nlondon = 1\nlondon = 2\n", "is not a pools file"),
        ("ledger = 3\n", "ledger is no table of pools"),
        ("[gateway]\nrest = 2\n", "there are no pools of gateway"),
        ("[ledger]\nlondon = 20\nrest = 20\n[members]\nrest = 20\n", "has connections for 45"),
    ],
)
def test_what_cannot_run_is_refused_in_one_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(Problem, match=sentence) as refused:
        read(tmp_path, text)

    assert str(refused.value).startswith(str(tmp_path / "pools.toml"))
    assert str(refused.value).count("\n") == 0


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(Problem, match=r"nowhere\.toml cannot be read"):
        pools.read(Path("nowhere.toml"), SERVICES)


def test_processes_are_named_after_their_service_and_regions() -> None:
    assert names(pools.seats(pools.plain(SERVICES))) == list(SERVICES)
    assert names(pools.seats(APART)) == ["ledger-london", "ledger-london-2", "ledger-rest"]


def test_who_works_for_the_same_regions_stays() -> None:
    living = pools.seats(APART)
    three = (Pool("ledger", "london", ("london",), 3), APART[1])

    assert pools.seats(three, living)[:2] == living[:2]
    assert names(pools.seats(three, living))[2] == "ledger-london-3"


def test_the_last_to_come_is_the_first_to_go() -> None:
    many = pools.seats((Pool("ledger", "london", ("london",), 12),))
    one = pools.seats((Pool("ledger", "london", ("london",), 2),), many)

    assert names(one) == ["ledger-london", "ledger-london-2"]


def test_who_works_for_other_regions_under_the_same_name_is_replaced_by_somebody_new() -> None:
    living = pools.seats(APART)
    smaller = Pool("ledger", "rest", NOT_LONDON[1:])

    assert names(pools.seats((smaller,), living)) == ["ledger-rest-2"]
    assert names(pools.seats((smaller,), (), ["ledger-rest"])) == ["ledger-rest-2"]


def test_a_stopped_pool_has_no_processes_until_it_is_started(tmp_path: Path) -> None:
    stopped = pools.switched(APART, "ledger", "london", stopped=True)

    assert names(pools.seats(stopped)) == ["ledger-rest"]
    assert pools.switched(stopped, "all", "london", stopped=False) == APART


def test_a_pool_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(Problem, match="no pool ledger paris; there are: ledger london, ledger re"):
        pools.switched(APART, "ledger", "paris", stopped=True)


def test_what_is_wanted_is_remembered_and_each_wish_is_another(tmp_path: Path) -> None:
    where = Places("fake", tmp_path)
    assert pools.wanted(where, SERVICES).pools == pools.plain(SERVICES)

    first = pools.want(where, APART)

    assert pools.wanted(where, SERVICES) == pools.Wanted(APART, first)
    assert pools.want(where, APART) != first


def test_all_processes_together_fit_the_database_twice() -> None:
    for count in (1, 5, 17, 45):
        many = [Pool("ledger", "all", ROUTES, 1)] * count
        assert 2 <= pools.connections(many) <= 10
        assert 2 * count * pools.connections(many) <= 200
