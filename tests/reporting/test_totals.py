"""Proves the totals, who may see them, and which days they are about."""

import datetime
from typing import Any, cast

import pytest

from services.bus.caller import SERVICE, Caller
from services.bus.transaction import Transaction
from services.reporting import errors, handlers
from tests.reporting import story

MEMBER = Caller(id=story.an("ama"), region="london", roles=frozenset({"member"}), approved=True)
REP = Caller(id=story.an("rep"), roles=frozenset({"member", "rep:london"}), approved=True)
SENATE = Caller(id=story.an("senator"), roles=frozenset({"senate"}), approved=True)
WAITING = Caller(id=story.an("new"), roles=frozenset({"member"}), approved=False)


@pytest.fixture
def totals(database):
    def ask(by, date_from=None, date_to=None, region=None, caller=REP):
        with database.transaction() as tx:
            return handlers.totals(tx, caller, by, date_from, date_to, region)

    return ask


@pytest.fixture
def bank(database):
    story.hear(database, story.bank())


def keys(answer, *names):
    return {item["key"]: tuple(item[name] for name in names) for item in answer["items"]}


def test_by_region_the_receivers_region_counts_and_the_givers_is_beside_it(bank, totals):
    found = totals("region")

    names = ("exchanges", "minutes", "given_exchanges", "given_minutes")
    assert keys(found, *names) == {"london": (2, 120, 2, 90), "south-west": (1, 60, 1, 90)}
    assert found["total"]["exchanges"] == 3
    assert found["total"]["minutes"] == 180
    assert found["total"]["hours"] == 3.0


def test_by_organisation_the_receivers_counts_and_the_givers_is_beside_it(bank, totals):
    found = totals("organisation")

    assert keys(found, "hours", "given_hours") == {"RJ1": (2.0, 1.5), "RH8": (1.0, 1.5)}


def test_by_category(bank, totals):
    assert keys(totals("category"), "exchanges", "hours") == {
        "projects": (2, 1.5),
        "shadowing": (1, 1.5),
    }


def test_what_states_no_pathway_is_counted_all_the_same(bank, totals):
    assert keys(totals("pathway"), "exchanges") == {"not-stated": (3,)}


def test_by_month_of_completion_in_england(database, totals):
    # 23:30 UTC on 30 September is half past midnight on 1 October in England
    late = datetime.datetime(2026, 9, 30, 23, 30, tzinfo=datetime.UTC)
    story.hear(database, story.Exchange("late", completed_at=late).undisturbed())
    early = late - story.HOUR
    story.hear(database, story.Exchange("early", completed_at=early).undisturbed())

    assert keys(totals("month"), "exchanges") == {"2026-09": (1,), "2026-10": (1,)}


def test_the_last_day_of_a_period_belongs_to_it_and_the_next_does_not(database, totals):
    last = datetime.datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=datetime.UTC)
    next_day = last + datetime.timedelta(microseconds=1)
    story.hear(database, story.Exchange("last", completed_at=last).undisturbed())
    story.hear(database, story.Exchange("next", completed_at=next_day).undisturbed())

    assert totals("region", "2026-10-31", "2026-10-31")["total"]["exchanges"] == 1
    assert totals("region", "2026-10-01", "2026-11-01")["total"]["exchanges"] == 2
    assert totals("region", "2026-11-02", None)["total"]["exchanges"] == 0


def test_one_regions_totals_tell_where_its_help_came_from(bank, totals):
    found = totals("region", region="london")

    assert keys(found, "minutes", "given_minutes") == {"london": (120, 30), "south-west": (0, 90)}
    assert found["total"]["minutes"] == 120


def test_an_empty_bank_has_totals_of_zero(totals):
    found = totals("region")

    assert found["items"] == []
    assert found["total"] == {"exchanges": 0, "minutes": 0, "hours": 0.0, "members": 0}


def test_few_people_are_hidden_below_the_national_level(bank, totals):
    by_region = totals("region")

    assert [item["members"] for item in by_region["items"]] == ["*", "*"]
    assert by_region["total"]["members"] == 3
    assert totals("category", region="london")["total"]["members"] == "*"
    assert keys(totals("category"), "members") == {"projects": (3,), "shadowing": (2,)}


def test_many_people_are_rounded_below_the_national_level(database, totals):
    for number in range(11):
        exchange = story.Exchange(f"e{number}", receiver=f"r{number}")
        story.hear(database, exchange.undisturbed())

    people = keys(totals("region"), "members")

    assert people == {"london": ("*",), "south-west": (10,)}


def test_every_member_let_in_sees_regions_and_subjects(totals):
    for by in ("region", "category", "pathway", "month"):
        assert totals(by, caller=MEMBER)["by"] == by


def test_those_who_answer_for_it_see_organisations(totals):
    for caller in (REP, SENATE, SERVICE):
        assert totals("organisation", caller=caller)["items"] == []


def refused(by, date_from=None, date_to=None, region=None, caller=REP):
    """Ask where no database can be reached: a refusal needs none."""
    tx = Transaction(cast(Any, None), story.MORNING, None)
    return handlers.totals(tx, caller, by, date_from, date_to, region)


def test_a_member_does_not_see_organisations():
    with pytest.raises(errors.ForRepresentativesOnly):
        refused("organisation", caller=MEMBER)


@pytest.mark.parametrize("caller", [WAITING, Caller()])
def test_who_is_not_let_in_sees_nothing(caller):
    with pytest.raises(errors.ForMembersOnly):
        refused("region", caller=caller)


@pytest.mark.parametrize("by", [None, "", "giver", "region; drop table heard", 1, ["region"]])
def test_an_unknown_grouping_is_refused(by):
    with pytest.raises(errors.UnknownGrouping):
        refused(by)


@pytest.mark.parametrize("region", ["", "wales", 1, ["london"]])
def test_an_unknown_region_is_refused(region):
    with pytest.raises(errors.UnknownRegion):
        refused("region", region=region)


def test_a_bad_period_is_refused():
    with pytest.raises(errors.BadPeriod):
        refused("region", "tomorrow")
