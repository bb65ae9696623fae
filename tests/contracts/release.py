"""Writes the OpenAPI document of today over the released one, when a release is meant.

python -m tests.contracts.release           refuses what breaks clients
python -m tests.contracts.release --anyway  says what it breaks, and releases
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway import app as application
from gateway.settings import Issuer, Settings
from tests.contracts import breaks

RELEASED = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
ADDRESS = "https://timebank.example"
"""Where a timebank might be; the document of an installation names its own."""


class Nobody:
    """No service: describing the API asks nobody anything."""

    def call(self, service: str, method: str, **_: Any) -> Any:
        raise AssertionError(f"{service}.{method} was asked while describing the API")


def today() -> dict[str, Any]:
    """The document as an installation outside development shows it."""
    issuer = Issuer("https://sign-in.example", "https://sign-in.example/keys", "timebank")
    app = application.create(Nobody(), Settings("production", ADDRESS, issuers=(issuer,)))
    found: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return found


def released() -> dict[str, Any]:
    """The document clients were written for."""
    found: dict[str, Any] = json.loads(RELEASED.read_text("utf-8"))
    return found


def main(arguments: Sequence[str]) -> int:
    now = today()
    found = breaks.breaks(released(), now) if RELEASED.exists() else []
    for each in found:
        print(each, file=sys.stderr)
    if found and "--anyway" not in arguments:
        print("Not released: this breaks clients (--anyway releases it).", file=sys.stderr)
        return 1
    RELEASED.write_text(json.dumps(now, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
