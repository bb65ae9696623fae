"""The API keeps its own description, whatever it is sent."""

import os
import subprocess
import sys
import uuid

import pytest

from deploy.client import Person
from tests.system.conftest import REPOSITORY

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
)


LONG = os.environ.get("TIMEBANK_TEST_LONG") == "1"
"""All of it takes five minutes; `make faults MINUTES=…` does. Every run of the tests has the edges
before a stand-in of the services, in `tests/gateway/test_contract.py`."""
AT_RANDOM = ("--phases", "examples,fuzzing,stateful", "--max-examples", "8" if LONG else "3")
EDGES = ("--phases", "coverage")
"""Every field of every operation at the edges of what the description allows, and beyond."""


@pytest.fixture
def explorer(platform):
    """Somebody new each time: whoever tries everything may end with leaving."""
    person = Person(platform.gateway_url, f"explorer.{uuid.uuid4().hex[:8]}@dev.nhs.uk")
    person.post("/v1/members", {"name": "Ex Plorer", "organisation": "RJ1", "region": "london"})
    return person


def let_in_nationally(platform, person):
    grant = ("services.members.roles", "grant", person.email, "national", "--reason", "a test")
    told = {**os.environ, "TIMEBANK_DATABASE_URL": platform.database_urls["members"]}
    subprocess.run([sys.executable, "-m", *grant], cwd=REPOSITORY, env=told, check=True)


@pytest.mark.parametrize("way", [AT_RANDOM, EDGES] if LONG else [AT_RANDOM], ids=lambda way: way[1])
@pytest.mark.parametrize("national", [False, True], ids=["member", "national"])
def test_no_request_gets_a_server_error_or_an_undeclared_answer(platform, explorer, national, way):
    if national:
        let_in_nationally(platform, explorer)

    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"{platform.gateway_url}/openapi.json",
            *("--header", f"Authorization: {explorer.authorization}", "--checks", ",".join(CHECKS)),
            *(*way, "--suppress-health-check", "all", "--no-color"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=900 if LONG else 300,
    )

    assert done.returncode == 0, done.stdout[-6000:]
