"""A receiver of webhooks on loopback, that answers as a test tells it to."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Handler = BaseHTTPRequestHandler
Answer = Callable[[Handler], None]


@dataclass(frozen=True)
class Heard:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def signal(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


def status(code: int, **headers: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


def drip(handler: Handler) -> None:
    """One byte now and then, for ever: no single wait is long."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    try:
        while True:
            handler.wfile.write(b"a")
            time.sleep(0.05)
    except OSError:
        return


@dataclass
class Receiver:
    """What came, and what is answered to it."""

    heard: list[Heard] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: status(204))
    url: str = ""

    @property
    def signals(self) -> list[dict[str, Any]]:
        return [each.signal for each in self.heard]


@contextmanager
def listening(encryption: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    found = Receiver()

    class Listening(Handler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.heard.append(Heard(self.path, headers, body))
            found.answer(self)

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_port}/hook?to=us"
    if encryption is not None:
        server.socket = encryption.wrap_socket(server.socket, server_side=True)
        found.url = f"https://localhost:{server.server_port}/hook"
    running = threading.Thread(target=server.serve_forever, args=(0.01,))
    running.start()
    yield found
    server.shutdown()
    server.server_close()
    running.join()
