"""Every form and page there is: taken only with our proof, shown only to whom it is for."""

from __future__ import annotations

from collections.abc import Iterator

import flask
import pytest
from flask.testing import FlaskClient
from joserfc import jwk
from werkzeug.routing import AnyConverter, Rule, UUIDConverter

from gateway import app as application
from gateway.settings import Settings
from tests.gateway import recorded
from tests.gateway.standin import LISTING, Services
from tests.gateway.test_pages import SESSION, csrf
from tests.pages.site import Site

OPEN = {
    "/", "/dev/authorize", "/join", "/sign-in", "/sign-in/email", "/sign-in/email/sent",
    "/sign-in/jwks.json", "/sign-in/link/<token>", "/sign-in/with/<name>",
    "/sign-in/with/<name>/back", "/sign-out",
}  # fmt: skip
"""What whoever comes may see and send; everything else asks for signing in."""
WORDS = {"region": "london", "name": "accept", "token": "x", "service": "ledger"}
ASKED_FOR_EVERY_PAGE = {("members", "session")}


def made(services: Services) -> flask.Flask:
    settings = Settings(
        "local", "http://timebank.test", development_key=jwk.ECKey.generate_key("P-256")
    )
    return application.create(services, settings)


def rules(method: str) -> list[str]:
    """The addresses of pages that take a method."""
    return sorted(Site().rules(method))


@pytest.fixture(scope="module")
def services() -> Services:
    answering = Services(recorded.answers())
    answering.answers["members", "session"] = SESSION
    return answering


@pytest.fixture(scope="module")
def pages(services: Services) -> flask.Flask:
    return made(services)


@pytest.fixture
def unasked(services: Services) -> Iterator[Services]:
    """The services, of which nothing may have been asked but who the visitor is."""
    services.asked.clear()
    yield services
    asked = {(each.service, each.method) for each in services.asked}
    assert asked <= ASKED_FOR_EVERY_PAGE, asked


def path(pages: flask.Flask, rule: str) -> str:
    """An address of this form; the one thing in it need not be there."""
    found = next(each for each in pages.url_map.iter_rules() if str(each) == rule)
    values = {name: value(found, name) for name in found.arguments}
    built = pages.url_map.bind("timebank.test").build(found.endpoint, values)
    assert isinstance(built, str)
    return built


def value(rule: Rule, name: str) -> str:
    """Something that may stand in an address's place."""
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return LISTING if isinstance(converter, UUIDConverter) else WORDS[name]


@pytest.mark.parametrize("rule", rules("POST"))
def test_no_form_is_taken_that_is_not_ours(
    pages: flask.Flask, unasked: Services, rule: str
) -> None:
    browser = pages.test_client()
    browser.set_cookie("timebank", "a secret")
    for proof in ({}, {"csrf": "0" * 64}):
        answer = browser.post(path(pages, rule), data={**proof, "name": "x", "one": "approve:x"})
        assert answer.status_code == 403
        assert "This page was open too long" in answer.text


@pytest.mark.parametrize("rule", sorted({*rules("GET"), *rules("POST")} - OPEN))
def test_a_stranger_is_led_to_sign_in_and_back(
    pages: flask.Flask, unasked: Services, rule: str
) -> None:
    stranger: FlaskClient = pages.test_client()
    proof = csrf(stranger.get("/sign-in/email").text)
    where = path(pages, rule)
    answers = [stranger.get(where)] if rule in rules("GET") else []
    answers += [stranger.post(where, data={"csrf": proof})] if rule in rules("POST") else []
    for answer in answers:
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in?next=%2F")


def test_what_is_open_to_strangers_is_there() -> None:
    assert {*rules("GET"), *rules("POST")} >= OPEN
