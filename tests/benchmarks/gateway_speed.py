"""What a request costs: search, read and book, beside a bare call and a plain route."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from deploy.local import secret
from deploy.local.places import REPOSITORY, places
from tests.benchmarks import queues
from tests.benchmarks.bench_servers import INSTANCE, BenchServers, process
from tests.benchmarks.figures import Figures
from tests.benchmarks.platform import START_SECONDS, Platform
from tests.bus import echo

EXPERIMENT, CALLS = "gateway", "one call"
CLIENTS = (1, 8, 32)
WHAT = ("search", "read", "book")
NO_LIMIT = "1000000"
"""Requests a caller may make in a minute: the limit is not what is measured."""
LONGEST_SECONDS = 600
"""A load generator that takes longer is stuck."""


def run(servers: BenchServers, figures: Figures, seconds: float, number: int) -> None:
    """One round; each figure takes a third of ``seconds``."""
    each = max(1.0, seconds / 3)
    _routes(figures, each)
    _calls(servers, figures, each)
    _api(servers, figures, each)


def _api(servers: BenchServers, figures: Figures, seconds: float) -> None:
    with (
        Platform.prepared(servers) as platform,
        platform.running(),
        gateway(platform.amqp_url) as (address, _),
    ):
        for clients in CLIENTS:
            told = _ask("api_clients", {}, address, seconds, clients, *WHAT)
            for what, found in told.items():
                _note(figures, f"{what}, {clients} clients", found)


def _routes(figures: Figures, seconds: float) -> None:
    port = _free_port()
    with process("flask", ["-m", "tests.benchmarks.peers.flask_route", str(port)], {}):
        address = f"127.0.0.1:{port}"
        _await(f"http://{address}/constant")
        for clients in CLIENTS:
            told = _ask("api_clients", {}, address, seconds, clients, "/constant")
            _note(figures, f"plain Flask route, {clients} clients", told["/constant"])


def _note(figures: Figures, name: str, found: Mapping[str, Any]) -> None:
    figures.add(EXPERIMENT, name, "requests/s", found["per_second"], found["wrong"])
    figures.add(f"{EXPERIMENT}: waits", name, "ms p50", found["p50"], found["wrong"])
    figures.add(f"{EXPERIMENT}: waits", name, "ms p95", found["p95"], found["wrong"])
    print(f"  {name}: {found['per_second']:.0f}/s, p95 {found['p95']:.1f} ms", flush=True)


def _calls(servers: BenchServers, figures: Figures, seconds: float) -> None:
    with (
        servers.virtual_host() as amqp_url,
        servers.service_database("services.bus") as database_url,
    ):
        with psycopg.connect(database_url) as conn:
            conn.execute(echo.TABLE.encode())
        ours = {"TIMEBANK_AMQP_URL": amqp_url, "TIMEBANK_DATABASE_URL": database_url}
        with process("echo", ["-m", "services.bus.runner", "tests.bus.echo"], ours):
            _await_consumer(amqp_url, "rpc.echo.london")
            told = _ask("rpc_caller", ours, seconds, *CLIENTS)
        for clients, rate in told.items():
            figures.add(CALLS, f"ours, {clients} callers", "calls/s", rate)
            print(f"  our call, {clients} callers: {rate:.0f}/s", flush=True)
        theirs = {"BENCH_AMQP_URL": amqp_url}
        with process("echo-peer", ["-m", "tests.benchmarks.peers.nameko_echo", "serve"], theirs):
            _await_consumer(amqp_url, "rpc-echo_peer")
            rate = float(_ask("peers.nameko_echo", theirs, seconds))
        figures.add(CALLS, "nameko's own, 1 callers", "calls/s", rate)
        print(f"  nameko's own call: {rate:.0f}/s", flush=True)


def _ask(module: str, settings: Mapping[str, str], *arguments: Any) -> Any:
    """Run a load generator and read what it prints."""
    command = [sys.executable, "-W", "ignore", "-m", f"tests.benchmarks.{module}"]
    done = subprocess.run(
        [*command, *(str(each) for each in arguments)], cwd=REPOSITORY, text=True, check=False,
        env={**os.environ, **settings}, capture_output=True, timeout=LONGEST_SECONDS,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{module} failed: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout.splitlines()[-1])  # before it may stand log lines


@contextmanager
def gateway(amqp_url: str) -> Iterator[tuple[str, int]]:
    """A gateway of our own on a free port; gives its address and its pid."""
    where, port = places(INSTANCE), _free_port()
    secret.make_issuer_key(where)
    settings = {
        "TIMEBANK_AMQP_URL": amqp_url,
        "TIMEBANK_ENVIRONMENT": "local",
        "TIMEBANK_HTTP_PORT": str(port),
        "TIMEBANK_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TIMEBANK_DEV_ISSUER_KEY": str(where.issuer_key),
        "TIMEBANK_RATE_LIMIT": NO_LIMIT,
    }
    command = ["-m", "services.bus.runner", "gateway.service"]
    with process("gateway", command, settings) as running:
        _await(f"http://127.0.0.1:{port}/_status")
        yield f"127.0.0.1:{port}", running.pid


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _await(url: str) -> None:
    limit = time.perf_counter() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            if time.perf_counter() > limit:
                raise
            time.sleep(0.05)  # between two looks


def _await_consumer(amqp_url: str, queue: str) -> None:
    limit = time.perf_counter() + START_SECONDS
    with queues.connected(amqp_url) as connection:
        while not queues.consumers(connection, queue):
            if time.perf_counter() > limit:
                raise TimeoutError(f"nobody reads {queue}; see var/bench/logs")
            time.sleep(0.05)  # between two looks
