"""One bank with its running services and its members at work, as the measurements drive it."""

from __future__ import annotations

import datetime
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from deploy.local.places import REPOSITORY
from services.contracts.words import REGIONS
from tests.benchmarks import deals, ourselves, pipeline
from tests.benchmarks.bank.size import Size
from tests.benchmarks.bench_servers import BenchServers, inherited, log_of
from tests.benchmarks.deals import Work
from tests.benchmarks.platform import Platform, Watch
from tests.benchmarks.processor import Split

AT_WORK = ("exchanges", "ledger")
"""The services whose speed is measured; nobody else runs meanwhile."""
PEOPLE_PER_DEAL = 4
"""Members a chunk's pairs are drawn from, for each deal, if the bank has so many."""
LOOK = 0.01
"""Seconds between two looks at the books."""
PATIENCE = 120.0


@dataclass(frozen=True)
class Cost:
    """Of one exchange, in milliseconds: by the clock, and of all processors together."""

    clock: float
    processor: float


@dataclass
class Branch:
    """A bank that is open."""

    name: str
    size: Size
    platform: Platform
    watch: Watch
    client: subprocess.Popen[str]

    def completed(self, count: int, seed: int) -> tuple[Cost, float]:
        """So many completed exchanges through the ledger, then back through exchanges.

        Returns:
            What the ledger's hop cost, and the milliseconds of settling, for each exchange.
        """
        todo = self._waiting(count, seed)
        first = min(deal.exchange_id for deal in todo.deals)
        pids = {"ledger": self.platform.pids["ledger"], **self.platform.servers.pids()}
        with self.platform.frozen(["exchanges"]):
            with self.platform.frozen(["ledger"]):
                pipeline.publish(self.platform.amqp_url, todo.feed)
            with Split(pids) as split:
                posted = self._until(
                    "ledger", "select count(*) from transfer where exchange_id >="
                    f" '{first}' and kind = 'exchange'", count,
                )  # fmt: skip
        settled = self._until(
            "exchanges", f"select count(*) from exchange where id >= '{first}'"
            " and state = 'settled'", count,
        )  # fmt: skip
        spent = sum(split.cores.values()) * posted
        return Cost(1000 * posted / count, 1000 * spent / count), 1000 * settled / count

    def booked_and_settled(self, count: int, seed: int) -> Cost:
        """So many exchanges from asking to settled, by calls as the gateway makes them."""
        with Split({**self.platform.pids, **self.platform.servers.pids()}) as split:
            began = time.perf_counter()
            asked = self.tell("ask", count=count, seed=seed)
            ids = ",".join(asked["ids"])
            self.tell("step", action="accept")
            self._until("exchanges", _in_state(ids, "booked"), count)
            self.tell("step", action="done")
            self.tell("step", action="confirm")
            self._until("exchanges", _in_state(ids, "settled"), count)
            took = time.perf_counter() - began
        return Cost(1000 * took / count, 1000 * took * sum(split.cores.values()) / count)

    def tell(self, do: str, **how: Any) -> Any:
        """Have the members do something; what they say about it."""
        assert self.client.stdin, "opened with pipes"
        assert self.client.stdout, "opened with pipes"
        self.client.stdin.write(json.dumps({"do": do, **how}) + "\n")
        self.client.stdin.flush()
        line = self.client.stdout.readline()
        if not line:
            raise RuntimeError(
                f"the members of {self.name} are gone; see {log_of(f'{self.name}-client')}"
            )
        return json.loads(line)

    def _waiting(self, count: int, seed: int) -> Work:
        """Completed exchanges of random members, with their holds."""
        draw, size = random.Random(seed), self.size
        numbers = draw.sample(range(size.members), min(size.members, PEOPLE_PER_DEAL * count))
        people = [size.person(number) for number in numbers]
        todo = deals.between(people, count, seed, duplicates=0)
        now = datetime.datetime.now(datetime.UTC)
        with psycopg.connect(self.platform.database_urls["ledger"]) as conn:
            ourselves.hold(conn, todo, now)
        with psycopg.connect(self.platform.database_urls["exchanges"]) as conn:
            pipeline.add_exchanges(conn, todo.deals, now)
        return todo

    def _until(self, service: str, query: str, count: int) -> float:
        """Seconds until so many are found and all is said."""
        began = time.perf_counter()
        said = "select (not exists (select from outbox))::integer"
        while self.watch.count(service, query) < count or not self.watch.count(service, said):
            if time.perf_counter() - began > PATIENCE:
                raise TimeoutError(f"{self.name}: {service} was not done within {PATIENCE:.0f} s")
            time.sleep(LOOK)  # between two looks
        return time.perf_counter() - began

    def await_heard(self) -> None:
        """Wait until no event waits for anybody in any region."""
        limit = time.perf_counter() + PATIENCE
        while any(self.watch.waiting(region) for region in REGIONS):
            if time.perf_counter() > limit:
                raise TimeoutError(f"{self.name}: events still wait after {PATIENCE:.0f} s")
            time.sleep(LOOK)  # between two looks


def _in_state(ids: str, state: str) -> str:
    found = f"select count(*) from exchange where id = any('{{{ids}}}'::uuid[])"
    return f"{found} and state = '{state}'"


@contextmanager
def opened(
    servers: BenchServers, name: str, size: Size, urls: Mapping[str, str]
) -> Iterator[Branch]:
    """Start the services of a bank on its databases, and its members."""
    with ExitStack() as stack:
        platform = stack.enter_context(Platform.prepared(servers, urls, f"{name}-"))
        stack.enter_context(platform.running(AT_WORK))
        watch = stack.enter_context(Watch(platform))
        log = stack.enter_context(log_of(f"{name}-client").open("w"))
        client = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.bank.client",
             str(size.members), str(size.exchanges)],
            cwd=REPOSITORY, env={**inherited(), "TIMEBANK_AMQP_URL": platform.amqp_url},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        stack.enter_context(client)
        stack.callback(client.terminate)
        yield Branch(name, size, platform, watch, client)
