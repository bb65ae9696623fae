"""Another system gets in by its own signature, acts for a member who agreed, and no further."""

import json
import time
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from joserfc import jwk, jwt

from gateway import client_sign_in
from services.contracts import scopes
from tests.gateway.conftest import PUBLIC_URL, problem, signed_in
from tests.gateway.standin import ALICE, EXCHANGE, LISTING, SYSTEM, Asked, Services, refused

ASSERTION = {
    "grant_type": "client_credentials",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
}
ASK = {"listing_id": LISTING, "minutes": 60}
KEY = {"Idempotency-Key": "one"}
ALL = frozenset(scopes.SCOPES)


def made_key(kid: str = "one") -> jwk.ECKey:
    return jwk.ECKey.generate_key("P-256", {"kid": kid})


@pytest.fixture(scope="module")
def key() -> jwk.ECKey:
    return made_key()


@pytest.fixture
def known(services: Services, key: jwk.ECKey) -> Services:
    """The services, of which members know the system by its key."""
    services.answers["members", "client_keys"] = {"keys": [key.as_dict(private=False)]}
    services.answers["members", "admit_client"] = {"scopes": sorted(ALL), "seconds": 600}
    return services


def assertion(key: Any, algorithm: str = "ES256", kid: str | None = "one", **claims: Any) -> str:
    now = int(time.time())
    usual = {
        "iss": SYSTEM, "sub": SYSTEM, "aud": f"{PUBLIC_URL}/oauth/token", "jti": "once",
        "exp": now + 60,
    }  # fmt: skip
    said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    header = {"alg": algorithm, **({"kid": kid} if kid else {})}
    return jwt.encode(header, said, key, algorithms=[algorithm])


def sign_in(client: FlaskClient, signed: str, **more: str) -> Any:
    return client.post("/oauth/token", data={**ASSERTION, "client_assertion": signed, **more})


def refusal(answer: Any, status: int, error: str, words: str = "") -> None:
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.content_type == "application/json"
    assert answer.get_json()["error"] == error
    assert words in answer.get_json()["error_description"]


def test_a_signed_assertion_gives_a_token_whose_digest_alone_is_kept(
    anybody: FlaskClient, known: Services, key: jwk.ECKey
) -> None:
    answer = sign_in(anybody, assertion(key), scope="exchanges:book account:read")
    given = answer.get_json()
    assert (answer.status_code, given["token_type"], given["expires_in"]) == (200, "Bearer", 600)
    assert answer.headers["Cache-Control"] == "no-store"
    (asked,) = known.of("members", "admit_client")
    assert asked.caller.is_service
    assert asked.arguments["body"]["token_hash"] == client_sign_in.digest(given["access_token"])
    assert asked.arguments["body"]["scopes"] == ["exchanges:book", "account:read"]
    assert asked.arguments["body"]["jti"] == "once"
    assert given["access_token"] not in json.dumps(asked.arguments)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.test/oauth/token"}, {"aud": None}, {"iss": ALICE}, {"iss": None},
        {"exp": None}, {"exp": "soon"}, {"exp": 1e400}, {"jti": None}, {"jti": ""}, {"jti": 7},
        {"jti": "x" * 256}, {"nbf": 4_000_000_000},
    ],
)  # fmt: skip
def test_an_assertion_that_does_not_say_what_it_must_is_refused(
    anybody: FlaskClient, known: Services, key: jwk.ECKey, claims: dict[str, Any]
) -> None:
    refusal(sign_in(anybody, assertion(key, **claims)), 401, "invalid_client")
    assert known.of("members", "admit_client") == []


def test_an_assertion_may_be_meant_for_our_address_as_well(
    anybody: FlaskClient, known: Services, key: jwk.ECKey
) -> None:
    assert sign_in(anybody, assertion(key, aud=[PUBLIC_URL, "other"])).status_code == 200


def test_an_expired_assertion_and_one_good_for_long_are_refused(
    anybody: FlaskClient, known: Services, key: jwk.ECKey
) -> None:
    now = int(time.time())
    refusal(sign_in(anybody, assertion(key, exp=now - 60)), 401, "invalid_client", "expired")
    refusal(sign_in(anybody, assertion(key, exp=now + 400)), 401, "invalid_client", "300 s")
    assert sign_in(anybody, assertion(key, exp=now + 299)).status_code == 200


def test_a_key_members_do_not_know_is_refused(
    anybody: FlaskClient, known: Services, key: jwk.ECKey
) -> None:
    same_name, other_name = made_key(), made_key("two")
    for signed in (assertion(same_name), assertion(other_name, kid="two")):
        refusal(sign_in(anybody, signed), 401, "invalid_client", "No system")
    assert sign_in(anybody, assertion(key, kid=None)).status_code == 200


def test_with_several_keys_the_assertion_says_which(
    anybody: FlaskClient, known: Services, key: jwk.ECKey
) -> None:
    second = made_key("two")
    both = [each.as_dict(private=False) for each in (key, second)]
    known.answers["members", "client_keys"] = {"keys": both}
    assert sign_in(anybody, assertion(second, kid="two")).status_code == 200
    refusal(sign_in(anybody, assertion(second, kid="one")), 401, "invalid_client")
    refusal(sign_in(anybody, assertion(second, kid=None)), 401, "invalid_client")


def test_a_shared_secret_and_no_signature_are_refused(
    anybody: FlaskClient, known: Services, key: jwk.ECKey
) -> None:
    public = jwk.OctKey.import_key(json.dumps(key.as_dict(private=False)))
    refusal(sign_in(anybody, assertion(public, "HS256")), 401, "invalid_client")
    head, body, _ = assertion(key).split(".")
    for forged in (f"{head}.{body}.", "", "a.b", "x" * 9_000, f"{head}.{body}.{'A' * 86}"):
        refusal(sign_in(anybody, forged), 401, "invalid_client")


def test_a_system_nobody_registered_is_refused_like_a_wrong_key(
    anybody: FlaskClient, services: Services, key: jwk.ECKey
) -> None:
    for claims in ({}, {"sub": "me", "iss": "me"}, {"sub": None}):
        refusal(sign_in(anybody, assertion(key, **claims)), 401, "invalid_client", "No system")


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("assertion_refused", 401, "invalid_client"),
        ("scope_not_granted", 400, "invalid_scope"),
        ("client_not_found", 401, "invalid_client"),
    ],
)
def test_what_members_refuse_is_told_in_the_words_of_oauth(
    anybody: FlaskClient, known: Services, key: jwk.ECKey, code: str, status: int, error: str
) -> None:
    known.answers["members", "admit_client"] = refused(code)
    refusal(sign_in(anybody, assertion(key)), status, error)


def test_another_grant_and_another_proof_are_refused(anybody: FlaskClient) -> None:
    wrong = anybody.post("/oauth/token", data={**ASSERTION, "grant_type": "password"})
    refusal(wrong, 400, "unsupported_grant_type")
    secret = {"grant_type": "client_credentials", "client_id": SYSTEM, "client_secret": "x"}
    refusal(anybody.post("/oauth/token", data=secret), 400, "invalid_request")
    refusal(anybody.post("/oauth/token", json=ASSERTION), 400, "unsupported_grant_type")


def test_members_being_away_is_no_refusal(
    anybody: FlaskClient, known: Services, key: jwk.ECKey
) -> None:
    known.answers["members", "client_keys"] = refused("try_later", "Soon.", "try_later")
    problem(sign_in(anybody, assertion(key)), 503, "try_later")


def acting(services: Services, given: frozenset[str] = ALL, region: str = "london") -> Any:
    """Members' answer about a token that is good, for whoever is named."""

    def answer(asked: Asked) -> dict[str, Any]:
        named = asked.arguments.get("member_id")
        who = {
            "id": named, "region": region, "organisation": "RJ1", "roles": ["member"],
            "approved": True,
        }  # fmt: skip
        return {"client_id": SYSTEM, "scopes": sorted(given), "member": who if named else None}

    services.answers["members", "client_access"] = answer


@pytest.fixture
def system(app: flask.Flask, services: Services) -> FlaskClient:
    """A system signed in, that names Alice."""
    acting(services)
    client = signed_in(app, "tbs_" + "x" * 43)
    client.environ_base["HTTP_ON_BEHALF_OF"] = ALICE
    return client


def test_a_system_books_in_the_members_name_and_says_so_with_every_call(
    system: FlaskClient, services: Services
) -> None:
    answer = system.post("/v1/exchanges", json=ASK, headers=KEY)
    assert answer.status_code == 201
    (asked,) = services.of("exchanges", "ask")
    assert str(asked.caller.id) == ALICE
    assert str(asked.caller.client) == SYSTEM
    assert asked.caller.scopes == ALL
    assert asked.caller.roles == {"member"}
    (access,) = services.of("members", "client_access")
    assert access.arguments["token_hash"] == client_sign_in.digest("tbs_" + "x" * 43)
    assert access.arguments["member_id"] == ALICE


def test_what_a_system_may_do_is_asked_anew_for_every_request(
    system: FlaskClient, services: Services
) -> None:
    assert system.get("/v1/account").status_code == 200
    services.answers["members", "client_access"] = refused("consent_missing", "No.", "not_allowed")
    problem(system.get("/v1/account"), 403, "consent_missing")


@pytest.mark.parametrize("code", ["consent_missing", "client_other_region"])
def test_what_members_refuse_reaches_the_system_by_its_code(
    system: FlaskClient, services: Services, code: str
) -> None:
    services.answers["members", "client_access"] = refused(code, "No.", "not_allowed")
    problem(system.post("/v1/exchanges", json=ASK, headers=KEY), 403, code)
    assert services.of("exchanges", "ask") == []


def test_a_token_that_has_ended_is_401(system: FlaskClient, services: Services) -> None:
    services.answers["members", "client_access"] = None
    answer = system.get("/v1/account")
    problem(answer, 401, "token_invalid")
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("named", [None, "", "alice", "alice@nhs.net"])
def test_a_system_that_names_no_member_is_told_to(
    app: flask.Flask, services: Services, named: str | None
) -> None:
    acting(services)
    headers = {} if named is None else {"On-Behalf-Of": named}
    answer = signed_in(app, "tbs_x").get("/v1/account", headers=headers)
    problem(answer, 403, "member_not_named")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/members/me"), ("PATCH", "/v1/members/me"), ("DELETE", "/v1/members/me"),
        ("POST", "/v1/members"), ("GET", "/v1/members"), ("GET", f"/v1/members/{ALICE}"),
        ("POST", "/v1/clients"), ("GET", "/v1/clients"), ("POST", "/v1/members/me/consents"),
        ("DELETE", f"/v1/members/me/consents/{SYSTEM}"), ("POST", "/v1/listings"),
        ("GET", "/v1/notices"), ("GET", "/v1/insight/totals"),
        *(("POST", f"/v1/exchanges/{EXCHANGE}/{step}") for step in (
            "done", "confirm", "dispute", "no_show", "thank", "resolve", "reverse", "ask_fund")),
    ],
)  # fmt: skip
def test_what_is_a_persons_own_is_closed_to_every_system(
    system: FlaskClient, services: Services, method: str, path: str
) -> None:
    problem(system.open(path, method=method, json={}, headers=KEY), 403, "not_for_systems")
    assert {each.method for each in services.asked} == {"client_access"}


@pytest.mark.parametrize("path", ["/v1/regions", "/v1/organisations", "/v1/event-types"])
def test_what_is_about_nobody_needs_no_member(
    app: flask.Flask, services: Services, path: str
) -> None:
    acting(services)
    assert signed_in(app, "tbs_x").get(path).status_code == 200


def test_every_route_open_to_systems_names_a_scope_there_is(anybody: FlaskClient) -> None:
    document = anybody.get("/openapi.json").get_json()
    found = {
        operation["x-scope"]
        for operations in document["paths"].values()
        for operation in operations.values()
        if isinstance(operation, dict) and "x-scope" in operation
    }
    assert found == {*scopes.SCOPES, "none"}
    flow = document["components"]["securitySchemes"]["system"]["flows"]["clientCredentials"]
    assert flow == {"tokenUrl": f"{PUBLIC_URL}/oauth/token", "scopes": scopes.SCOPES}


def test_a_system_is_counted_by_itself_and_guesses_by_address(
    app: flask.Flask, system: FlaskClient, services: Services
) -> None:
    left = int(system.get("/v1/account").headers["RateLimit"].split("r=")[1].split(";")[0])
    again = system.get("/v1/account").headers["RateLimit"]
    assert f"r={left - 1};" in again
    services.answers["members", "client_access"] = None
    assert f"r={left};" in system.get("/v1/account").headers["RateLimit"]


REGISTRATION = {
    "name": "Rota", "organisation": "RJ1", "scopes": ["exchanges:book"], "regions": ["london"],
}  # fmt: skip


def register(client: FlaskClient, *keys: Any) -> Any:
    body = {**REGISTRATION, "jwks": {"keys": list(keys)}}
    return client.post("/v1/clients", json=body, headers=KEY)


def test_a_system_is_registered_by_its_public_keys_each_with_a_name(
    alice: FlaskClient, services: Services, key: jwk.ECKey
) -> None:
    unnamed = jwk.RSAKey.generate_key(2_048).as_dict(private=False)
    unnamed.pop("kid", None)
    answer = register(alice, {**key.as_dict(private=False), "use": "sig", "more": [1]}, unnamed)
    assert answer.status_code == 201
    (asked,) = services.of("members", "register_client")
    first, second = asked.arguments["body"]["keys"]
    assert first == {**key.as_dict(private=False), "use": "sig"}
    assert second["kty"] == "RSA"
    assert second["kid"]


def test_what_is_no_public_key_of_a_good_kind_is_refused(
    alice: FlaskClient, services: Services, key: jwk.ECKey
) -> None:
    public = key.as_dict(private=False)
    wrong = [
        key.as_dict(private=True), {"kty": "oct", "k": "c2VjcmV0"}, {}, {"kty": "EC"},
        {**public, "x": public["y"]}, {**public, "kid": 7}, {**public, "kid": ""},
        {**public, "kid": "a\0"}, {**public, "kid": "\ud800"}, {**public, "alg": "ES256\0"},
        jwk.ECKey.generate_key("P-384").as_dict(private=False),
        {"kty": "RSA", "e": "AQAB", "n": "x" * 171}, "key", None,
    ]  # fmt: skip
    for each in wrong:
        found = problem(register(alice, each), 422, "invalid")
        assert found["errors"][0]["pointer"] == "/jwks/keys/0", each
    problem(register(alice, public, public), 422, "invalid")
    problem(register(alice), 422, "invalid")
    problem(register(alice, *[public] * 6), 422, "invalid")
    assert services.of("members", "register_client") == []


def test_keys_are_replaced_and_a_system_is_withdrawn(
    alice: FlaskClient, services: Services, key: jwk.ECKey
) -> None:
    body = {"keys": [key.as_dict(private=False)]}
    assert alice.put(f"/v1/clients/{SYSTEM}/keys", json=body).status_code == 200
    (asked,) = services.of("members", "replace_client_keys")
    assert asked.arguments["client_id"] == SYSTEM
    gone = alice.post(f"/v1/clients/{SYSTEM}/withdraw", json={"reason": "key lost"})
    assert gone.get_json()["withdrawn_at"]


def test_a_member_agrees_looks_and_takes_back(alice: FlaskClient, services: Services) -> None:
    body = {"client_id": SYSTEM, "scopes": ["exchanges:book"]}
    made = alice.post("/v1/members/me/consents", json=body, headers=KEY)
    assert made.status_code == 201
    assert services.of("members", "give_consent")[0].arguments["body"] == body
    assert alice.get("/v1/members/me/consents").get_json()["items"][0]["client_id"] == SYSTEM
    path = f"/v1/members/me/consents/{SYSTEM}"
    assert alice.delete(path).status_code == 204
    assert alice.delete(f"{path}?scope=exchanges:book").status_code == 204
    one, two = services.of("members", "end_consent")
    assert one.arguments == {"client_id": SYSTEM}
    assert two.arguments == {"client_id": SYSTEM, "scope": "exchanges:book"}
    problem(alice.delete(f"{path}?scope=everything"), 422, "invalid")
