"""Proves that the balancer loses no request between two servers, and counts what fails."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from tests.faults.balancer import NOBODY, Balancer
from tests.faults.platform import until


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


class Named:
    """A real server that answers its name, and on ``/slow`` only once it is let."""

    def __init__(self, name: str) -> None:
        self.name, self.let, self.asked = name, threading.Event(), 0
        self.server: WSGIServer = make_server("127.0.0.1", 0, self._answer, handler_class=_Silent)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def _answer(self, environ, start_response):
        self.asked += 1
        if environ["PATH_INFO"] == "/slow":
            self.let.wait(10)
        told = environ["PATH_INFO"] == "/broken"
        start_response("500 Broken" if told else "200 OK", [("X-Name", self.name)])
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        return [self.name.encode() + sent]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def named() -> Iterator[Callable[[str], Named]]:
    made: list[Named] = []

    def make(name: str) -> Named:
        made.append(Named(name))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def balanced(named: Callable[[str], Named]) -> Iterator[tuple[Balancer, Named, Named]]:
    older, newer = named("older"), named("newer")
    balancer = Balancer(older.url)
    balancer.open()
    yield balancer, older, newer
    balancer.close()


def ask(connection: http.client.HTTPConnection, path: str, sent: str = "") -> tuple[int, str]:
    connection.request("POST" if sent else "GET", path, sent or None)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_one_connection_of_a_client_meets_both_servers_and_notices_nothing(balanced) -> None:
    balancer, _, newer = balanced
    connection = http.client.HTTPConnection(urlsplit(balancer.url).netloc, timeout=10)

    first = ask(connection, "/", " hears this")
    balancer.lead_to(newer.url)
    second = ask(connection, "/")
    connection.close()

    assert (first, second) == ((200, "older hears this"), (200, "newer"))
    assert (balancer.passed.requests, balancer.passed.errors) == (2, [])


def test_a_server_is_empty_once_it_has_answered_what_it_was_sent(balanced) -> None:
    balancer, older, newer = balanced
    connection = http.client.HTTPConnection(urlsplit(balancer.url).netloc, timeout=10)
    found: list[tuple[int, str]] = []
    asking = threading.Thread(target=lambda: found.append(ask(connection, "/slow")))
    asking.start()
    assert until(lambda: older.asked == 1)
    balancer.lead_to(newer.url)

    assert not balancer.await_empty(older.url, 0.05)
    older.let.set()
    assert balancer.await_empty(older.url, 10)
    asking.join()
    connection.close()

    assert found == [(200, "older")]
    assert balancer.passed.longest_of == "GET /slow"


def test_an_answer_of_500_and_a_server_that_is_gone_are_errors(balanced) -> None:
    balancer, *_ = balanced
    connection = http.client.HTTPConnection(urlsplit(balancer.url).netloc, timeout=10)

    assert ask(connection, "/broken?of=course")[0] == 500
    balancer.lead_to("http://127.0.0.1:1")
    assert ask(connection, "/")[0] == NOBODY
    connection.close()

    assert balancer.passed.errors == ["GET /broken: 500", f"GET /: {NOBODY}"]
