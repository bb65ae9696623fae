"""What one region feels of another's backlog: standing, draining, and in one shared queue."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence

import psycopg

from tests.benchmarks import ourselves, pipeline, queues
from tests.benchmarks.bench_servers import BenchServers, checkpointed
from tests.benchmarks.deals import Work, messages, work
from tests.benchmarks.figures import Figures, percentile
from tests.benchmarks.latency import Ear, steadily
from tests.benchmarks.platform import Platform, Watch

EXPERIMENT = "regions: completed to settled"
OURS, THEIRS, NOBODYS = "london", "midlands", "south-west"
"""The region that is watched, the one with the backlog, and one where nothing happens."""
SHORT, LONG = 5_000, 50_000
"""Exchanges in the backlog; the long form from ``LONG_SECONDS`` on."""
LONG_SECONDS = 20.0
RATE = 20
"""Exchanges a second in the region that is watched: far below what it could do."""
WARM = 100
"""Exchanges before the first phase: plans are made, connections opened."""
DRAINED_PER_SECOND = 60
"""Slower than this, the drain is given up."""
PROBE = "probe.settled"


def run(servers: BenchServers, figures: Figures, seconds: float, number: int) -> None:
    """One round of four phases, each with its own exchanges in the watched region.

    Two sets of the five services run in every phase. The first serves the watched region;
    what the second serves is the difference: nothing that matters, the region with the
    backlog, or, as one shared queue would have it, the watched region too.
    """
    size = LONG if seconds >= LONG_SECONDS else SHORT
    each = int(RATE * seconds)
    warm = work(100, WARM, 10 * number + 9, 0, OURS)
    probes = [work(100, each, 10 * number + phase, 0, OURS) for phase in range(4)]
    away = work(1000, size, 100 + number, 0, THEIRS)
    same = work(1000, size, 200 + number, 0, OURS)
    with Platform.prepared(servers) as platform:
        _fill(platform, [warm, *probes, away, same])
        _declare_probe(platform.amqp_url)
        checkpointed(servers.administrator_url)
        ear = Ear(platform.amqp_url, PROBE)
        ear.start()
        with platform.running(regions=f"{OURS},national"), Watch(platform) as watch:
            with platform.running(regions=NOBODYS):
                _waits(platform.amqp_url, ear, warm)
                _note(figures, "idle", _waits(platform.amqp_url, ear, probes[0]))
                pipeline.publish(platform.amqp_url, away.feed)
                standing = _waits(platform.amqp_url, ear, probes[1])
                _note(figures, f"{size} standing elsewhere", standing)
            with platform.running(regions=THEIRS), _Drain(watch, away) as drain:
                draining = _waits(platform.amqp_url, ear, probes[2], drain.patience)
                _note(figures, f"{size} draining elsewhere", draining)
                drain.note(figures, "elsewhere")
            with platform.running(regions=OURS), _Drain(watch, same) as drain:
                pipeline.publish(platform.amqp_url, same.feed)
                shared = _waits(platform.amqp_url, ear, probes[3], drain.patience)
                _note(figures, f"{size} in the same queue", shared)
                drain.note(figures, "in the same queue")
        ear.stopping = True
        ear.join()


class _Drain:
    """A backlog on its way, from the beginning of the block on."""

    def __init__(self, watch: Watch, backlog: Work) -> None:
        ids = sorted(deal.exchange_id for deal in backlog.deals)
        self.watch, self.size = watch, len(ids)
        self.query = (
            "select count(*) from exchange where state = 'settled'"
            f" and id between '{ids[0]}' and '{ids[-1]}'"
        )
        self.patience = 60 + self.size / DRAINED_PER_SECOND

    def __enter__(self) -> _Drain:
        self.began, self.before = time.perf_counter(), self._settled()
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing: it is drained by the processes of the block."""

    def note(self, figures: Figures, where: str) -> None:
        """Wait until all is settled; how much that was a second."""
        while self._settled() < self.size:
            if time.perf_counter() > self.began + self.patience:
                raise TimeoutError(f"{where}: not drained within {self.patience:.0f} s")
            time.sleep(0.2)  # between two looks
        rate = (self.size - self.before) / (time.perf_counter() - self.began)
        figures.add("regions: drain", where, "exchanges/s", rate)
        print(f"  drained {where}: {rate:.0f}/s", flush=True)

    def _settled(self) -> int:
        return self.watch.count("exchanges", self.query)


def _note(figures: Figures, name: str, waits: Sequence[float]) -> None:
    for share in (0.5, 0.95):
        figures.add(EXPERIMENT, name, f"ms p{100 * share:.0f}", percentile(waits, share))
    print(f"  {name}: p95 {percentile(waits, 0.95):.0f} ms", flush=True)


def _fill(platform: Platform, parts: Sequence[Work]) -> None:
    now = datetime.datetime.now(datetime.UTC)
    for part in parts:
        with psycopg.connect(platform.database_urls["ledger"]) as conn:
            ourselves.fill(conn, part, now)
        with psycopg.connect(platform.database_urls["exchanges"]) as conn:
            pipeline.add_exchanges(conn, part.deals, now)
    platform.filled()


def _declare_probe(url: str) -> None:
    with queues.connected(url) as connection:
        channel = connection.channel()
        channel.queue_declare(PROBE, durable=True, auto_delete=False)
        channel.queue_bind(PROBE, "timebank", f"{OURS}.exchanges.exchange_settled")


def _waits(url: str, ear: Ear, probes: Work, patience: float = 60.0) -> list[float]:
    """Milliseconds from each completion to its settling, at a steady rate."""
    with queues.connected(url) as connection:
        key = f"{OURS}.exchanges.exchange_completed"
        filler = queues.Filler(connection, key, exchange="timebank")
        sent = steadily(filler, messages(probes.feed), RATE)
    limit = time.perf_counter() + patience
    wanted = {str(deal.exchange_id) for deal in probes.deals}
    while not wanted <= ear.moments().keys():
        if time.perf_counter() > limit:
            raise TimeoutError(f"not all of {OURS} was settled")
        time.sleep(0.1)  # between two looks
    heard = ear.moments()
    return [1000 * (heard[exchange] - at) for exchange, at in sent.items()]
