"""The gateway as a process of its own: its start, its server, its stop."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwk

from services.bus.entrypoints import Bus, rpc
from services.contracts import readers
from tests.bus import starting
from tests.bus.running import UNRESOLVED, eventually, running
from tests.bus.starting import Ended
from tests.gateway import standin
from tests.servers import VirtualHosts

HOST = "127.0.0.1"


class Process:
    """The gateway on a port of its own."""

    def __init__(self, settings: dict[str, str], output: Path) -> None:
        self.port = _free_port()
        self.output = output
        own = {"HTTP_PORT": str(self.port), "PUBLIC_URL": f"http://{HOST}:{self.port}"}
        given = {f"TIMEBANK_{name}": value for name, value in {**own, **settings}.items()}
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TIMEBANK_")}
        self.environment = {**kept, **UNRESOLVED, **given}
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> "Process":
        with self.output.open("wb") as output:
            self.running = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "services.bus.runner", "gateway.service"],
                env=self.environment, stdout=output, stderr=output,
            )  # fmt: skip
        return self

    def ended(self) -> int:
        assert self.running is not None
        return self.running.wait(timeout=30)

    def said(self) -> str:
        return self.output.read_text().strip()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=20)
        try:
            data = None if body is None else json.dumps(body)
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            if data:
                sent["Content-Type"] = "application/json"
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def ready(self) -> bool:
        try:
            return self.ask("GET", "/_status")[0] == 200
        except OSError:
            return False

    def signed_in(self) -> dict[str, str]:
        _, found = self.ask("POST", "/dev/sign-in", {"email": "alice@nhs.net"})
        return {"Authorization": f"Bearer {found['access_token']}"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def one_vhost(virtual_hosts: VirtualHosts) -> str:
    return virtual_hosts.fresh()


@pytest.fixture(scope="module")
def place(
    one_vhost: str, issuer_key: jwk.ECKey, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    key_file = tmp_path_factory.mktemp("issuer") / "issuer key.json"
    key_file.write_text(json.dumps(issuer_key.as_dict(private=True)))
    return {"ENVIRONMENT": "local", "AMQP_URL": one_vhost, "DEV_ISSUER_KEY": str(key_file)}


@contextmanager
def started(place: dict[str, str], output: Path) -> Iterator[Process]:
    made = Process(place, output).start()
    assert made.running is not None
    try:
        eventually(made.ready, 30)
        yield made
    finally:
        if made.running.poll() is None:
            made.running.kill()
            made.running.wait()


@pytest.fixture(scope="module")
def gateway(place: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One that is running, for all tests that let it."""
    with started(place, tmp_path_factory.mktemp("gateway") / "said") as found:
        yield found


REFUSED = (
    ("ENVIRONMENT", "production", "TIMEBANK_DEV_ISSUER_KEY is set although"),
    ("DEV_ISSUER_KEY", "none", "nobody could sign in"),
    ("PUBLIC_URL", "", "TIMEBANK_PUBLIC_URL is set but empty"),
    ("HTTP_CONCURRENCY", "0", "TIMEBANK_HTTP_CONCURRENCY cannot be used"),
    ("RATE_LIMIT", "many", "TIMEBANK_RATE_LIMIT cannot be used"),
    ("HTTP_PORT", "taken", "TIMEBANK_HTTP_PORT cannot be used"),
)
"""Settings it does not start with, and what its sentence says."""


@pytest.fixture(scope="module")
def refused(place: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[Ended]:
    """How it ended with each of the bad settings beside good ones."""
    nowhere = tmp_path_factory.mktemp("refused") / "said"
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = str(other.getsockname()[1])
        told = ({name: value.replace("taken", port)} for name, value, _ in REFUSED)
        return starting.ended(
            "gateway.service",
            [Process({**place, **changes}, nowhere).environment for changes in told],
        )


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=lambda number: REFUSED[number][0])
def test_a_bad_setting_or_a_taken_port_is_one_sentence_and_exit_2(
    refused: list[Ended], number: int
) -> None:
    assert refused[number].code == 2
    assert REFUSED[number][2] in refused[number].said
    assert "\n" not in refused[number].said


def test_a_service_nobody_runs_is_503_at_once(gateway: Process) -> None:
    status, found = gateway.ask("GET", "/v1/account", **gateway.signed_in())
    assert (status, found["code"]) == (503, "nobody_there")


def test_a_large_body_sent_in_pieces_is_413(gateway: Process) -> None:
    connection = http.client.HTTPConnection(HOST, gateway.port, timeout=20)
    pieces = (b'"' + b"x" * 4_000 for _ in range(20))
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/dev/sign-in", pieces, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (413, "body_too_large")
    connection.close()


def test_a_small_body_sent_in_pieces_is_read(gateway: Process) -> None:
    connection = http.client.HTTPConnection(HOST, gateway.port, timeout=20)
    pieces = iter([b'{"email": ', b'"alice@nhs.net"}'])
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/dev/sign-in", pieces, headers, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()


def test_when_stopped_it_answers_what_has_begun_takes_nothing_new_and_waits_for_nobody_idle(
    place: dict[str, str], tmp_path: Path
) -> None:
    with started(place, tmp_path / "said") as gateway:
        idle = socket.create_connection((HOST, gateway.port), timeout=20)
        idle.sendall(b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(4096).startswith(b"HTTP/1.1 200")
        body = b'{"email": "alice@nhs.net"}'
        begun = socket.create_connection((HOST, gateway.port), timeout=20)
        begun.sendall(
            b"POST /dev/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body[:5]
        )
        assert gateway.running is not None
        eventually(lambda: _in_flight(gateway))
        gateway.running.send_signal(signal.SIGTERM)
        eventually(lambda: _refused(gateway))
        begun.sendall(body[5:])
        answer = begun.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"access_token" in answer
        assert gateway.ended() == 0
        assert "cut off" not in gateway.said(), (
            "it waited for the idle one until its patience ended"
        )
        idle.close()


def _in_flight(gateway: Process) -> bool:
    """The server has read the request's head once a later request has been answered."""
    return gateway.ready()


def _refused(gateway: Process) -> bool:
    try:
        socket.create_connection((HOST, gateway.port), timeout=1).close()
    except OSError:
        return True
    return False


class Members:
    """Knows everybody as Alice."""

    name = "members"
    bus = Bus(readers.TOPOLOGY, database=False)

    @rpc
    def identify(self, call: Any, email: str) -> Any:
        return standin.identified(
            standin.Asked("members", "identify", call.caller, None, None, {"email": email})
        )

    @rpc
    def organisations(self, call: Any, **page: Any) -> Any:
        """Answers with what was asked."""
        place = {"code": call.caller.region, "kind": "trust", "name": page["region"]}
        return {"items": [place], "next": None}


def test_a_filter_by_region_reaches_the_service_and_routes_nothing(
    gateway: Process, one_vhost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(monkeypatch, Members, AMQP_URL=one_vhost, REGIONS="national"):
        path = "/v1/organisations?region=midlands"
        status, found = gateway.ask("GET", path, **gateway.signed_in())
    assert status == 200, found
    assert found["items"][0]["name"] == "midlands"
    assert found["items"][0]["code"] == "national"
