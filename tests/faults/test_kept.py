"""Proves that F1's cases add up over runs, and that nothing sounds better than it was."""

from argparse import ArgumentTypeError

import pytest

from tests.faults import crash, kept, version
from tests.faults.kept import Kept
from tests.faults.measured import Case

ZERO = {f"A{number}": 0 for number in range(1, 12)}
SOUND = Case(exchanges=50, figures=ZERO, first_success=[1.0], empty=[0.5])
LOST = Case(exchanges=50, figures={**ZERO, "A1": 2}, first_success=[3.0], empty=[9.0])


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "tested", lambda: "as it is")
    return tmp_path / "f1.json"


def test_two_runs_that_share_a_file_both_add_to_it(file):
    one, other = Kept(file), Kept(file)
    one.add("ledger.received", 1, SOUND)
    other.add("ledger.received", 2, SOUND)

    assert Kept(file).summary()["places"]["ledger.received"]["cases"] == 2
    assert Kept(file).summary()["total"]["exchanges"] == 100


def test_a_case_that_lost_something_is_seen_in_the_sum(file):
    cases = Kept(file)
    cases.add("ledger.received", 1, SOUND)
    cases.add("ledger.mid_batch", 1, LOST)

    total = cases.summary()["total"]
    assert (total["lost"], total["not sound"], total["doubled"]) == (2, 1, 0)
    assert total["first_success"] == {"p50": 1.0, "p95": 3.0, "max": 3.0}
    assert "1 to 1 seeds each" in kept.told(cases.summary())


def test_a_point_that_was_not_reached_is_neither_counted_nor_tried_again(file):
    cases = Kept(file)
    cases.add("ledger.received", 1, None)

    assert cases.summary()["total"]["cases"] == 0
    assert cases.take(lambda _: iter([("ledger.received", 1)])) is None


def test_no_two_workers_take_the_same_case(file):
    cases = Kept(file)
    wanted = crash.order(seeds=1)

    taken = {cases.take(wanted) for _ in crash.PLACES}

    assert taken == {(name, 1) for name in crash.BY_NAME}
    cases.add("ledger.received", 1, SOUND)
    assert ("ledger.received", 2) not in [cases.take(wanted) for _ in crash.PLACES]


def test_a_run_of_some_points_takes_no_others(file):
    cases = Kept(file)
    wanted = crash.order(1, crash.named("ledger.mid_batch,reporting.received"))

    taken = [cases.take(wanted) for _ in range(4)]

    both = {"ledger.mid_batch", "reporting.received"}
    assert set(taken) == {(name, seed) for name in both for seed in (1, 2)}


def test_a_point_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ArgumentTypeError, match=r"no points: ledger.mid; there are .*mid_batch"):
        crash.named("ledger.mid,ledger.received")


def test_cases_of_other_code_are_not_counted_nor_mixed_with_ours(file, monkeypatch):
    old = Kept(file)
    old.add("ledger.received", 1, LOST)
    monkeypatch.setattr(kept, "tested", lambda: "otherwise")

    assert Kept(file).summary()["total"]["cases"] == 0
    assert not old.add("ledger.received", 2, SOUND), "the code changed while it ran"


def test_what_is_under_test_has_one_name():
    assert version.tested() == version.tested()
    assert len(version.tested().partition("+")[0]) == version.DIGITS
