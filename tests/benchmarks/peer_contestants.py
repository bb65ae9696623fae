"""The peers with a queue: stock nameko, and FastStream with asyncpg."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.benchmarks import plain_ledger, queues
from tests.benchmarks.bench_servers import FOLDER, BenchServers, process
from tests.benchmarks.contestant import QueueContestant
from tests.benchmarks.deals import Work

PEER_PYTHON = FOLDER / "venv" / "bin" / "python"


class Peer(QueueContestant):
    """One that keeps its books in the plain tables."""

    settled = plain_ledger.SETTLED
    exchange: str
    command: tuple[str, ...]

    @contextmanager
    def database(self, servers: BenchServers) -> Iterator[str]:
        with plain_ledger.database(servers) as url:
            yield url

    def fill(self, url: str, work: Work) -> None:
        plain_ledger.fill(url, work)

    @contextmanager
    def process(self, amqp_url: str, database_url: str) -> Iterator[int]:
        settings = {"BENCH_AMQP_URL": amqp_url, "BENCH_DATABASE_URL": database_url}
        with process(self.name.replace(" ", "-"), self.command, settings) as running:
            yield running.pid

    def books(self, conn: psycopg.Connection[Any], work: Work) -> list[str]:
        return plain_ledger.wrong(conn, work, in_outbox=0)

    def declare(self, connection: Any) -> None:
        key = "minutes_transferred"
        self.heard_on = queues.declare_listeners(connection, self.exchange, key)


class StockNameko(Peer):
    """Ten workers, classic queues, one confirm awaited at a time: as it comes."""

    name = "stock nameko"
    expected = 300
    queue = "evt-exchanges-exchange_completed--ledger_peer.settle"
    exchange = "ledger_peer.events"
    command = ("-m", "tests.benchmarks.peers.nameko_ledger")

    def declare(self, connection: Any) -> None:
        super().declare(connection)
        channel = connection.channel()
        channel.exchange_declare("exchanges.events", "topic", durable=True, auto_delete=False)
        channel.queue_declare(self.queue, durable=True, auto_delete=False)
        channel.queue_bind(self.queue, "exchanges.events", "exchange_completed")


class FastStreamAsyncpg(Peer):
    """Twenty events at a time, a replicated queue, a connection for each event at work."""

    name = "FastStream asyncpg"
    expected = 400
    queue = "ledger"
    exchange = "ledger_peer"
    command = (str(PEER_PYTHON), str(plain_ledger.PEERS / "faststream_ledger.py"))

    def declare(self, connection: Any) -> None:
        super().declare(connection)
        arguments = {"x-queue-type": "quorum"}
        channel = connection.channel()
        channel.queue_declare(self.queue, durable=True, auto_delete=False, arguments=arguments)

    def unable(self) -> str | None:
        return installed()


def installed() -> str | None:
    """Install what the peers need into ``var/bench/venv``; why it could not be, if so."""
    wanted = (plain_ledger.PEERS / "requirements.txt").read_text()
    mark = PEER_PYTHON.parent.parent / "installed"
    if mark.exists() and mark.read_text() == wanted:
        return None
    commands = (
        [sys.executable, "-m", "venv", str(PEER_PYTHON.parent.parent)],
        [str(PEER_PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check",
         "-r", str(plain_ledger.PEERS / "requirements.txt")],
    )  # fmt: skip
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"its packages could not be installed: {done.stderr.strip()[-200:]}"
    mark.write_text(wanted)
    return None
