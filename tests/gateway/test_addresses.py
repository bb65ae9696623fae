"""One's own addresses at the door: links are sent, nothing is given away, forms do their work."""

import hashlib

import flask
import pytest
from flask.testing import FlaskClient

from gateway.pages import links
from tests.gateway.conftest import PUBLIC_URL, problem
from tests.gateway.standin import Services, refused
from tests.gateway.test_pages import SESSION, csrf

NEW = {"email": "alice@new.nhs.uk"}
PATH = "/v1/members/me/addresses"


@pytest.fixture
def browser(app: flask.Flask, services: Services) -> FlaskClient:
    """Alice's browser, signed in, with two addresses."""
    services.answers["members", "session"] = SESSION
    services.change("members", "me", addresses=["alice@nhs.net", "alice@example.org"])
    client = app.test_client()
    client.set_cookie("timebank", "a secret")
    return client


def test_a_link_goes_to_the_address_and_only_its_hash_to_members(
    alice: FlaskClient, services: Services
) -> None:
    assert alice.post(PATH, json=NEW).status_code == 204
    (kept,) = services.of("members", "keep_address_link")
    (sent,) = services.of("notifications", "send_sign_in_link")
    assert sent.arguments["email"] == kept.arguments["email"] == "alice@new.nhs.uk"
    assert sent.arguments["purpose"] == "address"
    start = f"{PUBLIC_URL}{links.confirm_address('')}"
    assert sent.arguments["link"].startswith(start)
    token = sent.arguments["link"].removeprefix(start)
    assert kept.arguments["token_hash"] == hashlib.sha256(token.encode()).hexdigest()
    assert sent.caller.is_service


def test_who_asks_sees_no_difference_when_nothing_is_sent(
    alice: FlaskClient, services: Services
) -> None:
    services.answers["members", "keep_address_link"] = {"send": False}
    assert alice.post(PATH, json=NEW).status_code == 204
    assert not services.of("notifications", "send_sign_in_link")


@pytest.mark.parametrize(
    ("code", "forgotten"),
    [("try_later", True), ("nobody_there", True), ("broker_away", True), ("timed_out", False)],
)
def test_a_link_whose_mail_did_not_go_counts_for_nothing(
    alice: FlaskClient, anybody: FlaskClient, services: Services, code: str, forgotten: bool
) -> None:
    services.answers["notifications", "send_sign_in_link"] = refused(code, "Away.", "try_later")
    problem(alice.post(PATH, json=NEW), 503, code)
    proof = csrf(anybody.get("/sign-in/email").text)
    assert anybody.post("/sign-in/email", data={"csrf": proof, **NEW}).status_code == 503
    kept = [
        *services.of("members", "keep_address_link"), *services.of("members", "keep_sign_in_link"),
    ]  # fmt: skip
    assert len(kept) == 2
    hashes = [each.arguments["token_hash"] for each in services.of("members", "forget_link")]
    assert hashes == ([each.arguments["token_hash"] for each in kept] if forgotten else [])


@pytest.mark.parametrize(
    ("path", "method", "code", "status"),
    [
        (PATH, "keep_address_link", "address_yours", 409),
        (PATH, "keep_address_link", "addresses_enough", 409),
        (PATH, "keep_address_link", "links_enough", 409),
        (f"{PATH}/main", "make_main_address", "address_not_found", 404),
        (f"{PATH}/remove", "remove_address", "address_not_found", 404),
        (f"{PATH}/remove", "remove_address", "last_address", 409),
    ],
)
def test_what_is_refused_has_its_code(
    alice: FlaskClient, services: Services, path: str, method: str, code: str, status: int
) -> None:
    services.answers["members", method] = refused(code)
    problem(alice.post(path, json=NEW), status, code)


def test_the_page_tells_the_main_one_and_changes_the_others(
    browser: FlaskClient, services: Services
) -> None:
    page = browser.get(links.PROFILE_ADDRESSES)
    assert "alice@nhs.net</strong>: your e-mails go here" in page.text
    for what, method in (("main", "make_main_address"), ("remove", "remove_address")):
        sent = {"csrf": csrf(page.text), "email": "alice@example.org"}
        answer = browser.post(f"{links.PROFILE_ADDRESSES}/{what}", data=sent)
        assert answer.status_code == 303
        (asked,) = services.of("members", method)
        assert asked.arguments == {"email": "alice@example.org"}


def test_a_refusal_stands_on_the_page(browser: FlaskClient, services: Services) -> None:
    services.answers["members", "remove_address"] = refused(
        "last_address", "This is your only one."
    )
    proof = csrf(browser.get(links.PROFILE_ADDRESSES).text)
    sent = {"csrf": proof, "email": "alice@nhs.net"}
    answer = browser.post(f"{links.PROFILE_ADDRESSES}/remove", data=sent)
    assert answer.status_code == 422
    assert "This is your only one." in answer.text


def test_a_link_adds_nothing_before_its_button_is_pressed(
    browser: FlaskClient, services: Services
) -> None:
    page = browser.get(links.confirm_address("abc"))
    assert not services.of("members", "add_address")
    answer = browser.post(links.confirm_address("abc"), data={"csrf": csrf(page.text)})
    assert answer.headers["Location"].endswith("said=address-added")
    (asked,) = services.of("members", "add_address")
    assert asked.arguments["token_hash"] == hashlib.sha256(b"abc").hexdigest()


def test_a_link_that_is_used_up_says_so(browser: FlaskClient, services: Services) -> None:
    services.answers["members", "add_address"] = refused("link_not_valid", "It is too old.")
    proof = csrf(browser.get(links.confirm_address("abc")).text)
    answer = browser.post(links.confirm_address("abc"), data={"csrf": proof})
    assert answer.status_code == 422
    assert "It is too old." in answer.text


def test_who_opens_the_link_elsewhere_signs_in_first_and_comes_back(anybody: FlaskClient) -> None:
    answer = anybody.get(links.confirm_address("abc"))
    assert answer.headers["Location"] == "/sign-in?next=%2Fprofile%2Faddresses%2Fconfirm%2Fabc"
