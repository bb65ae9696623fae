"""A button pressed twice does its work once, and whoever pressed it sees that it was done."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from gateway import asking
from gateway.pages import render
from tests.gateway.conftest import problem
from tests.gateway.standin import ALICE, BOB, EXCHANGE, LISTING, Asked, Services, refused
from tests.gateway.test_pages import SESSION, csrf

ASK = f"/listings/{LISTING}/ask"
KEY = {"Idempotency-Key": "k"}
TEMPLATES = sorted(Path(render.__file__).with_name("templates").rglob("*.html"))
_LOOKING = re.compile(r'<form[^>]*method="get".*?</form>', re.DOTALL)
_FORM = re.compile(r'<form[^>]*method="post".*?</form>', re.DOTALL)
_BUTTON = re.compile(r"\bbutton\(\{.*?\}\)|<button[^>]*>", re.DOTALL)
_ONCE = 'data-prevent-double-click="true"'


@pytest.fixture
def browser(app: flask.Flask, services: Services, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Alice's browser, signed in; she represents London."""
    monkeypatch.setattr(asking, "TWIN_PAUSE", 0)
    member = {**SESSION["member"], "roles": ["member", "rep:london"]}
    services.answers["members", "session"] = {**SESSION, "member": member}
    client = app.test_client()
    client.set_cookie("timebank", "a secret")
    return client


def running(times: int, then: Any) -> Callable[[Asked], Any]:
    """A service at work on the first of two that are the same, for so many looks."""
    left = [times]

    def answer(_: Asked) -> Any:
        if left[0]:
            left[0] -= 1
            raise refused("idempotency_still_running", "A request with this key is running.")
        return then

    return answer


def ask(browser: FlaskClient) -> Any:
    proof = csrf(browser.get(ASK).text)
    return browser.post(ASK, data={"csrf": proof, "key": "one", "minutes": "60"})


def test_the_second_of_two_presses_waits_for_the_first_and_shows_what_it_did(
    browser: FlaskClient, services: Services
) -> None:
    services.answers["exchanges", "ask"] = running(3, services.answers["exchanges", "ask"])
    answer = ask(browser)
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/exchanges/{EXCHANGE}?said=asked",
    )
    assert {each.key and each.key.key for each in services.of("exchanges", "ask")} == {"one"}


def test_a_program_is_told_at_once_that_its_request_is_running(
    alice: FlaskClient, services: Services
) -> None:
    services.answers["exchanges", "ask"] = running(1, services.answers["exchanges", "ask"])
    body = {"listing_id": LISTING, "minutes": 60}
    problem(alice.post("/v1/exchanges", json=body, headers=KEY), 409, "idempotency_still_running")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("idempotency_still_running", "still being worked on"),
        ("idempotency_key_reused", "You have sent this page before"),
    ],
)
def test_a_person_reads_nothing_about_keys(
    browser: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    monkeypatch.setattr(asking, "TWIN_PATIENCE", 0)
    services.answers["exchanges", "ask"] = refused(code, "This idempotency key was used before.")
    answer = ask(browser)
    assert answer.status_code == 422
    assert said in answer.text
    assert "idempotency" not in answer.text
    services.answers["exchanges", "act_on_listing"] = refused(code, "An idempotency key.")
    pressed = browser.post(f"/listings/{LISTING}/pause", data={"csrf": csrf(answer.text)})
    assert said in pressed.text
    assert "idempotency" not in pressed.text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_form_has_a_key_and_every_button_lets_one_of_two_presses_through(
    template: Path,
) -> None:
    text = _LOOKING.sub("", template.read_text("utf-8"))
    for form in _FORM.findall(text):
        # Who signs out twice is signed out.
        assert 'name="key"' in form or "parts.hidden(" in form or "links.SIGN_OUT" in form, form
    for button in _BUTTON.findall(text):
        harmless = '"href"' in button or "nhsuk-header__account-button" in button
        assert harmless or "preventDoubleClick" in button or _ONCE in button, button


def test_a_button_without_a_form_of_ours_has_a_key_of_its_own(
    browser: FlaskClient, services: Services
) -> None:
    services.change("exchanges", "listing", owner={"id": ALICE, "region": "london"})
    path = f"/listings/{LISTING}"
    pattern = rf'action="{path}/(?:pause|renew)".*?name="key" value="([^"]+)"'
    first, second = (re.findall(pattern, browser.get(path).text, re.DOTALL) for _ in range(2))
    assert len(first) == 2
    assert len({*first, *second}) == 4


def test_rows_of_one_press_have_keys_of_their_own_also_for_the_same_member(
    alice: FlaskClient, services: Services
) -> None:
    rows = [{"act": act, "id": BOB} for act in ("approve", "nudge")]
    services.answers["members", "nudge"] = refused("nudged_enough", "Lately.")
    answer = alice.post("/v1/queue", json={"items": rows}, headers=KEY)
    assert [each["done"] for each in answer.get_json()["items"]] == [True, False]
    (approved,), (nudged,) = services.of("members", "approve"), services.of("members", "nudge")
    assert approved.key
    assert nudged.key
    assert approved.key.key != nudged.key.key
