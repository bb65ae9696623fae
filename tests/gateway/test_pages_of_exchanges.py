"""Pages that list exchanges say where there are new messages, and who was quicker."""

from __future__ import annotations

import re
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from tests.gateway.standin import ALICE, BOB, EXCHANGE, Asked, Services, refused
from tests.gateway.test_pages import SESSION

_TAG = re.compile(r'<strong class="nhsuk-tag[^"]*">\s*(.*?)\s*</strong>', re.DOTALL)
_NEW = re.compile(r"<h2>New messages</h2>\s*<ul.*?</ul>", re.DOTALL)


@pytest.fixture
def browser(app: flask.Flask, services: Services) -> FlaskClient:
    """Alice's browser, signed in."""
    services.answers["members", "session"] = SESSION
    client = app.test_client()
    client.set_cookie("timebank", "a secret")
    return client


def exchange(services: Services, **changes: Any) -> dict[str, Any]:
    (one,) = services.answers["exchanges", "exchanges"]["items"]
    return {**one, **changes}


def answer(services: Services, waiting: list[Any], unread: list[Any]) -> None:
    """What the exchanges service says of what waits, and of what has new messages."""

    def exchanges(asked: Asked) -> dict[str, Any]:
        return {"items": unread if asked.arguments.get("unread") else waiting, "next": None}

    services.answers["exchanges", "exchanges"] = exchanges


def test_a_list_says_how_many_messages_are_new(browser: FlaskClient, services: Services) -> None:
    several = [exchange(services, unread_count=number) for number in (2, 1, 0)]
    services.change("exchanges", "exchanges", items=several)
    page = browser.get("/exchanges").text
    assert _TAG.findall(page) == [
        "Waiting for an answer", "2 new messages",
        "Waiting for an answer", "1 new message",
        "Waiting for an answer",
    ]  # fmt: skip


def test_a_list_says_that_somebody_else_was_quicker(
    browser: FlaskClient, services: Services
) -> None:
    ended: dict[str, Any] = {
        "state": "withdrawn",
        "next_actor": None,
        "allowed": [],
        "deadline": None,
    }
    items = [exchange(services, **ended, superseded=each) for each in (True, False)]
    services.change("exchanges", "exchanges", items=items)
    page = browser.get("/exchanges").text
    assert _TAG.findall(page) == ["Somebody else said yes", "Taken back"]
    assert page.count("Somebody else who was asked said yes first.") == 1


def test_the_start_page_leads_to_what_was_written(browser: FlaskClient, services: Services) -> None:
    answer(services, [], [exchange(services, unread_count=3, title="<b>Excel")])
    (new,) = _NEW.findall(browser.get("/").text)
    said = " ".join(re.sub(r"<[^>]+>", " ", new).split())
    assert said.startswith("New messages 3 new messages about &lt;b&gt;Excel")
    assert said.endswith("from Bob Sample")
    assert f'href="/exchanges/{EXCHANGE}#messages"' in new


def test_what_waits_is_told_once_with_its_messages(
    browser: FlaskClient, services: Services
) -> None:
    waits = exchange(services, next_actor="receiver", asker_id=BOB, unread_count=1)
    other = {**waits, "id": ALICE, "next_actor": "giver", "title": "A second one"}
    answer(services, [waits], [waits, other])
    page = browser.get("/waiting").text
    assert "1 new message" in _TAG.findall(page)
    (new,) = _NEW.findall(page)
    assert "A second one" in new
    assert EXCHANGE not in new


@pytest.mark.parametrize("path", ["/", "/waiting"])
def test_without_new_messages_nothing_is_said_of_them(
    browser: FlaskClient, services: Services, path: str
) -> None:
    answer(services, [], [])
    assert "ew message" not in browser.get(path).text


def test_new_messages_that_cannot_be_told_keep_back_no_page(
    browser: FlaskClient, services: Services
) -> None:
    services.answers["exchanges", "exchanges"] = refused("try_later", "Away.", "try_later")
    page = browser.get("/")
    assert page.status_code == 200
    assert "to spend" in page.text
