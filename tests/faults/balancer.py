"""Stands before gateways as a load balancer does: a connection for each request, to the newest.

It counts what passed, so that what the clients were spared is not taken for what went well.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
PATIENCE = 60.0
"""Seconds for an answer: longer than any gateway takes to give one up."""
OF_ONE_CONNECTION = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}
)
"""Headers that speak of the connection they came by, or that are written anew."""
NOBODY = 502
"""What a balancer answers when the server did not."""


@dataclass
class Passed:
    """What passed; times in seconds."""

    requests: int = 0
    errors: list[str] = field(default_factory=list)
    longest: float = 0.0
    longest_of: str = ""

    def add(self, what: str, status: int, seconds: float) -> None:
        self.requests += 1
        if status >= 500:
            self.errors.append(f"{what}: {status}")
        if seconds > self.longest:
            self.longest, self.longest_of = seconds, what


class Balancer:
    """Leads every request to one server at a time.

    Args:
        address: of the first server, ``http://host:port``.
    """

    def __init__(self, address: str) -> None:
        self.passed = Passed()
        self._leads_to, self._under_way = address, Counter[str]()
        self._lock = threading.Condition()
        self._server = _Server((LOOPBACK, 0), _Handler)
        self._server.balancer = self
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def open(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def lead_to(self, address: str) -> None:
        """Send every further request to another server."""
        with self._lock:
            self._leads_to = address

    def await_empty(self, address: str, seconds: float = PATIENCE) -> bool:
        """Wait until a server has answered all it was sent; whether it did."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._under_way[address], seconds)

    @contextmanager
    def _taken(self) -> Iterator[str]:
        with self._lock:
            address = self._leads_to
            self._under_way[address] += 1
        try:
            yield address
        finally:
            with self._lock:
                self._under_way[address] -= 1
                self._lock.notify_all()

    def ask(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any, bytes]:
        """Pass a request on and note how that went: status, headers and body of the answer."""
        began = time.monotonic()
        with self._taken() as address:
            try:
                status, told, content = _asked(address, method, path, headers, body)
            except (OSError, http.client.HTTPException) as error:
                status, told, content = NOBODY, {}, str(error).encode()
        with self._lock:
            what = f"{method} {path.partition('?')[0]}"
            self.passed.add(what, status, time.monotonic() - began)
        return status, told, content


def _asked(
    address: str, method: str, path: str, headers: Any, body: bytes
) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE)
    try:
        passed_on = {name: value for name, value in headers.items() if _stays(name)}
        connection.request(method, path, body or None, {**passed_on, "Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def _stays(name: str) -> bool:
    return name.lower() not in OF_ONE_CONNECTION


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    balancer: Balancer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went home; what the servers did is counted."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body go in two writes

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        assert isinstance(self.server, _Server), "it is made by nobody else"
        status, headers, content = self.server.balancer.ask(
            self.command, self.path, self.headers, body
        )
        self.send_response_only(status)
        for name, value in headers.items():
            if _stays(name):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = _pass_on

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: a line for every request would be all there is."""
