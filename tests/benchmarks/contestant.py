"""What takes part in the ledger hop: it is given work, does it, and shows its books."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.benchmarks import queues
from tests.benchmarks.bench_servers import BenchServers, checkpointed, settled_disk
from tests.benchmarks.deals import Work, messages
from tests.benchmarks.processor import Split

LOOK = 0.005
"""Seconds between two looks at the books while waiting."""
PATIENCE = 8
"""A contestant may take so many times as long as expected."""
START_SECONDS = 60.0


@dataclass(frozen=True)
class Outcome:
    """How fast it was, what each process took of the cores, and what is wrong in the books."""

    rate: float
    cores: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


class Contestant(ABC):
    """One way to do the ledger's work.

    Attributes:
        name: as the tables show it.
        expected: events a second, roughly; decides how much work it is given.
    """

    name: str
    expected: int

    @abstractmethod
    def measure(self, servers: BenchServers, work: Work, seconds: float) -> Outcome:
        """Do the work; the rate counts only when nothing is wrong."""

    def unable(self) -> str | None:
        """Why it cannot take part on this machine, if so."""
        return None


class QueueContestant(Contestant):
    """One that reads its work from a queue and says what it did on the broker."""

    queue: str
    heard_on: tuple[str, ...]
    """Queues that hear what it says."""
    settled: str
    """SQL: how many deals are settled."""

    @contextmanager
    @abstractmethod
    def database(self, servers: BenchServers) -> Iterator[str]:
        """A fresh database with its tables."""

    @abstractmethod
    def fill(self, url: str, work: Work) -> None:
        """Accounts with balances, and the holds."""

    @abstractmethod
    def declare(self, connection: Any) -> None:
        """Its queue, and those that hear it."""

    @contextmanager
    @abstractmethod
    def process(self, amqp_url: str, database_url: str) -> Iterator[int]:
        """The running process; gives its pid."""

    @abstractmethod
    def books(self, conn: psycopg.Connection[Any], work: Work) -> list[str]:
        """What is wrong in its tables."""

    @contextmanager
    def prepared(self, servers: BenchServers, work: Work) -> Iterator[tuple[str, str]]:
        """Broker's and database's URL, everything filled but the queue."""
        with servers.virtual_host() as amqp_url, self.database(servers) as database_url:
            self.fill(database_url, work)
            settled_disk(database_url)
            with queues.connected(amqp_url) as connection:
                self.declare(connection)
            yield amqp_url, database_url

    def measure(self, servers: BenchServers, work: Work, seconds: float) -> Outcome:
        with self.prepared(servers, work) as (amqp_url, database_url):
            with queues.connected(amqp_url) as connection:
                queues.Filler(connection, self.queue).fill(messages(work.feed))
            checkpointed(servers.administrator_url)
            with (
                self.process(amqp_url, database_url) as pid,
                psycopg.connect(database_url, autocommit=True) as conn,
                queues.connected(amqp_url) as connection,
            ):
                books = Books(conn, self.settled)
                first = books.begun()
                began = time.perf_counter()
                with Split({"itself": pid, **servers.pids()}) as split:
                    limit = began + PATIENCE * seconds
                    done = books.ended(len(work.deals), connection.channel(), self.queue, limit)
                    took = time.perf_counter() - began
            wrong = [] if done else [f"unfinished after {took:.0f} s"]
            wrong += self.audit(amqp_url, database_url, work)
            return Outcome((len(work.deals) - first) / took, split.cores, wrong)

    def audit(self, amqp_url: str, database_url: str, work: Work) -> list[str]:
        """After its process has ended: what is wrong in its books and in what it said."""
        with psycopg.connect(database_url, autocommit=True) as conn:
            wrong = self.books(conn, work)
        with queues.connected(amqp_url) as connection:
            left = queues.ready(connection.channel(), self.queue)
        wrong += [f"{left} events were left in the queue"] if left else []
        for queue in self.heard_on:
            heard = {exchange_of(body) for body in queues.emptied(amqp_url, queue)} - {None}
            expected = {str(deal.exchange_id) for deal in work.deals}
            if heard != expected:
                wrong.append(f"{queue} heard of {len(heard)} of {len(expected)} deals")
        return wrong


class Books:
    """Looks at a contestant's tables without costing it much."""

    def __init__(self, conn: psycopg.Connection[Any], settled: str) -> None:
        self.conn, self.query = conn, settled

    def settled(self) -> int:
        return _one(self.conn, self.query)

    def begun(self) -> int:
        """Wait for the first deals to be settled; how many: the clock starts here."""
        limit = time.perf_counter() + START_SECONDS
        while time.perf_counter() < limit:
            count = self.settled()
            if count:
                return count
            time.sleep(LOOK)  # between two looks
        raise TimeoutError("nothing was settled; see var/bench/logs")

    def ended(self, deals: int, channel: Any, queue: str, limit: float) -> bool:
        """Wait until all is settled and all is said; whether that was so before ``limit``."""
        while time.perf_counter() < limit:
            if not queues.ready(channel, queue) and self.quiet() and self.settled() == deals:
                return True
            time.sleep(4 * LOOK)  # between two looks
        return False

    def quiet(self) -> bool:
        """Whether everything decided has been said and confirmed."""
        return not _one(self.conn, "select exists (select from outbox)::integer")


def exchange_of(body: bytes) -> str | None:
    """The exchange an outgoing event is about; others may be said too."""
    found = json.loads(body)
    return str(found["exchange_id"]) if found.get("exchange_id") else None


def _one(conn: psycopg.Connection[Any], query: str) -> int:
    row = conn.execute(query.encode()).fetchone()
    assert row is not None, "a count has one row"
    return int(row[0])
