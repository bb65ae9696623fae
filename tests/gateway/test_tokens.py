"""Only a genuine, current token of a known issuer, meant for us, opens the door."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from joserfc import jwk, jwt

from gateway import app as application
from gateway import tokens
from gateway.problems import Problem
from gateway.settings import Issuer, Settings
from tests.gateway.conftest import PUBLIC_URL, Clock, Token, problem
from tests.gateway.standin import Services

TRUST = Issuer("https://login.test/trust", "https://login.test/keys", "api://timebank")


def get(client: FlaskClient, bearer: str) -> Any:
    return client.get("/v1/account", headers={"Authorization": f"Bearer {bearer}"})


def refused(response: Any, code: str = "token_invalid") -> None:
    problem(response, 401, code)
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="timebank", error="invalid_token"'


def unsigned(token: str, **header: Any) -> str:
    """The same claims under another header, without a signature."""
    claims = token.split(".")[1]
    return f"{encoded(json.dumps(header).encode())}.{claims}."


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_a_good_token_is_let_in(anybody: FlaskClient, token: Token) -> None:
    assert get(anybody, token()).status_code == 200


def test_no_token_is_told_how_to_sign_in(anybody: FlaskClient) -> None:
    response = anybody.get("/v1/account")
    problem(response, 401, "token_missing")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="timebank"'


def test_an_expired_token_is_refused(anybody: FlaskClient, token: Token) -> None:
    refused(get(anybody, token(exp=int(time.time()) - 60)), "token_expired")


def test_a_token_that_never_expires_is_refused(anybody: FlaskClient, token: Token) -> None:
    refused(get(anybody, token(exp=None)))


@pytest.mark.parametrize("exp", ["tomorrow", True, [], 1e400])
def test_a_token_with_an_odd_expiry_is_refused(
    anybody: FlaskClient, token: Token, exp: Any
) -> None:
    refused(get(anybody, token(exp=exp)))


def test_a_token_that_is_not_yet_valid_is_refused(anybody: FlaskClient, token: Token) -> None:
    refused(get(anybody, token(nbf=int(time.time()) + 600)))


def test_a_token_of_another_issuer_is_refused(anybody: FlaskClient, token: Token) -> None:
    refused(get(anybody, token(iss="https://elsewhere.test")))
    refused(get(anybody, token(iss=[f"{PUBLIC_URL}/dev"])))
    refused(get(anybody, token(iss=None)))


def test_a_token_meant_for_another_is_refused(anybody: FlaskClient, token: Token) -> None:
    refused(get(anybody, token(aud="payroll")))
    refused(get(anybody, token(aud=None)))
    assert get(anybody, token(aud=["payroll", "timebank"])).status_code == 200


def test_a_token_signed_with_another_key_is_refused(anybody: FlaskClient, token: Token) -> None:
    other = jwk.ECKey.generate_key("P-256")
    refused(get(anybody, token(signed_with=other)))


def test_a_key_brought_along_in_the_token_is_ignored(anybody: FlaskClient, token: Token) -> None:
    other = jwk.ECKey.generate_key("P-256")
    brought = {"jwk": other.as_dict(private=False), "kid": "mine"}
    refused(get(anybody, token(signed_with=other, header=brought)))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_an_unsigned_token_is_refused(anybody: FlaskClient, token: Token, algorithm: str) -> None:
    refused(get(anybody, unsigned(token(), alg=algorithm)))


def test_a_good_header_without_a_signature_is_refused(
    anybody: FlaskClient, token: Token, issuer_key: jwk.ECKey
) -> None:
    refused(get(anybody, unsigned(token(), alg="ES256", kid=issuer_key.kid)))


def test_the_public_key_is_no_shared_secret(
    anybody: FlaskClient, token: Token, issuer_key: jwk.ECKey
) -> None:
    public = issuer_key.as_pem(private=False)
    for secret in (public, public.strip(), json.dumps(issuer_key.as_dict(private=False)).encode()):
        # by hand: the library refuses to make such a token
        signed = unsigned(token(), alg="HS256", kid=issuer_key.kid).rstrip(".")
        digest = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        refused(get(anybody, f"{signed}.{encoded(digest)}"))


def test_a_changed_claim_breaks_the_signature(anybody: FlaskClient, token: Token) -> None:
    head, _, signature = token().split(".")
    claims = token("eve@nhs.net").split(".")[1]
    refused(get(anybody, f"{head}.{claims}.{signature}"))


@pytest.mark.parametrize(
    "bearer", ["x", "a.b.c", "...", "é.é.é", "W10.W10.W10", "." * 9_000, "eyJhbGciOiJFUzI1NiJ9.e30"]
)
def test_rubbish_is_refused(anybody: FlaskClient, bearer: str) -> None:
    response = anybody.get(
        "/v1/account", headers={"Authorization": f"Bearer {bearer}".encode().decode("latin-1")}
    )
    refused(response)


def test_another_scheme_is_refused(anybody: FlaskClient) -> None:
    refused(anybody.get("/v1/account", headers={"Authorization": "Basic YTpi"}))


@pytest.mark.parametrize(
    "address",
    [None, "", "alice", "@nhs.net", "a@b", "a@nhs.net,b@nhs.net", "a b@nhs.net", 7, "a@@nhs.net"],
)
def test_a_token_without_one_address_is_refused(
    anybody: FlaskClient, token: Token, address: Any
) -> None:
    refused(get(anybody, token(email=address) if address is not None else token(email="")))


def test_an_unverified_address_is_refused(anybody: FlaskClient, token: Token) -> None:
    refused(get(anybody, token(email_verified=False)))


def test_the_address_is_the_same_whatever_its_case(
    anybody: FlaskClient, token: Token, services: Services
) -> None:
    get(anybody, token("Alice@NHS.net"))
    assert services.of("members", "identify")[0].arguments == {"email": "alice@nhs.net"}


def test_refused_tokens_reach_no_service(
    anybody: FlaskClient, token: Token, services: Services
) -> None:
    get(anybody, token(aud="payroll"))
    assert services.asked == []


@pytest.fixture(scope="module")
def rsa() -> jwk.RSAKey:
    return jwk.RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


class TestPublishedKeys:
    """Issuers publish their keys; they are read when needed, and not more often."""

    @pytest.fixture
    def published(self, rsa: jwk.RSAKey) -> dict[str, Any]:
        return {"keys": [rsa.as_dict(private=False)], "fetched": 0, "fails": False}

    @pytest.fixture
    def client(self, services: Services, clock: Clock, published: dict[str, Any]) -> FlaskClient:
        def fetch(url: str) -> dict[str, Any]:
            assert url == TRUST.jwks_url
            published["fetched"] += 1
            if published["fails"]:
                raise OSError("down")
            return {"keys": published["keys"]}

        settings = Settings("production", PUBLIC_URL, issuers=(TRUST,))
        app: flask.Flask = application.create(services, settings, fetch=fetch, clock=clock)
        return app.test_client()

    def make(self, key: jwk.RSAKey, algorithm: str = "RS256", kid: str = "one") -> str:
        claims = {
            "iss": TRUST.issuer, "aud": TRUST.audience, "email": "alice@nhs.net",
            "exp": int(time.time()) + 600,
        }  # fmt: skip
        return jwt.encode({"alg": algorithm, "kid": kid}, claims, key, algorithms=[algorithm])

    @pytest.mark.parametrize("algorithm", ["RS256", "RS512"])
    def test_a_token_of_a_published_key_is_let_in(
        self, client: FlaskClient, rsa: jwk.RSAKey, algorithm: str
    ) -> None:
        assert get(client, self.make(rsa, algorithm)).status_code == 200

    @pytest.mark.parametrize("algorithm", ["PS256", "RS384"])
    def test_other_algorithms_are_refused(
        self, client: FlaskClient, rsa: jwk.RSAKey, algorithm: str
    ) -> None:
        refused(get(client, self.make(rsa, algorithm)))

    def test_keys_are_read_once_for_many_tokens(
        self, client: FlaskClient, rsa: jwk.RSAKey, published: dict[str, Any]
    ) -> None:
        for _ in range(3):
            get(client, self.make(rsa))
        assert published["fetched"] == 1

    def test_a_new_key_is_found_once_enough_time_has_passed(
        self, client: FlaskClient, rsa: jwk.RSAKey, published: dict[str, Any], clock: Clock
    ) -> None:
        get(client, self.make(rsa))
        new = jwk.RSAKey.generate_key(2048, {"kid": "two"})
        published["keys"].append(new.as_dict(private=False))
        refused(get(client, self.make(new, kid="two")))
        clock.now += tokens.KEYS_REREAD + 1
        assert get(client, self.make(new, kid="two")).status_code == 200

    def test_invented_key_ids_do_not_make_us_call_the_issuer(
        self, client: FlaskClient, rsa: jwk.RSAKey, published: dict[str, Any]
    ) -> None:
        for kid in range(20):
            get(client, self.make(rsa, kid=str(kid)))
        assert published["fetched"] == 1

    def test_known_keys_stay_good_while_the_issuer_is_away(
        self, client: FlaskClient, rsa: jwk.RSAKey, published: dict[str, Any], clock: Clock
    ) -> None:
        get(client, self.make(rsa))
        published["fails"] = True
        clock.now += tokens.KEYS_KEPT + 1
        assert get(client, self.make(rsa)).status_code == 200
        assert published["fetched"] == 2

    def test_without_any_keys_the_client_is_asked_to_wait(
        self, client: FlaskClient, rsa: jwk.RSAKey, published: dict[str, Any]
    ) -> None:
        published["fails"] = True
        response = get(client, self.make(rsa))
        problem(response, 503, "sign_in_unavailable")
        assert response.headers["Retry-After"]

    def test_a_withdrawn_key_is_forgotten(
        self, client: FlaskClient, rsa: jwk.RSAKey, published: dict[str, Any], clock: Clock
    ) -> None:
        get(client, self.make(rsa))
        published["keys"].clear()
        clock.now += tokens.KEYS_KEPT + 1
        refused(get(client, self.make(rsa)))

    def test_keys_for_encryption_and_shared_secrets_are_not_used(
        self, client: FlaskClient, rsa: jwk.RSAKey, published: dict[str, Any]
    ) -> None:
        published["keys"][:] = [
            {**rsa.as_dict(private=False), "use": "enc"},
            {"kty": "oct", "k": "c2VjcmV0", "kid": "one"},
            {"kty": "RSA"},
            "rubbish",
        ]
        refused(get(client, self.make(rsa)))

    def test_the_development_issuer_does_not_exist(self, client: FlaskClient, token: Token) -> None:
        problem(client.post("/dev/sign-in", json={"email": "a@nhs.net"}), 404, "not_found")
        problem(client.get("/dev/jwks.json"), 404, "not_found")
        refused(get(client, token()))


def test_a_key_set_is_fetched_as_an_object_only(tmp_path: Any) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text('{"keys": []}')
    bad.write_text("[]")
    assert tokens.fetch(good.as_uri()) == {"keys": []}
    with pytest.raises(ValueError, match="JSON object"):
        tokens.fetch(bad.as_uri())


def test_a_refusal_tells_an_attacker_nothing() -> None:
    found = tokens.refusal()
    assert isinstance(found, Problem)
    assert found.detail == "The token cannot be accepted; sign in again."
