"""Walks the table of states."""

import datetime
from collections.abc import Callable

import psycopg
import pytest

from services.contracts import exchanges as contract
from services.contracts import words
from services.exchanges import lifecycle, schemas, steps

NOW = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.UTC)
WAITING = [state for state in words.EXCHANGE_STATES if state not in lifecycle.FINAL]


@pytest.mark.parametrize("state", WAITING)
def test_every_state_that_is_not_final_has_somebody_next_and_a_deadline(state: str) -> None:
    waits = [wait for wait in lifecycle.WAITS if wait.state == state]

    assert waits
    for wait in waits:
        assert wait.next_actor in words.NEXT_ACTORS
        assert lifecycle.deadline(state, wait.next_actor, NOW, None) == NOW + wait.within > NOW


@pytest.mark.parametrize("wait", lifecycle.WAITS, ids=lambda w: f"{w.state}-{w.next_actor}")
def test_every_deadline_has_an_outcome_the_clock_can_take(wait: lifecycle.Wait) -> None:
    row = lifecycle.step(wait.state, wait.outcome)

    assert row is not None
    assert row.by == "clock"
    assert wait.outcome in steps.BY_THE_CLOCK


@pytest.mark.parametrize("wait", lifecycle.WAITS, ids=lambda w: f"{w.state}-{w.next_actor}")
def test_whoever_is_next_has_something_to_do(wait: lifecycle.Wait) -> None:
    able = {
        "giver": {"next", "giver", "either", "other"},
        "receiver": {"next", "receiver", "either", "other"},
        "both": {"either"},
        "ledger": {"ledger"},
        # A request kept back waits for the approval, which members tell of.
        "rep": {"rep"} if wait.state == "disputed" else {"members"},
        "national": {"rep"},
    }[wait.next_actor]

    assert able & {row.by for row in lifecycle.steps_in(wait.state)}


@pytest.mark.parametrize("state", lifecycle.FINAL)
def test_a_final_state_waits_for_nobody_and_has_no_deadline(state: str) -> None:
    assert all(wait.state != state for wait in lifecycle.WAITS)
    assert lifecycle.deadline(state, None, NOW, NOW) is None
    assert lifecycle.outcome(state, None) is None
    assert all(row.by != "clock" for row in lifecycle.steps_in(state))


def test_every_action_of_the_contract_is_in_the_table_and_no_other() -> None:
    of_people = {row.action for row in lifecycle.STEPS} & set(steps.BY_PEOPLE)

    assert of_people == set(words.EXCHANGE_ACTIONS) == set(schemas.ACTIONS)
    assert set(steps.BY_PEOPLE) == set(words.EXCHANGE_ACTIONS)


@pytest.mark.parametrize("row", lifecycle.STEPS, ids=lambda row: f"{row.state}-{row.action}")
def test_every_row_names_states_events_and_notices_there_are(row: lifecycle.Step) -> None:
    assert row.then
    assert {row.state, *row.then} <= set(words.EXCHANGE_STATES)
    assert row.says
    assert set(row.says) <= set(contract.EVENTS)
    assert set(row.notices) <= set(row.says)


def test_no_step_stands_in_the_table_twice() -> None:
    rows = [(row.state, row.action) for row in lifecycle.STEPS]

    assert len(rows) == len(set(rows))


def test_every_state_can_be_reached_from_a_request() -> None:
    reached = {"requested"}
    for _ in words.EXCHANGE_STATES:
        reached |= {after for state, after in lifecycle.transitions() if state in reached}

    assert reached == set(words.EXCHANGE_STATES)


@pytest.mark.parametrize("state", sorted(set(WAITING) - {"accepted", "completed"}))
def test_silence_alone_brings_every_state_that_waits_for_people_to_an_end(state: str) -> None:
    seen: set[str] = set()
    ahead = {state}
    while ahead - seen:
        current = (ahead - seen).pop()
        seen.add(current)
        for wait in lifecycle.WAITS:
            row = lifecycle.step(current, wait.outcome) if wait.state == current else None
            ahead |= set(row.then) if row else set()

    assert ahead & {*lifecycle.FINAL, "completed"}


def test_every_event_about_an_exchange_is_said_by_some_step() -> None:
    said = {event for row in lifecycle.STEPS for event in row.says}

    # Recording is no step in a state: it is how such an exchange begins.
    assert said | {"exchange_recorded"} == {
        name for name in contract.EVENTS if name.startswith("exchange_")
    }


def test_the_database_allows_exactly_the_transitions_of_the_table(
    service_database: Callable[[str], str],
) -> None:
    with psycopg.connect(service_database("services.exchanges")) as conn:
        held = conn.execute("select state, after from exchange_transition").fetchall()

    assert set(held) == set(lifecycle.transitions())


def test_a_booking_with_an_agreed_time_lapses_a_fortnight_after_its_end() -> None:
    agreed_end = NOW + datetime.timedelta(days=30, minutes=60)

    deadline = lifecycle.deadline("booked", "both", NOW, agreed_end)

    assert deadline == agreed_end + datetime.timedelta(days=14)


def test_a_booking_made_after_its_agreed_time_still_has_its_fortnight() -> None:
    agreed_end = NOW - datetime.timedelta(days=30)

    deadline = lifecycle.deadline("booked", "both", NOW, agreed_end)

    assert deadline == NOW + datetime.timedelta(days=14)
