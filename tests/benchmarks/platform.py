"""All five services as processes of their own, each on a fresh database, and what they hold."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psycopg

from services.bus.topology import event_queue
from services.contracts.readers import READERS
from tests.benchmarks import queues
from tests.benchmarks.bench_servers import BenchServers, process, settled_disk

SERVICES = ("members", "exchanges", "ledger", "notifications", "reporting")
NOBODY = "smtp://127.0.0.1:1"
"""No mail server: e-mails are written down and wait, as they do when one is away."""
START_SECONDS = 60.0


@dataclass
class Platform:
    """Fresh databases and a fresh virtual host for all services.

    Attributes:
        pids: of the processes that run, by service.
    """

    servers: BenchServers
    amqp_url: str
    database_urls: Mapping[str, str]
    pids: dict[str, int] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def prepared(cls, servers: BenchServers) -> Iterator[Platform]:
        with ExitStack() as stack:
            amqp_url = stack.enter_context(servers.virtual_host())
            urls = {
                name: stack.enter_context(servers.service_database(f"services.{name}"))
                for name in SERVICES
            }
            with queues.connected(amqp_url) as connection:
                queues.declare_platform(connection)
            yield cls(servers, amqp_url, urls)

    def filled(self) -> None:
        """Call when the tables are full: they are analysed and written out."""
        for url in self.database_urls.values():
            settled_disk(url)

    @contextmanager
    def running(self, services: Sequence[str] = SERVICES, regions: str = "all") -> Iterator[None]:
        """Start services, a process each, and wait until all of them hear.

        Args:
            regions: slugs, a comma list, the first of them waited for; or ``all``.
        """
        with ExitStack() as stack:
            for name in services:
                settings = {
                    "TIMEBANK_AMQP_URL": self.amqp_url,
                    "TIMEBANK_DATABASE_URL": self.database_urls[name],
                    "TIMEBANK_ENVIRONMENT": "local",
                    "TIMEBANK_REGIONS": regions,
                    "TIMEBANK_SMTP_URL": NOBODY,
                    "TIMEBANK_PUBLIC_URL": "http://127.0.0.1:1",
                }
                command = ["-m", "services.bus.runner", f"services.{name}.service"]
                label = name if regions == "all" else f"{name}-{regions[:20]}"
                started = stack.enter_context(process(label, command, settings))
                self.pids[label] = started.pid
            region = "london" if regions == "all" else regions.partition(",")[0]
            hearing = [event_queue(name, region) for name in services if name in READERS]
            self._await_hearing(hearing)
            yield

    def _await_hearing(self, names: Sequence[str]) -> None:
        limit = time.perf_counter() + START_SECONDS
        with queues.connected(self.amqp_url) as connection:
            for name in names:
                while not queues.consumers(connection, name):
                    if time.perf_counter() > limit:
                        raise TimeoutError(f"nobody reads {name}; see var/bench/logs")
                    time.sleep(0.05)  # between two looks

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Nobody works during this block; messages that arrive wait for all alike."""
        for pid in self.pids.values():
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in self.pids.values():
                os.kill(pid, signal.SIGCONT)

    def all_pids(self) -> dict[str, int]:
        return {**self.pids, **self.servers.pids()}


class Watch:
    """Looks at the databases of a platform, on one connection to each."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.conns = {
            name: psycopg.connect(url, autocommit=True)
            for name, url in platform.database_urls.items()
        }
        self.connection = queues.connected(platform.amqp_url)
        self.channel = self.connection.__enter__().channel()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.__exit__(None, None, None)
        for conn in self.conns.values():
            conn.close()

    def count(self, service: str, query: str) -> int:
        row = self.conns[service].execute(query.encode()).fetchone()
        assert row is not None, "a count has one row"
        return int(row[0])

    def waiting(self, region: str) -> int:
        """Events that wait in any service's queue of a region."""
        names = [event_queue(service, region) for service in READERS]
        return sum(queues.ready(self.channel, name) for name in names)

    def quiet(self) -> bool:
        """Whether nobody has anything left to say, to try again, or parked."""
        query = "select (exists (select from outbox) or exists (select from retry))::integer"
        return not any(self.count(name, query) for name in SERVICES)
