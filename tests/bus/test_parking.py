"""What the national team decides about parked messages, and what nobody may."""

from __future__ import annotations

import psycopg
import pytest

from services.bus import parked, parking, retries
from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.intake import Delivery
from services.bus.transaction import Database, new_id

NATIONAL = Caller(id=new_id(), roles=frozenset({"national"}), approved=True)
SENATE = Caller(id=new_id(), roles=frozenset({"senate"}), approved=True)
MEMBER = Caller(id=new_id(), region="london", roles=frozenset({"rep:london"}), approved=True)
WHY = "The cause is mended."


def message(number):
    headers = {"ce-id": f"e{number}", "ce-subject": f"s{number}"}
    return Delivery("london.echo.said", "london", headers, b'{"word": "x"}', False)


@pytest.fixture
def place(service_database, monkeypatch):
    url = service_database("services.bus")
    monkeypatch.setenv("TIMEBANK_DATABASE_URL", url)
    database = Database(url, size=2)
    database.open()
    with database.transaction() as tx:
        for number in (1, 2):
            retries.park(tx, message(number), "CheckViolation: no")
        retries.park(tx, message(3), retries.NEVER_ENDED.format(3))
        retries.schedule(tx, message(4), "e4", "TryLater", wait=60)
    yield database
    database.close()


def decide(place, ids, decision, caller=NATIONAL, why=WHY):
    with place.transaction() as tx:
        return parking.decide(tx, caller, ids, decision, why)["event_ids"]


def decided(place, caller=NATIONAL, before=None):
    with place.transaction() as tx:
        return parking.decisions(tx, caller, before)["items"]


def ids(place, caller=NATIONAL):
    with place.transaction() as tx:
        return {each["event_id"] for each in parking.listed(tx, caller)["items"]}


def test_national_and_senate_see_what_is_parked_and_nothing_of_what_it_says(place):
    for caller in (NATIONAL, SENATE):
        assert ids(place, caller) == {"e1", "e2", "e3"}
    with place.transaction() as tx:
        found = parking.listed(tx, SENATE)
    assert found["total"] == 3
    assert {each["event_id"]: each["kills"] for each in found["items"]}["e3"]
    assert "body" not in found["items"][0]


def test_what_is_put_back_is_due_at_once_from_the_first_try(place):
    assert decide(place, ["e2", "e1"], "put_back") == ["e1", "e2"]

    assert ids(place) == {"e3"}
    with place.transaction() as tx:
        due = retries.take_due(tx, ["london"])
    assert due is not None
    assert (due.event_id, due.attempts) == ("e1", 0)


def test_what_is_discarded_is_gone_and_kept_whole_with_the_decision(place):
    decide(place, ["e1"], "discard")

    with place.transaction() as tx:
        assert retries.found(tx, "e1") is None
        kept = tx.conn.execute("select headers, body from parked_decision").fetchone()
    assert kept == (message(1).headers, message(1).body)


def test_every_decision_is_written_down_with_who_and_why_the_newest_first(place):
    decide(place, ["e1"], "put_back")
    decide(place, ["e3"], "discard", why="  Nobody knows it. ")

    newest, older = decided(place, SENATE)
    assert (newest["event_id"], newest["decision"]) == ("e3", "discard")
    assert (newest["reason"], newest["actor"]) == ("Nobody knows it.", str(NATIONAL.id))
    assert older["failure"] == "CheckViolation: no"
    assert decided(place, before=newest["at"]) == [older]


def test_what_ended_processes_is_put_back_by_an_operator_only(place):
    with pytest.raises(parking.MessageKills):
        decide(place, ["e1", "e3"], "put_back")

    assert ids(place) == {"e1", "e2", "e3"}
    assert decided(place) == []
    assert parked.main(["resend", "e3"]) == 0
    assert (decided(place)[0]["actor"], decided(place)[0]["reason"]) == (None, parking.BY_COMMAND)


@pytest.mark.parametrize("wanted", [["e1", "e9"], ["e4"]])
def test_what_is_not_parked_is_refused_with_all_that_came_with_it(place, wanted):
    with pytest.raises(parking.MessageNotParked):
        decide(place, wanted, "discard")

    assert ids(place) == {"e1", "e2", "e3"}


@pytest.mark.parametrize("caller", [SENATE, MEMBER, Caller()])
def test_nobody_but_the_national_team_decides(place, caller):
    with pytest.raises(NotAllowed):
        decide(place, ["e1"], "put_back", caller)


@pytest.mark.parametrize("caller", [MEMBER, Caller()])
def test_nobody_but_national_and_senate_looks(place, caller):
    with pytest.raises(NotAllowed):
        ids(place, caller)
    with pytest.raises(NotAllowed):
        decided(place, caller)


@pytest.mark.parametrize(
    ("wanted", "decision", "why"),
    [
        (["e1"], "put_back", "  "),
        (["e1"], "put_back", None),
        (["e1"], "put_back", "x" * 1_001),
        (["e1"], "forget", WHY),
        ([], "discard", WHY),
        ("e1", "discard", WHY),
        ([1], "discard", WHY),
        (["e1"] * 201, "discard", WHY),
    ],
)
def test_what_is_no_decision_is_refused(place, wanted, decision, why):
    with pytest.raises(parking.DecisionInvalid):
        decide(place, wanted, decision, why=why)


def test_decisions_before_no_moment_are_refused(place):
    with pytest.raises(parking.DecisionInvalid):
        decided(place, before="yesterday")


@pytest.mark.parametrize(
    "statement", ["update parked_decision set reason = 'x'", "delete from parked_decision"]
)
def test_what_was_decided_is_not_rewritten(place, statement):
    decide(place, ["e1"], "discard")

    with pytest.raises(psycopg.errors.RaiseException), place.transaction() as tx:
        tx.conn.execute(statement)


def test_an_operator_discards_with_a_reason_and_hears_when_there_is_nothing(place, capsys):
    assert parked.main(["discard", "e1", "--reason", "A mistake."]) == 0
    assert parked.main(["discard", "e1", "--reason", "A mistake."]) == 1

    assert capsys.readouterr().out == "1 discarded\n0 discarded\n"
    assert decided(place)[0]["reason"] == "A mistake."
