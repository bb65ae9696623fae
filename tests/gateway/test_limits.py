"""A caller may ask so often; a process may work on so much at once."""

import re
import threading
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from joserfc import jwk

from gateway import limits
from gateway.app import create
from gateway.limits import Limits
from gateway.settings import Settings
from tests.gateway.conftest import PUBLIC_URL, Clock, Token, problem, signed_in
from tests.gateway.standin import Services


@pytest.fixture
def settings(issuer_key: jwk.ECKey) -> Settings:
    return Settings("local", PUBLIC_URL, development_key=issuer_key, rate_limit=3, concurrency=2)


def test_headers_say_what_is_left(alice: FlaskClient, clock: Clock) -> None:
    response = alice.get("/v1/account")
    assert response.headers["RateLimit-Policy"] == '"default";q=3;w=60'
    assert response.headers["RateLimit"] == '"default";r=2;t=20'
    clock.now += 5
    assert alice.get("/v1/account").headers["RateLimit"] == '"default";r=1;t=35'


def test_too_many_requests_are_429_until_some_time_has_passed(
    alice: FlaskClient, services: Services, clock: Clock
) -> None:
    for _ in range(3):
        assert alice.get("/v1/account").status_code == 200
    asked = len(services.asked)
    response = alice.get("/v1/account")
    problem(response, 429, "too_many_requests")
    assert response.headers["Retry-After"] == "20"
    assert len(services.asked) == asked
    clock.now += 20
    assert alice.get("/v1/account").status_code == 200
    problem(alice.get("/v1/account"), 429, "too_many_requests")


def test_callers_do_not_share_a_limit(app: flask.Flask, alice: FlaskClient, token: Token) -> None:
    for _ in range(4):
        alice.get("/v1/account")
    assert signed_in(app, token("bob@nhs.net")).get("/v1/account").status_code == 200


def test_a_new_token_is_no_new_caller(app: flask.Flask, token: Token) -> None:
    answers = [signed_in(app, token()).get("/v1/account").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]


def test_guessing_tokens_is_limited_too(anybody: FlaskClient, alice: FlaskClient) -> None:
    wrong = {"Authorization": "Bearer a.b.c"}
    answers = [anybody.get("/v1/account", headers=wrong).status_code for _ in range(4)]
    assert answers == [401, 401, 401, 429]
    assert alice.get("/v1/account").status_code == 200


def test_operators_are_not_limited(anybody: FlaskClient) -> None:
    assert {anybody.get("/_ping").status_code for _ in range(9)} == {200}


def test_buckets_of_idle_callers_are_forgotten(clock: Clock) -> None:
    limits = Limits(60, clock)
    for number in range(100):
        limits.take(str(number))
    clock.now += 61
    for number in range(60):
        limits.take(f"new {number}")
    assert len(limits._buckets) == 60


def test_a_bucket_never_holds_more_than_the_limit(clock: Clock) -> None:
    limits = Limits(60, clock)
    limits.take("a")
    clock.now += 59
    assert limits.take("a").remaining == 59


def test_more_than_fits_is_refused_and_makes_room_again(
    app: flask.Flask, token: Token, services: Services
) -> None:
    """Two requests wait inside a service; a third is turned away, health is not."""
    inside, finish = threading.Semaphore(0), threading.Event()

    def slow(_: Any) -> Any:
        inside.release()
        finish.wait(10)
        return account

    account = services.answers["ledger", "account"]
    services.answers["ledger", "account"] = slow
    clients = [signed_in(app, token(f"{name}@nhs.net")) for name in ("a", "b", "c")]
    answers: list[int] = []

    def get(client: FlaskClient) -> None:
        answers.append(client.get("/v1/account").status_code)

    running = [threading.Thread(target=get, args=(client,)) for client in clients[:2]]
    for each in running:
        each.start()
    for _ in running:
        assert inside.acquire(timeout=10)
    response = clients[2].get("/v1/account")
    problem(response, 503, "overloaded")
    assert response.headers["Retry-After"]
    assert clients[2].get("/_ping").status_code == 200
    finish.set()
    for each in running:
        each.join(10)
    assert answers == [200, 200]
    assert clients[2].get("/v1/account").status_code == 200


def test_failed_requests_give_their_place_back(anybody: FlaskClient) -> None:
    for _ in range(5):
        assert anybody.get("/nowhere").status_code == 404
        assert anybody.post("/dev/sign-in", data=b"x" * 70_000).status_code == 413


@pytest.fixture
def few_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAILS", 2)


def ask_for_link(visitor: FlaskClient, email: str, **more: Any) -> int:
    """The status of asking for a link to sign in."""
    form = visitor.get("/sign-in/email", **more)
    proof = re.search(r'name="csrf" value="([0-9a-f]{64})"', form.text)
    assert proof
    return visitor.post(
        "/sign-in/email", data={"csrf": proof[1], "email": email}, **more
    ).status_code


@pytest.mark.usefixtures("few_mails")
def test_links_by_e_mail_from_one_place_are_limited_whoever_they_go_to(
    issuer_key: jwk.ECKey, services: Services, clock: Clock
) -> None:
    services.answers["members", "keep_sign_in_link"] = {"send": True}
    app = create(services, Settings("local", PUBLIC_URL, development_key=issuer_key), clock=clock)
    visitor = app.test_client()
    found = [ask_for_link(visitor, f"{number}@nhs.net") for number in range(3)]
    assert found == [303, 303, 429]
    assert len(services.of("notifications", "send_sign_in_link")) == 2
    clock.now += 1_800
    assert ask_for_link(visitor, "3@nhs.net") == 303


@pytest.mark.usefixtures("few_mails")
@pytest.mark.parametrize(("proxies", "last"), [(0, 429), (1, 303)])
def test_visitors_behind_a_proxy_are_told_apart_only_where_it_is_trusted(
    issuer_key: jwk.ECKey, services: Services, clock: Clock, proxies: int, last: int
) -> None:
    services.answers["members", "keep_sign_in_link"] = {"send": True}
    settings = Settings("local", PUBLIC_URL, development_key=issuer_key, trusted_proxies=proxies)
    visitor = create(services, settings, clock=clock).test_client()
    found = [
        ask_for_link(visitor, "a@nhs.net", headers={"X-Forwarded-For": f"198.51.100.{number}"})
        for number in range(3)
    ]
    assert found == [303, 303, last]
