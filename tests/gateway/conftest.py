"""An application, the services' stand-in behind it, and people with tokens before it."""

import time
from collections.abc import Callable
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from joserfc import jwk, jwt

from gateway import app as application
from gateway import asking
from gateway.settings import Settings
from tests.gateway import recorded
from tests.gateway.standin import Services

PUBLIC_URL = "http://timebank.test"

Token = Callable[..., str]


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="session")
def issuer_key() -> jwk.ECKey:
    made = jwk.ECKey.generate_key("P-256")
    made.ensure_kid()
    return made


@pytest.fixture
def settings(issuer_key: jwk.ECKey) -> Settings:
    return Settings("local", PUBLIC_URL, development_key=issuer_key, rate_limit=6_000)


@pytest.fixture
def services() -> Services:
    return Services(recorded.answers())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def applications() -> list[tuple[Settings, flask.Flask]]:
    """Those made so far: two hundred routes and their description take longer than a test."""
    return []


@pytest.fixture
def app(
    applications: list[tuple[Settings, flask.Flask]],
    services: Services,
    settings: Settings,
    clock: Clock,
) -> flask.Flask:
    """An application of these settings, with nobody known and nothing counted yet."""
    found = next((app for known, app in applications if known == settings), None)
    if found is None:
        found = application.create(services, settings, clock=clock)
        applications.append((settings, found))
    found.extensions[asking.EXTENSION] = application.door(services, settings, clock=clock)
    return found


@pytest.fixture
def token(issuer_key: jwk.ECKey) -> Token:
    """Makes a token; claims may be replaced, or dropped with ``None``, and so may the key."""

    def make(
        email: str = "alice@nhs.net",
        *,
        signed_with: Any = issuer_key,
        algorithm: str = "ES256",
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        now = int(time.time())
        usual = {
            "iss": f"{PUBLIC_URL}/dev", "aud": "timebank", "sub": email, "email": email,
            "iat": now, "exp": now + 600,
        }  # fmt: skip
        wanted = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        head = {"alg": algorithm, "kid": issuer_key.kid, **(header or {})}
        return jwt.encode(head, wanted, signed_with, algorithms=[algorithm])

    return make


@pytest.fixture
def anybody(app: flask.Flask) -> FlaskClient:
    """Somebody without a token."""
    return app.test_client()


@pytest.fixture
def alice(app: flask.Flask, token: Token) -> FlaskClient:
    """A member of London, signed in."""
    return signed_in(app, token())


@pytest.fixture
def nobody(app: flask.Flask, token: Token) -> FlaskClient:
    """Somebody signed in who has not joined."""
    return signed_in(app, token("nobody@nhs.net"))


def signed_in(app: flask.Flask, bearer: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {bearer}"
    return client


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is the problem document that was expected, and return it."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.content_type == "application/problem+json"
    found: dict[str, Any] = response.get_json()
    assert found["code"] == code, found
    assert found["status"] == status
    assert found["type"] == f"{PUBLIC_URL}/docs#{code}"
    assert found["title"]
    assert found["detail"]
    assert found["correlation_id"] == response.headers["X-Correlation-ID"]
    return found
