"""My exchanges by role, state and page, what each offers, and each as a file for a calendar."""

from __future__ import annotations

import re
from typing import Any

import icalendar
import pytest

from deploy.local.installation import Installation
from gateway.pages import exchanges, steps
from tests.pages.helping import Two, Visit, listed, two

_ENTRY = re.compile(r'<h3[^>]*><a href="/exchanges/([0-9a-f-]{36})"')
_STEP = re.compile(r'(?:href|action)="/exchanges/[0-9a-f-]{36}/([a-z_]+)"')
BESIDE = ("messages", "feedback", "concern")
"""What the page leads to that is no step of the exchange."""
_NEXT = re.compile(r'href="(/exchanges\?[^"]*cursor=[^"]+)"')


@pytest.fixture
def pair(filled: Installation) -> Two:
    return two(filled.gateway_url)


def entries(visit: Visit, path: str = "/exchanges") -> list[str]:
    page = visit.get(path)
    assert page.status_code == 200
    return _ENTRY.findall(page.text)


def in_file(text: str) -> Any:
    """The one entry of a calendar file."""
    (entry,) = icalendar.Calendar.from_ical(text).events
    return entry


def test_every_exchange_stands_on_one_page_of_the_list_and_the_filter_goes_along(pair: Two) -> None:
    asked = [pair.asked(minutes=15)["id"] for _ in range(exchanges.AT_ONCE + 1)]
    visit = Visit.of(pair.receiver)
    first = visit.get("/exchanges?role=receiver&state=requested").text
    following = _NEXT.search(first)
    assert following
    path = following[1].replace("&amp;", "&")
    assert "role=receiver" in path
    assert "state=requested" in path
    shown = _ENTRY.findall(first)
    assert [*shown, *entries(visit, path)] == asked[::-1]
    assert len(shown) == exchanges.AT_ONCE


def test_role_and_state_choose_and_what_waits_on_me_comes_first(pair: Two) -> None:
    wanted = listed(pair.giver, "Somebody to explain audits to me", "request")
    received = pair.asked(minutes=15)["id"]
    given = pair.asked(listing_id=wanted, minutes=15)["id"]
    pair.giver.act(received, "amend", minutes=30)
    visit = Visit.of(pair.receiver)
    assert entries(visit) == [received, given]
    assert entries(visit, "/exchanges?role=giver&state=") == [given]
    assert entries(visit, "/exchanges?role=receiver&state=requested") == [received]
    assert entries(visit, "/exchanges?role=&state=settled") == []


def test_a_wrong_filter_or_cursor_is_said_and_asks_nothing(pair: Two) -> None:
    visit = Visit.of(pair.receiver)
    for query in ("role=rep", "state=lost", "cursor=lost"):
        assert visit.get(f"/exchanges?{query}").status_code == 422, query


def test_the_calendar_file_follows_the_exchange_and_takes_it_out_again(pair: Two) -> None:
    booked = pair.accepted(starts_at="2027-06-01T09:00:00Z")
    path = f"/exchanges/{booked['id']}"
    visit = Visit.of(pair.giver)
    assert f'href="{path}/calendar.ics"' in visit.get(path).text
    first = visit.get(f"{path}/calendar.ics")
    assert first.headers["Content-Type"].startswith("text/calendar; method=PUBLISH")
    assert first.headers["Content-Disposition"].startswith("attachment")
    pair.receiver.act(booked["id"], "cancel", reason="Night shift.")
    last = visit.get(f"{path}/calendar.ics")
    assert last.headers["Content-Type"].startswith("text/calendar; method=CANCEL")
    before, after = (in_file(each.text) for each in (first, last))
    assert before["UID"] == after["UID"]
    assert before["SEQUENCE"] < after["SEQUENCE"]
    assert visit.get(f"/exchanges/{pair.asked(minutes=15)['id']}/calendar.ics").status_code == 404


@pytest.mark.parametrize("state", ["requested", "booked", "awaiting_confirmation", "settled"])
def test_a_page_offers_every_step_that_is_allowed_and_no_other(pair: Two, state: str) -> None:
    found = in_state(pair, state)
    path = f"/exchanges/{found['id']}"
    for person in (pair.giver, pair.receiver):
        visit, allowed = Visit.of(person), person.get(f"/v1{path}")["allowed"]
        links = _STEP.findall(visit.get(path).text)
        offered = [each for each in links if each not in BESIDE]
        assert len(offered) == len(set(offered))
        assert {steps.STEPS[each].action for each in offered} == set(allowed)
        for name in steps.STEPS:
            page = visit.get(f"{path}/{name}")
            assert page.status_code == (200 if name in offered else 422), (state, name)


def in_state(pair: Two, state: str) -> dict[str, Any]:
    if state == "requested":
        return pair.asked()
    if state == "settled":
        return pair.settled()
    booked = pair.accepted()
    if state == "awaiting_confirmation":
        pair.giver.act(booked["id"], "done", minutes=45)
    return pair.reached(booked["id"], state)
