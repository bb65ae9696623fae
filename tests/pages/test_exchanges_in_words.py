"""Whose turn it is, what happened and when, in words; and the same for a calendar."""

from __future__ import annotations

import datetime
from typing import Any

import icalendar
import pytest

from gateway.pages import calendar, moments, steps, story, turns
from services.exchanges import lifecycle

ME, YOU = "01931c6e-0000-7000-8000-00000000000a", "01931c6e-0000-7000-8000-00000000000b"
NOW = datetime.datetime(2027, 3, 3, 14, tzinfo=datetime.UTC)
TEN_TO = "2027-03-03T13:50:00Z"


def exchange(state: str, next_actor: str | None, **facts: Any) -> dict[str, Any]:
    """An exchange in which I receive and Ben gives."""
    known = {
        "id": "01931c6e-0000-7000-8000-0000000000e1",
        "title": "Pivot tables",
        "giver": {"id": YOU, "name": "Ben", "region": "london"},
        "receiver": {"id": ME, "name": "Asha", "region": "london"},
        "asker_id": ME,
        "state": state,
        "next_actor": next_actor,
        "minutes": 60,
        "stated_minutes": None,
        "shortfall_minutes": None,
        "deadline": "2027-07-10T09:00:00Z" if next_actor else None,
        "starts_at": None,
        "allowed": list(steps.STEPS),
        "version": 7,
        "sequence": 2,
        "history": [],
    }
    return {**known, **facts}


WAITS = [(wait.state, wait.next_actor) for wait in lifecycle.WAITS]


@pytest.mark.parametrize(("state", "next_actor"), WAITS, ids=["/".join(each) for each in WAITS])
@pytest.mark.parametrize("reader", [ME, YOU, "somebody else"])
def test_every_wait_says_who_must_act_and_by_when(state: str, next_actor: str, reader: str) -> None:
    told = turns.turn(exchange(state, next_actor), reader, NOW)
    by_our_parts = next_actor == "ledger" or (state, next_actor) == ("requested", "rep")
    assert ("Saturday 10 July 2027 at 10am" in told.text) != by_our_parts, told.text
    reads = {ME: "receiver", YOU: "giver"}.get(reader)
    mine = reads is not None and next_actor in (reads, "both")
    assert (told.group == turns.YOU) == mine


@pytest.mark.parametrize("state", lifecycle.FINAL)
def test_what_has_ended_says_how_and_asks_nothing(state: str) -> None:
    told = turns.turn(exchange(state, None), ME, NOW)
    assert (told.group, told.primary) == (turns.FINISHED, None)
    assert told.text != "Nothing is left to do."


@pytest.mark.parametrize(
    ("starts_at", "group", "primary"),
    [
        (None, turns.YOU, "reschedule"),
        ("2027-03-03T13:01:00Z", turns.AHEAD, None),
        ("2027-03-03T13:00:00Z", turns.YOU, "done"),
    ],
)
def test_a_booking_waits_for_a_time_and_then_until_that_time_has_passed(
    starts_at: str | None, group: str, primary: str | None
) -> None:
    told = turns.turn(exchange("booked", "both", starts_at=starts_at), ME, NOW)
    assert (told.group, told.primary) == (group, primary)


def test_nothing_is_offered_that_is_not_allowed() -> None:
    found = exchange("requested", "receiver", allowed=["withdraw"])
    assert turns.turn(found, ME, NOW).primary is None
    assert steps.possible(found, ME) == ["withdraw"]


def test_only_the_receiver_says_other_minutes_and_everybody_thanks_once() -> None:
    found = exchange("awaiting_confirmation", "receiver", allowed=["confirm", "dispute"])
    assert steps.possible(found, ME) == ["confirm", "correct", "dispute"]
    assert steps.possible(found, YOU) == ["confirm", "dispute"]
    settled = exchange("settled", None, allowed=["thank"], thanks=[{"author_id": ME}])
    assert steps.possible(settled, ME) == []
    assert steps.possible(settled, YOU) == ["thank"]


@pytest.mark.parametrize("step", lifecycle.STEPS, ids=lambda step: f"{step.state}/{step.action}")
def test_every_step_there_is_has_its_sentence(step: lifecycle.Step) -> None:
    by_itself = step.by in ("clock", "ledger", "members")
    taken = {
        "version": 2, "action": step.action, "actor_id": None if by_itself else YOU,
        "state": step.then[0], "minutes": 60, "reason": None, "at": TEN_TO,
    }  # fmt: skip
    told = story.so_far(exchange("settled", None, history=[taken]), ME)
    assert len(told) == (0 if step.action in story.UNTOLD else 1)
    assert all("did something" not in each["text"] for each in told)


@pytest.mark.parametrize(
    ("time", "iso"),
    [
        ("2pm", "2027-07-01T13:00:00Z"),
        ("2:30 pm", "2027-07-01T13:30:00Z"),
        ("14.30", "2027-07-01T13:30:00Z"),
        ("12am", "2027-06-30T23:00:00Z"),
        ("midday", "2027-07-01T11:00:00Z"),
    ],
)
def test_times_are_taken_as_people_write_them_by_the_clocks_of_england(time: str, iso: str) -> None:
    assert moments.moment({"day": "1", "month": "7", "year": "2027", "time": time}) == iso
    assert moments.moment(moments.boxes_of(iso)) == iso


@pytest.mark.parametrize(
    ("day", "month", "year", "time", "said"),
    [
        ("31", "2", "2027", "2pm", moments.NO_DAY),
        ("1", "2", "27", "2pm", moments.NO_DAY),
        ("1", "2", "", "2pm", moments.INCOMPLETE),
        ("1", "2", "2027", "2", moments.NO_TIME),
        ("1", "2", "2027", "25:00", moments.NO_TIME),
        ("1", "2", "2027", "13pm", moments.NO_TIME),
        ("28", "3", "2027", "1:30am", moments.NO_HOUR),
    ],
)
def test_what_is_no_moment_says_what_to_mend(
    day: str, month: str, year: str, time: str, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        moments.moment({"day": day, "month": month, "year": year, "time": time})


@pytest.mark.parametrize(
    ("state", "method", "status"),
    [("booked", "PUBLISH", "CONFIRMED"), ("cancelled", "CANCEL", "CANCELLED")],
)
def test_a_calendar_gets_the_same_entry_again_with_a_higher_number(
    state: str, method: str, status: str
) -> None:
    link = "https://timebank.test/exchanges/1"
    title = "Pivot; tables, and\nBEGIN:VEVENT"
    found = exchange(state, None, starts_at="2027-07-01T13:00:00Z", title=title)
    says, content = calendar.entry(found, ME, link, NOW)
    read = icalendar.Calendar.from_ical(content)
    (entry,) = read.events
    assert (says, read["METHOD"], entry["STATUS"]) == (method, method, status)
    assert (entry["UID"], entry["SEQUENCE"]) == (found["id"], 2)
    assert entry.end - entry.start == datetime.timedelta(hours=1)
    assert entry["SUMMARY"] == f"{title}: Ben helps you"


def test_without_a_time_there_is_nothing_for_a_calendar() -> None:
    assert not calendar.offered(exchange("booked", "both"))
    assert not calendar.offered(exchange("requested", "giver", starts_at=TEN_TO))
    assert calendar.offered(exchange("booked", "both", starts_at=TEN_TO))
