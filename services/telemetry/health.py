"""What a process says of itself: alive, consuming, and its metrics, over HTTP."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import prometheus_client

from services.telemetry import metrics

Checks = Callable[[], Mapping[str, bool]]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


def application(service: str, checks: Checks) -> Callable[..., Iterable[bytes]]:
    """A WSGI application with ``/_ping``, ``/_status`` and ``/metrics``.

    Args:
        service: name shown in the answers.
        checks: what must be true for the process to do its work, by name, asked
            at every ``/_status``. ``/_ping`` asks nobody: it says that the process
            lives, which is all a restart could mend.
    """

    def answer(environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        status, content_type, body = page(service, checks, str(environ.get("PATH_INFO", "")))
        start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def page(service: str, checks: Checks, path: str) -> tuple[str, str, bytes]:
    """Status line, content type and body for one of the three paths."""
    if path == "/metrics":
        for check, well in checks().items():
            metrics.checked(service, check, well)
        return "200 OK", prometheus_client.CONTENT_TYPE_LATEST, prometheus_client.generate_latest()
    if path == "/_ping":
        return _json("200 OK", {"status": "pass", "service": service})
    if path == "/_status":
        found = dict(checks())
        well = all(found.values())
        body = {"status": "pass" if well else "fail", "service": service, "checks": found}
        return _json("200 OK" if well else "503 Service Unavailable", body)
    return _json("404 Not Found", {"status": "fail"})


def _json(status: str, body: dict[str, Any]) -> tuple[str, str, bytes]:
    return status, "application/json", json.dumps(body).encode()
