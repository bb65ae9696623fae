"""What must fail: others' exchanges, forms that are not ours, scripts, and forms that came late."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from deploy.client import Person
from deploy.local.installation import Installation
from tests.pages.helping import GIVER, RECEIVER, Two, Visit, joined, listed, two
from tests.pages.visiting import csrf_of

STEPS = ("accept", "amend", "decline", "cancel", "done", "thank", "resolve", "reverse")
SCRIPT = "<script>alert('%s')</script>\"'><img src=x onerror=alert(1)>"
PRESSES = 4
_VERSION = re.compile(r'name="version"[^>]* value="(\d+)"')


@pytest.fixture(scope="module")
def pair(filled: Installation) -> Two:
    return two(filled.gateway_url)


@pytest.fixture(scope="module")
def giver(pair: Two) -> Visit:
    return Visit.of(pair.giver)


@pytest.fixture(scope="module")
def receiver(pair: Two) -> Visit:
    return Visit.of(pair.receiver)


@pytest.mark.parametrize("who", ["another member", "a rep beyond the region", "nobody"])
def test_an_exchange_is_not_there_for_others(filled: Installation, pair: Two, who: str) -> None:
    asked = pair.asked(message="Between the two of us.")
    gateway = filled.gateway_url
    stranger = {
        "another member": lambda: Visit.of(joined(gateway, "Ned Example", GIVER)),
        "a rep beyond the region": lambda: Visit.of(Person(gateway, "rep.london@dev.nhs.uk")),
        "nobody": lambda: Visit(requests.Session(), gateway),
    }[who]()
    page = f"/exchanges/{asked['id']}"
    for path in (page, f"{page}/calendar.ics", *(f"{page}/{step}" for step in STEPS)):
        answer = stranger.get(path)
        assert "Between the two of us." not in answer.text
        if who == "nobody":
            assert "/sign-in?next=" in answer.url
        else:
            assert answer.status_code == 404, path
    if who != "nobody":
        proof = csrf_of(stranger.get("/exchanges").text)
        assert stranger.send(f"{page}/accept", csrf=proof, version="1").status_code == 404
    assert pair.receiver.get(f"/v1/exchanges/{asked['id']}")["state"] == "requested"


def test_a_rep_of_the_region_sees_it_without_the_message_and_takes_no_partys_step(
    filled: Installation, pair: Two
) -> None:
    asked = pair.asked(message="Between the two of us.")
    rep = Visit.of(Person(filled.gateway_url, "rep.north-west@dev.nhs.uk"))
    page = rep.get(f"/exchanges/{asked['id']}")
    assert page.status_code == 200
    assert "Between the two of us." not in page.text
    assert "/accept" not in page.text
    path = f"/exchanges/{asked['id']}/accept"
    answer = rep.send(path, csrf=csrf_of(page.text), version="1")
    assert answer.status_code == 403
    assert pair.receiver.get(f"/v1/exchanges/{asked['id']}")["state"] == "requested"


def test_a_form_from_elsewhere_does_nothing(pair: Two, giver: Visit, receiver: Visit) -> None:
    asked = pair.asked()
    path = f"/exchanges/{asked['id']}/accept"
    for proof in ("0" * 64, csrf_of(receiver.get("/exchanges").text)):
        answer = giver.send(path, csrf=proof, version="1")
        assert answer.status_code == 403
        assert "This page was open too long" in answer.text
    assert pair.giver.get(f"/v1/exchanges/{asked['id']}")["state"] == "requested"


def test_the_same_form_twice_asks_once_and_says_so_twice(filled: Installation) -> None:
    pair = two(filled.gateway_url)
    visit, path = Visit.of(pair.receiver), f"/listings/{pair.offer}/ask"
    form = {"csrf": csrf_of(visit.get(path).text), "key": str(uuid.uuid4()), "minutes": "30"}
    with ThreadPoolExecutor(PRESSES) as pool:  # at once, as a button is pressed twice
        answers = list(pool.map(lambda _: visit.send(path, **form), range(PRESSES)))
    answers.append(visit.send(path, **form))
    assert len({answer.url for answer in answers}) == 1
    assert "said=asked" in answers[0].url
    assert len(pair.receiver.get("/v1/exchanges")["items"]) == 1


def test_a_step_pressed_twice_is_taken_once(pair: Two, giver: Visit) -> None:
    asked, key = pair.asked(minutes=15), str(uuid.uuid4())
    path = f"/exchanges/{asked['id']}/decline"
    answers = [giver.send(path, key=key, version="1", reason="No.") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    history = pair.giver.get(f"/v1/exchanges/{asked['id']}")["history"]
    assert [step["action"] for step in history] == ["ask", "decline"]


def test_a_form_that_came_too_late_keeps_what_was_written_and_shows_what_stands_now(
    pair: Two, giver: Visit
) -> None:
    asked = pair.asked()
    path = f"/exchanges/{asked['id']}/decline"
    form = giver.get(path).text
    pair.giver.act(asked["id"], "amend", minutes=45)
    pair.receiver.act(asked["id"], "amend", minutes=30)
    late = giver.send(path, csrf=csrf_of(form), version="1", reason="Too long for me.")
    assert late.status_code == 422
    assert "This has changed since you opened the page." in late.text
    assert "Too long for me.</textarea>" in late.text
    assert "30 minutes" in late.text
    version = _VERSION.search(late.text)
    assert version
    assert version[1] == "3"
    again = giver.send(path, csrf=csrf_of(late.text), version=version[1], reason="Still no.")
    assert "said=step-decline" in again.url


@pytest.mark.parametrize("version", ["", "x", "-1", "٣", "99999999999999999999"])
def test_a_version_nobody_showed_is_too_late_as_well(pair: Two, giver: Visit, version: str) -> None:
    asked = pair.asked(minutes=15)
    answer = giver.send(f"/exchanges/{asked['id']}/accept", version=version)
    assert answer.status_code == 422
    assert pair.giver.get(f"/v1/exchanges/{asked['id']}")["state"] == "requested"


def test_a_step_that_is_not_possible_leads_back_to_the_exchange(pair: Two, receiver: Visit) -> None:
    asked = pair.asked(minutes=15)
    page = receiver.get(f"/exchanges/{asked['id']}/accept")
    assert page.status_code == 422
    assert "the exchange has moved on" in page.text
    assert f'href="/exchanges/{asked["id"]}"' in page.text
    assert receiver.get(f"/exchanges/{asked['id']}/nothing").status_code == 404


def test_a_moment_that_has_passed_is_refused_at_its_field(pair: Two, receiver: Visit) -> None:
    boxes = {"day": "1", "month": "2", "year": "2020", "time": "2pm"}
    when = {f"starts_at-{box}": text for box, text in boxes.items()}
    answer = receiver.send(f"/listings/{pair.offer}/ask", minutes="60", message="Then?", **when)
    assert answer.status_code == 422
    assert 'href="#starts_at"' in answer.text
    assert "Then?</textarea>" in answer.text


def test_one_cannot_ask_oneself(pair: Two, giver: Visit) -> None:
    assert giver.get(f"/listings/{pair.offer}/ask").url.endswith(f"/listings/{pair.offer}")


def test_a_script_in_any_text_is_shown_as_text(filled: Installation) -> None:
    gateway = filled.gateway_url
    gives = joined(gateway, SCRIPT % "giver", GIVER)
    receives = joined(gateway, SCRIPT % "receiver", RECEIVER)
    pair = Two(gives, receives, listed(gives, SCRIPT % "title"))
    asked = pair.accepted(message=SCRIPT % "message", starts_at="2027-06-01T09:00:00Z")
    path = f"/exchanges/{asked['id']}"
    visit, other = Visit.of(pair.receiver), Visit.of(pair.giver)
    late = visit.send(f"{path}/cancel", version="1", reason=SCRIPT % "reason")
    gives.act(asked["id"], "cancel", reason=SCRIPT % "why")
    thanked = pair.settled()
    visit.send(
        f"/exchanges/{thanked['id']}/thank",
        version=str(thanked["version"]),
        message=SCRIPT % "thanks",
    )
    pages = {
        path: ("title", "giver", "receiver", "message", "why"),
        f"{path}/decline": ("title",),
        f"/exchanges/{thanked['id']}": ("thanks",),
        "/exchanges": ("title", "giver"),
        f"/listings/{pair.offer}/ask?after={thanked['id']}": ("title", "giver"),
    }
    texts = {where: visit.get(where).text for where in pages}
    texts["late"], pages["late"] = late.text, ("reason",)
    pair.asked()
    texts["/waiting"], pages["/waiting"] = other.get("/waiting").text, ("title",)
    for where, marks in pages.items():
        assert "<img src=x" not in texts[where], where
        for mark in marks:
            assert f"alert('{mark}')" not in texts[where], (where, mark)
            assert f"alert(&#39;{mark}&#39;)" in texts[where], (where, mark)
