"""So many clients of the API at once, each with a connection of its own, and what they wait.

    python -m tests.benchmarks.api_clients ADDRESS SECONDS CLIENTS WHAT...

Runs as a process of its own, with threads and the standard library, and prints JSON: for
each of WHAT (``search``, ``read``, ``book`` or a path) requests a second and the waits.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import sys
import threading
import time
import uuid
from typing import Any

from tests.benchmarks.figures import percentile
from tests.system.traffic import Outcome, Pair

PAIRS = 4
"""Pairs of members whose offers are searched, read and booked."""
WORDS = ("spreadsheets", "help", "bring", "mentor")


class Asker(threading.Thread):
    """One client: asks again as soon as it is answered, until the time is up."""

    def __init__(self, address: str, requests: Any, end: float) -> None:
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection(address, timeout=30)
        self.requests, self.end = requests, end
        self.waits: list[float] = []
        self.wrong: list[str] = []

    def run(self) -> None:
        while time.perf_counter() < self.end:
            method, path, body, headers = next(self.requests)
            began = time.perf_counter()
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            text = answer.read()
            self.waits.append(1000 * (time.perf_counter() - began))
            if answer.status not in (200, 201):
                self.wrong.append(f"{method} {path}: {answer.status} {text[:100]!r}")
                return
        self.connection.close()


def measure(address: str, requests: list[Any], seconds: float) -> dict[str, Any]:
    """One figure: as many clients as there are streams of requests."""
    began = time.perf_counter()
    askers = [Asker(address, each, began + seconds) for each in requests]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    took = time.perf_counter() - began
    waits = [wait for asker in askers for wait in asker.waits]
    return {
        "per_second": len(waits) / took,
        "p50": percentile(waits, 0.5),
        "p95": percentile(waits, 0.95),
        "wrong": [text for asker in askers for text in asker.wrong][:3],
    }


def stream(what: str, pairs: list[Pair], client: int) -> Any:
    """Endless requests of one client: method, path, body and headers."""
    if what.startswith("/"):
        return itertools.repeat(("GET", what, None, {}))
    pair = pairs[client % len(pairs)]
    asker = pair.members[1]
    if what == "search":
        paths = (f"/v1/listings?q={word}&limit=20" for word in itertools.cycle(WORDS))
        return (("GET", path, None, asker.headers) for path in paths)
    if what == "read":
        return itertools.repeat(("GET", f"/v1/listings/{pair.listings[0]}", None, asker.headers))
    body = json.dumps({"listing_id": pair.listings[0], "minutes": 30})
    return (
        ("POST", "/v1/exchanges", body, {**asker.headers, "Idempotency-Key": uuid.uuid4().hex})
        for _ in itertools.count()
    )


def main(arguments: list[str]) -> None:
    address, seconds, clients, *wanted = arguments
    pairs: list[Pair] = []
    if not all(what.startswith("/") for what in wanted):
        options = argparse.Namespace(repeat=0.0, run=uuid.uuid4().hex[:8], patience=30)
        pairs = [Pair(f"http://{address}", n, Outcome(), options) for n in range(PAIRS)]
    found = {}
    for what in wanted:
        requests = [stream(what, pairs, client) for client in range(int(clients))]
        found[what] = measure(address, requests, float(seconds))
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
