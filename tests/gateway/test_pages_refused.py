"""What a person sees when something is away, too late, or not what a page can use."""

from __future__ import annotations

import html
import re
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from gateway import asking
from tests.gateway.conftest import problem
from tests.gateway.standin import ALICE, BOB, EXCHANGE, LISTING, NOTICE, Asked, Services, refused
from tests.gateway.test_every_form import path, rules
from tests.gateway.test_pages import HTML, SESSION, csrf

ONLY_FORMS = sorted({*rules("POST")} - {*rules("GET")})
LONG = "9" * 5_000
"""Digits; Python reads no number of so many."""


def browser_of(app: flask.Flask, services: Services, *roles: str) -> FlaskClient:
    """Alice's browser, signed in."""
    member = {**SESSION["member"], "roles": ["member", *roles]}
    services.answers["members", "session"] = {**SESSION, "member": member}
    client = app.test_client()
    client.set_cookie("timebank", "a secret")
    return client


@pytest.fixture
def browser(app: flask.Flask, services: Services) -> FlaskClient:
    return browser_of(app, services)


@pytest.mark.parametrize("rule", ONLY_FORMS)
def test_who_pressed_a_button_too_late_is_led_back_to_the_page_it_stands_on(
    app: flask.Flask, browser: FlaskClient, rule: str
) -> None:
    late = browser.post(path(app, rule), data={"csrf": "0" * 64})
    link = re.search(r'<a href="([^"]+)">Open the page again', late.text)
    assert link
    again = browser.get(html.unescape(link[1]), headers=HTML)
    assert again.status_code in (200, 303, 403), link[1]
    stranger = app.test_client()
    proof = csrf(stranger.get("/sign-in/email").text)
    led = stranger.post(path(app, rule), data={"csrf": proof}).headers["Location"]
    if led.startswith("/sign-in?next="):
        signed_in = browser.get(led).headers["Location"]
        assert browser.get(signed_in, headers=HTML).status_code in (200, 303, 403), signed_in


def test_who_has_to_sign_in_again_finds_what_they_had_chosen(
    app: flask.Flask, services: Services
) -> None:
    stranger = app.test_client()
    proof = csrf(stranger.get("/sign-in/email").text)
    led = stranger.post("/listings/new?kind=request&said=published", data={"csrf": proof})
    assert led.headers["Location"] == "/sign-in?next=%2Flistings%2Fnew%3Fkind%3Drequest"


def test_a_page_of_a_gateway_that_has_too_much_to_do_is_a_page(
    app: flask.Flask, browser: FlaskClient, alice: FlaskClient
) -> None:
    admission = app.extensions[asking.EXTENSION].admission
    while admission.enter():
        pass
    answer = browser.get("/hours", headers=HTML)
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "not available just now" in answer.text
    assert answer.headers["Retry-After"]
    problem(alice.get("/v1/account"), 503, "overloaded")


def test_a_form_with_too_much_in_it_is_answered_by_a_page(browser: FlaskClient) -> None:
    proof = csrf(browser.get("/listings/new").text)
    answer = browser.post("/listings/new", data={"csrf": proof, "title": "x" * 70_000})
    assert (answer.status_code, answer.mimetype) == (413, "text/html")
    assert "too much to send" in answer.text


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(refused("not_found", "No."), 404), (refused("timed_out", "Late.", "try_later"), 503)],
)
def test_a_link_in_an_old_mail_is_answered_by_a_page(
    anybody: FlaskClient, services: Services, refusal: Any, status: int
) -> None:
    services.answers["notifications", "unsubscribe"] = refusal
    answer = anybody.post(f"/notices/{NOTICE}/unsubscribe")
    assert (answer.status_code, answer.mimetype) == (status, "text/html")


def test_the_first_page_stands_while_the_ledger_is_away(
    browser: FlaskClient, services: Services
) -> None:
    assert "to spend" in browser.get("/").text
    services.answers["ledger", "account"] = refused("nobody_there", "Away.", "try_later")
    answer = browser.get("/")
    assert answer.status_code == 200
    assert "Find somebody to help you" in answer.text
    assert "to spend" not in answer.text


def test_a_step_that_was_taken_is_not_said_to_have_failed(
    browser: FlaskClient, services: Services
) -> None:
    known = services.answers["exchanges", "exchange"]
    taken: list[Asked] = []

    def act(asked: Asked) -> Any:
        taken.append(asked)
        return {**known, "state": "accepted", "next_actor": "ledger"}

    def exchange(_: Asked) -> Any:
        if taken:
            raise refused("timed_out", "Too late.", "try_later")
        return known

    proof = csrf(browser.get(f"/exchanges/{EXCHANGE}/accept").text)
    services.answers["exchanges", "act"] = act
    services.answers["exchanges", "exchange"] = exchange
    answer = browser.post(f"/exchanges/{EXCHANGE}/accept", data={"csrf": proof, "version": "1"})
    assert (answer.status_code, len(taken)) == (303, 1)
    assert answer.headers["Location"] == f"/exchanges/{EXCHANGE}?said=step-accept"


def test_of_several_reminders_one_about_nothing_hides_none_of_the_others(
    app: flask.Flask, services: Services
) -> None:
    rep = browser_of(app, services, "rep:london")
    proof = csrf(rep.get("/console").text)
    for method in ("act", "exchange"):
        services.answers["exchanges", method] = refused("exchange_not_found", "There is none.")
    ticks = [f"remind:{EXCHANGE}", f"remind:{LISTING}"]
    answer = rep.post("/console", data={"csrf": proof, "tick": ticks, "all": "remind"})
    assert answer.status_code == 200
    assert answer.text.count("not done. There is none.") == 2


@pytest.mark.parametrize("proof", ["é", "\0", "0" * 63 + "٣", "x" * 10_000])
def test_a_proof_of_odd_characters_is_none(browser: FlaskClient, proof: str) -> None:
    answer = browser.post("/sign-out", data={"csrf": proof})
    assert answer.status_code == 403
    assert "This page was open too long" in answer.text


def test_numbers_nobody_can_mean_are_refused_and_not_counted(
    browser: FlaskClient, services: Services
) -> None:
    page = browser.get("/listings/new").text
    filled = {"csrf": csrf(page), "title": "x", "description": "x", "minutes": "60",
              "where": "online", "capacity": LONG}  # fmt: skip
    answer = browser.post("/listings/new", data=filled)
    assert answer.status_code == 422
    assert "Enter a number of people" in answer.text
    step = {"csrf": csrf(page), "version": LONG}
    assert browser.post(f"/exchanges/{EXCHANGE}/accept", data=step).status_code == 303
    (asked,) = services.of("exchanges", "act")
    assert asked.arguments["expected_version"] == -1


@pytest.mark.parametrize("offers", ["-", "•\n · \n–", "***"])
def test_who_gives_nothing_but_a_dash_is_asked_again_before_joining(
    app: flask.Flask, services: Services, offers: str
) -> None:
    services.answers["members", "session"] = {**SESSION, "member": None}
    joiner = app.test_client()
    joiner.set_cookie("timebank", "a secret")
    proof = csrf(joiner.get("/join").text)
    who = {"csrf": proof, "name": "Alice", "organisation": "RJ1"}
    assert joiner.post("/join", data=who).headers["Location"] == "/join/give"
    answer = joiner.post("/join/give", data={"csrf": proof, "offers": offers, "publish": "yes"})
    assert answer.status_code == 422
    assert "Write at least one thing you could help with" in answer.text


def test_an_address_written_with_two_slashes_leads_to_no_other_host(anybody: FlaskClient) -> None:
    for twice in ("/v1//account", "/profile//about", "//v1//account"):
        odd = {"PATH_INFO": twice, "HTTP_HOST": "elsewhere.example"}
        answer = anybody.get("/", environ_overrides=odd)
        assert answer.status_code == 404, twice
        assert "Location" not in answer.headers


def test_a_role_is_given_to_whom_it_was_meant_for_and_to_nobody_called_a_little_alike(
    app: flask.Flask, services: Services
) -> None:
    national = browser_of(app, services, "national")
    services.answers["members", "role_holders"] = {"items": [], "next": None}
    services.answers["members", "set_roles"] = {"id": BOB}
    found = {"id": BOB, "name": "Bob Sampleton", "region": "london", "organisation_name": None}
    services.answers["members", "find"] = {"items": [found], "next": None}
    form = {"csrf": csrf(national.get("/national/roles").text), "role": "national",
            "change": "give", "reason": "New in the team."}  # fmt: skip
    answer = national.post("/national/roles", data={**form, "who": "Bob Sample"})
    assert answer.status_code == 422
    assert "Nobody with this name or e-mail address" in answer.text
    assert services.of("members", "set_roles") == []
    for who in ("bob sampleton", "bob@nhs.net"):
        assert national.post("/national/roles", data={**form, "who": who}).status_code == 303
    assert {each.arguments["member_id"] for each in services.of("members", "set_roles")} == {BOB}


def test_lines_are_as_long_as_the_browser_counts_them(app: flask.Flask, services: Services) -> None:
    services.answers["members", "session"] = {**SESSION, "member": None}
    joiner = app.test_client()
    joiner.set_cookie("timebank", "a secret")
    proof = csrf(joiner.get("/join").text)
    joiner.post("/join", data={"csrf": proof, "name": "Alice", "organisation": "RJ1"})
    offers = "\r\n".join(["x" * 79] * 5)  # 399 characters in a text box, 403 as they are sent
    answer = joiner.post("/join/give", data={"csrf": proof, "offers": offers})
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/join/like")


def test_an_offer_of_a_whole_day_can_be_changed_and_stays_one(
    browser: FlaskClient, services: Services
) -> None:
    services.change("exchanges", "listing", minutes=1_440, owner={"id": ALICE, "region": "london"})
    page = browser.get(f"/listings/{LISTING}/change").text
    assert re.search(r'<option value="1440" selected>', page)


def test_what_was_written_while_a_service_was_away_is_sent_again_as_the_same(
    browser: FlaskClient, services: Services
) -> None:
    done, words = services.answers["exchanges", "ask"], 'Thursday?\n"Or <Friday>"'
    services.answers["exchanges", "ask"] = refused("timed_out", "Late.", "try_later")
    where = f"/listings/{LISTING}/ask"
    form = {"csrf": csrf(browser.get(where).text), "key": "one", "minutes": "60", "message": words}
    late = browser.post(where, data=form)
    assert late.status_code == 503
    kept = re.search(r'<form method="post" novalidate>(.*?)Send it again', late.text, re.DOTALL)
    assert kept
    hidden = re.findall(r'name="([^"]+)" value="([^"]*)"', kept[1])
    sent = {name: html.unescape(value) for name, value in hidden}
    assert sent == form
    services.answers["exchanges", "ask"] = done
    assert browser.post(where, data=sent).status_code == 303
    first, second = services.of("exchanges", "ask")
    assert first.key == second.key
    assert second.arguments["body"]["message"] == words


def test_a_form_of_another_site_is_not_made_ours_by_a_page_that_offers_it_again(
    app: flask.Flask, browser: FlaskClient
) -> None:
    proof, admission = csrf(browser.get("/").text), app.extensions[asking.EXTENSION].admission
    while admission.enter():
        pass
    answer = browser.post("/profile/leave", data={"csrf": "0" * 64, "sure": "yes"})
    assert answer.status_code == 503
    assert "Send it again" in answer.text
    assert proof not in answer.text.partition("Send it again")[0].rpartition("<form")[2]
