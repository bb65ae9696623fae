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
from tests.benchmarks.bench_servers import FOLDER, BenchServers, process, settled_disk

SERVICES = ("members", "exchanges", "ledger", "notifications", "reporting")
NOBODY = "smtp://127.0.0.1:1"
"""No mail server: e-mails are written down and wait, as they do when one is away."""
START_SECONDS = 60.0


@dataclass
class Platform:
    """Fresh databases and a fresh virtual host for all services.

    Attributes:
        pids: of the processes that run, by service.
        label: before the names of its logs, where two platforms run at once.
    """

    servers: BenchServers
    amqp_url: str
    database_urls: Mapping[str, str]
    pids: dict[str, int] = field(default_factory=dict)
    label: str = ""

    @classmethod
    @contextmanager
    def prepared(
        cls, servers: BenchServers, filled: Mapping[str, str] | None = None, label: str = ""
    ) -> Iterator[Platform]:
        """
        Args:
            filled: URLs of databases that are there already, by service.
        """
        with ExitStack() as stack:
            amqp_url = stack.enter_context(servers.virtual_host())
            urls = {
                name: (filled or {}).get(name)
                or stack.enter_context(servers.service_database(f"services.{name}"))
                for name in SERVICES
            }
            with queues.connected(amqp_url) as connection:
                queues.declare_platform(connection)
            yield cls(servers, amqp_url, urls, label=label)

    def filled(self) -> None:
        """Call when the tables are full: they are analysed and written out."""
        for url in self.database_urls.values():
            settled_disk(url)

    @contextmanager
    def running(
        self,
        services: Sequence[str] = SERVICES,
        regions: str = "all",
        more: Mapping[str, str] | None = None,
    ) -> Iterator[None]:
        """Start services, a process each, and wait until all of them hear.

        Args:
            regions: slugs, a comma list, the first of them waited for; or ``all``.
            more: settings beside those every experiment needs.
        """
        region = "london" if regions == "all" else regions.partition(",")[0]
        queue_names = [event_queue(name, region) for name in services if name in READERS]
        before = self._hearing(queue_names)
        with ExitStack() as stack:
            for name in services:
                settings = {
                    "TIMEBANK_AMQP_URL": self.amqp_url,
                    "TIMEBANK_DATABASE_URL": self.database_urls[name],
                    "TIMEBANK_ENVIRONMENT": "local",
                    "TIMEBANK_REGIONS": regions,
                    "TIMEBANK_SMTP_URL": NOBODY,
                    "TIMEBANK_PUBLIC_URL": "http://127.0.0.1:1",
                    **(more or {}),
                }
                command = ["-m", "services.bus.runner", f"services.{name}.service"]
                label = name if regions == "all" else f"{name}-{regions[:20]}"
                log = f"{self.label}{label}"
                started = stack.enter_context(process(log, command, settings))
                self.pids[label] = started.pid
                stack.callback(self.pids.pop, label)
            self._await_one_more(before)
            yield

    def _hearing(self, names: Sequence[str]) -> dict[str, int]:
        """How many processes read each queue."""
        with queues.connected(self.amqp_url) as connection:
            return {name: queues.consumers(connection, name) for name in names}

    def _await_one_more(self, before: Mapping[str, int]) -> None:
        limit = time.perf_counter() + START_SECONDS
        while True:
            now = self._hearing(list(before))
            silent = [name for name in now if now[name] <= before[name]]
            if not silent:
                return
            if time.perf_counter() > limit:
                raise TimeoutError(f"nobody reads {silent[0]}; see {FOLDER / 'logs'}")
            time.sleep(0.05)  # between two looks

    @contextmanager
    def frozen(self, labels: Sequence[str] = ()) -> Iterator[None]:
        """Nobody works during this block; messages that arrive wait for all alike.

        Args:
            labels: of ``pids``, if not all are to stand still.
        """
        pids = [pid for label, pid in self.pids.items() if not labels or label in labels]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
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
