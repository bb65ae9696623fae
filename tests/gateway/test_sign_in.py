"""The development issuer signs in anybody, in a local installation and nowhere else."""

import flask
import pytest
from flask.testing import FlaskClient

from gateway import app as application
from gateway.settings import Issuer, Settings
from tests.gateway.conftest import PUBLIC_URL, problem, signed_in
from tests.gateway.standin import Services


def test_a_token_from_sign_in_opens_the_door(app: flask.Flask, anybody: FlaskClient) -> None:
    response = anybody.post("/dev/sign-in", json={"email": "Alice@nhs.net"})
    assert response.status_code == 200
    found = response.get_json()
    assert found["token_type"] == "Bearer"
    assert found["expires_in"] == 8 * 3600
    assert signed_in(app, found["access_token"]).get("/v1/members/me").status_code == 200


@pytest.mark.parametrize(
    "email", ["", "alice", "a@b@nhs.net", "a@nhs.net\n", "a b@nhs.net", 7, None]
)
def test_what_is_no_address_is_refused(anybody: FlaskClient, email: object) -> None:
    found = problem(anybody.post("/dev/sign-in", json={"email": email}), 422, "invalid")
    assert found["errors"][0]["pointer"] == "/email"


def test_the_public_key_is_published_and_the_private_is_not(anybody: FlaskClient) -> None:
    document = anybody.get("/dev/.well-known/openid-configuration").get_json()
    assert document["issuer"] == f"{PUBLIC_URL}/dev"
    assert document["jwks_uri"] == f"{PUBLIC_URL}/dev/jwks.json"
    (published,) = anybody.get("/dev/jwks.json").get_json()["keys"]
    assert published["kty"] == "EC"
    assert "d" not in published


def test_without_its_key_it_does_not_exist(services: Services) -> None:
    issuer = Issuer("https://login.test", "https://login.test/keys", "timebank")
    app = application.create(services, Settings("local", PUBLIC_URL, issuers=(issuer,)))
    problem(app.test_client().post("/dev/sign-in", json={"email": "a@nhs.net"}), 404, "not_found")
    document = app.test_client().get("/openapi.json").get_json()
    assert not [path for path in document["paths"] if path.startswith("/dev")]
