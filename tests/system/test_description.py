"""The API keeps its own description, whatever it is sent."""

import subprocess
import sys

import pytest

from deploy.client import Person

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
)


@pytest.mark.parametrize("who", ["member", "national.one"])
def test_no_request_gets_a_server_error_or_an_undeclared_answer(platform, who):
    token = Person(platform.gateway_url, f"{who}@dev.nhs.uk").authorization

    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"{platform.gateway_url}/openapi.json",
            *("--header", f"Authorization: {token}", "--checks", ",".join(CHECKS)),
            *("--max-examples", "8", "--suppress-health-check", "all", "--no-color"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stdout[-6000:]
