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
"""Both people in both ways takes five minutes; `make faults MINUTES=…` does."""
EDGES = ("--phases", "coverage")
"""Every field of every operation at the edges of what the description allows, and beyond."""
AT_RANDOM = ("--phases", "examples,fuzzing,stateful", "--max-examples", "8" if LONG else "3")


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


@pytest.mark.parametrize(
    ("national", "way"),
    [
        pytest.param(False, EDGES, id="a member at the edges"),
        pytest.param(True, AT_RANDOM, id="national at random"),
        *([pytest.param(True, EDGES, id="national at the edges")] if LONG else ()),
        *([pytest.param(False, AT_RANDOM, id="a member at random")] if LONG else ()),
    ],
)
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
