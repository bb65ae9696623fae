"""How long one event takes through the ledger: at a steady rate, and alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence, Set

from services.bus.envelope import Outgoing
from tests.benchmarks import queues
from tests.benchmarks.bench_servers import BenchServers, checkpointed
from tests.benchmarks.contestant import QueueContestant, exchange_of
from tests.benchmarks.deals import messages, work
from tests.benchmarks.figures import Figures, percentile
from tests.benchmarks.ledger_hop import CONTESTANTS, EXPERIMENT

OPEN_LOOP, IDLE = f"{EXPERIMENT}: open loop", f"{EXPERIMENT}: single event when idle"
SHARE = 0.7
"""Of the rate measured before."""
ACCOUNTS = 1000
SINGLES = 40
PAUSE = 0.05
"""Seconds of quiet between two single events."""
WARM = 50
"""Events before the clock starts: plans are made, caches filled."""
PATIENCE = 30.0
PACE = 0.005
"""Seconds between two writes at a steady rate: what has become due is written at once."""


class Ear(threading.Thread):
    """Hears what a contestant says, on a connection of its own, and notes when."""

    def __init__(self, url: str, queue: str) -> None:
        super().__init__(daemon=True)
        self.url, self.queue = url, queue
        self.heard: list[tuple[float, bytes]] = []
        self.stopping = False

    def run(self) -> None:
        with queues.listening(self.url, self.queue, self._take) as wait:
            while not self.stopping:
                wait(0.2)

    def _take(self, at: float, body: bytes) -> None:
        self.heard.append((at, body))

    def moments(self) -> dict[str, float]:
        """When each exchange was first heard of."""
        found: dict[str, float] = {}
        for at, body in self.heard:
            exchange = exchange_of(body)
            if exchange:
                found.setdefault(exchange, at)
        return found

    def await_exchanges(self, exchanges: Set[str]) -> None:
        """Wait until all of them were heard of; other things may be said as well."""
        limit = time.perf_counter() + PATIENCE
        while missing := exchanges - self.moments().keys():
            if time.perf_counter() > limit:
                raise TimeoutError(f"{len(missing)} of {len(exchanges)} exchanges are missing")
            time.sleep(0.1)  # between two looks

    def await_count(self, count: int) -> None:
        limit = time.perf_counter() + PATIENCE
        while len(self.heard) < count:
            if time.perf_counter() > limit:
                raise TimeoutError(f"{len(self.heard)} of {count} events were heard")
            time.sleep(0.0005)  # between two looks


def run(servers: BenchServers, figures: Figures, seconds: float, number: int) -> None:
    """One round for everybody with a queue; needs a rate from the hop of the same run."""
    for contestant in CONTESTANTS:
        if not isinstance(contestant, QueueContestant) or contestant.unable():
            continue
        name = f"{contestant.name}, {ACCOUNTS} accounts"
        rate = figures.median(EXPERIMENT, name, "events/s")
        if rate is None:
            figures.lack(f"{OPEN_LOOP}: {contestant.name}", "no rate was measured before")
            continue
        try:
            _measure(contestant, servers, figures, SHARE * rate, seconds, number)
        except TimeoutError as error:
            figures.add(OPEN_LOOP, contestant.name, "ms p95", 0, [str(error)])


def _measure(
    contestant: QueueContestant, servers: BenchServers, figures: Figures,
    rate: float, seconds: float, number: int,
) -> None:  # fmt: skip
    todo = work(ACCOUNTS, WARM + SINGLES + int(rate * seconds), number, duplicates=0)
    events = messages(todo.feed)
    with contestant.prepared(servers, todo) as (amqp_url, database_url):
        checkpointed(servers.administrator_url)
        ear = Ear(amqp_url, contestant.heard_on[0])
        ear.start()
        with (
            contestant.process(amqp_url, database_url),
            queues.connected(amqp_url) as connection,
        ):
            filler = queues.Filler(connection, contestant.queue)
            filler.fill(events[:WARM])
            ear.await_count(WARM)
            alone = _alone(filler, ear, events[WARM : WARM + SINGLES])
            sent = steadily(filler, events[WARM + SINGLES :], rate)
            ear.await_exchanges(sent.keys())
        ear.stopping = True
        ear.join()
    heard = ear.moments()
    waits = [1000 * (heard[event] - at) for event, at in sent.items()]
    for share in (0.5, 0.95, 0.99):
        unit = f"ms p{100 * share:.0f}"
        figures.add(OPEN_LOOP, contestant.name, unit, percentile(waits, share))
        figures.add(IDLE, contestant.name, unit, percentile(alone, share))
    print(
        f"  {contestant.name}: p95 {percentile(waits, 0.95):.0f} ms at {rate:.0f}/s;"
        f" alone median {percentile(alone, 0.5):.1f} ms", flush=True,
    )  # fmt: skip


def _alone(filler: queues.Filler, ear: Ear, events: Sequence[Outgoing]) -> list[float]:
    """Milliseconds of each event when nothing else is going on."""
    waits = []
    for event in events:
        count, began = len(ear.heard), time.perf_counter()
        filler.put([event])
        ear.await_count(count + 1)
        waits.append(1000 * (ear.heard[count][0] - began))
        filler.settle()
        time.sleep(PAUSE)  # the quiet that is being measured
    return waits


def steadily(filler: queues.Filler, events: Sequence[Outgoing], rate: float) -> dict[str, float]:
    """Publish at a rate whatever comes back; the moment each event was due, by its exchange."""
    due: dict[str, float] = {}
    began = time.perf_counter()
    while len(due) < len(events):
        last = min(len(events), 1 + int((time.perf_counter() - began) * rate))
        filler.put(events[len(due) : last])
        for place in range(len(due), last):
            # Each counts from its own moment, not from when it was written.
            due[str(events[place].headers["ce-subject"])] = began + place / rate
        filler.look()
        time.sleep(PACE)
    filler.settle()
    return due
