"""The proxy does to a connection what it says."""

import contextlib
import socket
import socketserver
import threading
import time

import pytest

from tests.faults.platform import until
from tests.faults.proxy import LOOPBACK, Proxy


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            while data := self.request.recv(65_536):
                self.server.heard += data  # type: ignore[attr-defined]
                self.request.sendall(data)


@pytest.fixture
def server():
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        heard = b""

    with Server((LOOPBACK, 0), Echo) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def proxy(server):
    made = Proxy(f"tcp://name:word@{LOOPBACK}:{server.server_address[1]}", 1)
    made.open()
    yield made
    made.close()


@pytest.fixture
def line(proxy):
    with socket.create_connection((LOOPBACK, proxy.port), timeout=5) as made:
        yield made


def echoed(line, data=b"hello"):
    line.sendall(data)
    return line.recv(65_536)


def broken(line, data=b""):
    """Whether the connection ended; eventlet shows a reset as an end."""
    try:
        return echoed(line, data) == b""
    except ConnectionResetError:
        return True


def test_it_passes_on_and_says_who_it_stands_for(proxy, line):
    assert echoed(line) == b"hello"
    assert proxy.url == f"tcp://name:word@{LOOPBACK}:{proxy.port}"


def test_it_delays_either_way(proxy, line):
    proxy.tell("delay", 0.2)
    began = time.monotonic()

    assert echoed(line) == b"hello"

    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize(("way", "arrives"), [("there", b""), ("back", b"hello"), ("both", b"")])
def test_it_stalls_one_way_or_both_until_it_passes_again(proxy, server, line, way, arrives):
    proxy.tell("stall", way)
    line.settimeout(0.3)
    with pytest.raises(TimeoutError):
        echoed(line)
    assert server.heard == arrives

    proxy.tell("pass")

    line.settimeout(5)
    assert line.recv(10) == b"hello"


def test_it_resets_what_stands_and_takes_what_comes(proxy, line):
    assert echoed(line) == b"hello"

    proxy.tell("reset")

    assert broken(line)
    with socket.create_connection((LOOPBACK, proxy.port), timeout=5) as other:
        assert echoed(other) == b"hello"


def test_it_cuts_after_so_many_bytes(proxy, server, line):
    proxy.tell("cut", 8)

    assert echoed(line) == b"hello"
    assert broken(line, b"hello")

    assert until(lambda: server.heard == b"hellohel", 5)


@pytest.mark.parametrize(("way", "heard"), [("there", b"COMMIT"), ("back", b"COMMIT")])
def test_it_trips_over_bytes_so_that_their_answer_is_lost(proxy, server, line, way, heard):
    proxy.tell("trip", way, b"COMMIT".hex())

    assert broken(line, b"COMMIT")

    assert until(lambda: server.heard == heard, 5)
    assert proxy.tell("tripped") == "1"


@pytest.mark.parametrize("order", [("dance",), ("delay",), ("delay", "long"), ("trip", "there")])
def test_it_refuses_what_it_does_not_know(proxy, order):
    with pytest.raises(ValueError, match="error"):
        proxy.tell(*order)
