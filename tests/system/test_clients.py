"""A system books for a member by the generated client, and what was taken back stops it."""

import dataclasses
import json
import os
import subprocess
import sys
import uuid

import psycopg
import pytest
import requests

from clients.python.timebank_sign_in import System
from deploy import bank, sandbox
from deploy.client import Person
from deploy.local.places import places
from tests.system.conftest import INSTANCE, REPOSITORY

PYTHON = REPOSITORY / "clients" / "python"
SCOPES = ["listings:read", "exchanges:read", "exchanges:book", "account:read"]


@pytest.fixture(scope="module")
def filled(platform):
    bank.fill(platform.gateway_url)
    return platform


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The folder of the client generated from the released document."""
    folder = tmp_path_factory.mktemp("client")
    made = subprocess.run(
        [sys.executable, "-m", "tests.contracts.client", str(folder)],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@dataclasses.dataclass
class Acting:
    """The ready-made system, acting for one member."""

    system: System
    member_id: str

    def ask(self, method, path, **how):
        headers = {**self.system.headers(self.member_id), **how.pop("headers", {})}
        address = self.system.gateway + path
        return requests.request(method, address, headers=headers, timeout=10, **how)


def member(platform, name):
    return Person(platform.gateway_url, f"{name}.invented@dev.nhs.uk")


def book(package, platform, member_id, *words):
    """Run the example as it stands."""
    key = places(INSTANCE).client_key
    return subprocess.run(
        [
            *(sys.executable, str(PYTHON / "book.py"), platform.gateway_url, bank.SYSTEM),
            *(str(key), member_id, *words),
        ],
        env={**os.environ, "PYTHONPATH": f"{package}:{PYTHON}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_example_books_in_a_members_name_and_leaves_its_mark(filled, package):
    asha, ben = member(filled, "asha"), member(filled, "ben")
    asha_id = asha.get("/v1/members/me")["id"]

    done = book(package, filled, asha_id, "pivot")

    assert done.returncode == 0, done.stderr
    booked = json.loads(done.stdout)
    assert booked["receiver"]["id"] == asha_id
    assert booked["state"] == "requested"
    (step,) = ben.get(f"/v1/exchanges/{booked['id']}")["history"]
    assert (step["actor_id"], step["client_id"]) == (asha_id, bank.SYSTEM)
    with psycopg.connect(filled.database_urls["exchanges"]) as conn:
        kept = conn.execute(
            "select client_id::text, member_id::text, action from client_act"
            " where exchange_id = %s",
            [booked["id"]],
        ).fetchall()
    assert kept == [(bank.SYSTEM, asha_id, "ask")]


def test_the_example_says_why_it_may_not_book_for_somebody_who_never_agreed(filled, package):
    ben_id = member(filled, "ben").get("/v1/members/me")["id"]

    done = book(package, filled, ben_id, "rota")

    assert done.returncode == 1
    assert "consent_missing" in done.stderr


def test_what_a_member_takes_back_stops_the_next_call(filled):
    carys = member(filled, "carys")
    acting = Acting(sandbox.system(INSTANCE), carys.get("/v1/members/me")["id"])
    assert _code(acting.ask("GET", "/v1/account")) == (403, "consent_missing")

    carys.post("/v1/members/me/consents", {"client_id": bank.SYSTEM, "scopes": SCOPES[:2]})
    assert acting.ask("GET", "/v1/exchanges").status_code == 200
    assert _code(acting.ask("GET", "/v1/account")) == (403, "scope_missing")
    assert _code(acting.ask("GET", "/v1/members/me")) == (403, "not_for_systems")
    listing = carys.get("/v1/listings", q="pivot")["items"][0]["id"]
    ask = {"json": {"listing_id": listing, "minutes": 60}}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    refused = acting.ask("POST", "/v1/exchanges", headers=key, **ask)
    assert _code(refused) == (403, "scope_missing")

    carys.delete(f"/v1/members/me/consents/{bank.SYSTEM}")
    assert _code(acting.ask("GET", "/v1/exchanges")) == (403, "consent_missing")


def test_an_assertion_counts_once_on_the_running_platform(filled):
    system = sandbox.system(INSTANCE)
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": system.assertion(),
    }
    url = f"{filled.gateway_url}/oauth/token"
    first, second = (requests.post(url, data=form, timeout=10) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 401)
    assert second.json()["error_description"] == "This assertion was used before."


def test_a_withdrawn_system_is_out_with_its_next_call(filled):
    national = Person(filled.gateway_url, "national.one@dev.nhs.uk")
    key = json.loads(places(INSTANCE).client_key.read_text())
    public = {name: key[name] for name in ("kty", "crv", "x", "y", "kid")}
    made = national.post(
        "/v1/clients",
        {"name": "Short-lived (invented)", "organisation": "RJ1", "scopes": SCOPES,
         "regions": ["midlands"], "jwks": {"keys": [public]}},
    )  # fmt: skip
    edie = member(filled, "edie")
    edie.post("/v1/members/me/consents", {"client_id": made["id"], "scopes": SCOPES})
    acting = Acting(System(filled.gateway_url, made["id"], key), edie.get("/v1/members/me")["id"])
    assert acting.ask("GET", "/v1/account").status_code == 200

    national.post(f"/v1/clients/{made['id']}/withdraw", {"reason": "its key was lost"})

    assert acting.ask("GET", "/v1/account").status_code == 401
    assert edie.get("/v1/members/me/consents")["items"] == []


def _code(answer):
    return answer.status_code, answer.json().get("code")
