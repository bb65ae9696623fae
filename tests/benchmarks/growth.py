"""What growth costs: the same work in a small bank and in one a thousand times as big.

Both banks are open at once and take turns by the chunk, so that what else happens on the
machine meets both alike.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from contextlib import ExitStack

import psycopg

from deploy.local.status import KIBIBYTES_PER_MEGABYTE, proportional_kib
from services.ledger import check
from tests.benchmarks import gateway_speed
from tests.benchmarks.bank import branch, kept
from tests.benchmarks.bank.branch import Branch, Cost
from tests.benchmarks.bank.size import Size
from tests.benchmarks.bench_servers import BenchServers, checkpointed
from tests.benchmarks.figures import Figures, percentile

EXPERIMENT = "growth"
SMALL = Size(1_000, 10_000)
GROWN, SHORT = Size(1_000_000, 5_000_000), Size(20_000, 100_000)
"""The short form loads within seconds; the grown bank takes minutes, once, and 17 GB."""
LONG_SECONDS = 20.0
CHUNKS, SHORT_CHUNKS = 5, 3
HOPS, STEPS, LOOKS = 2000, 60, 15
"""Of each chunk: exchanges completed, exchanges by calls, searches and statements of a kind."""
WARM = 8
WARM_HOPS, SHORT_WARM_HOPS = 16_000, 2_000
"""Exchanges completed in each bank between the checkpoint and the measurement: the first touch
of a page after it is logged whole, so its beginning is not how most of its five minutes are."""
SEARCHES = ("word", "category", "region")
ACCOUNTS = ("busy", "ordinary")
OTHERS = ("members", "notifications", "reporting")


class Measured:
    """What one bank has shown so far."""

    def __init__(self) -> None:
        self.costs: dict[str, list[Cost]] = {}
        self.waits: dict[str, list[float]] = {}

    def chunk(self, bank: Branch, hops: int, steps: int, looks: int, seed: int) -> None:
        hop, settling = bank.completed(hops, seed)
        self.costs.setdefault("ledger hop", []).append(hop)
        self.costs.setdefault("settling", []).append(Cost(settling, 0))
        whole = Cost(hop.clock + settling, 0)
        self.costs.setdefault("completed to settled", []).append(whole)
        by_calls = bank.booked_and_settled(steps, seed)
        self.costs.setdefault("asked, accepted, confirmed", []).append(by_calls)
        for by in SEARCHES:
            waits = bank.tell("search", by=by, count=looks, seed=seed)["waits"]
            self.waits.setdefault(f"search by {by}", []).extend(waits)
        for of in ACCOUNTS:
            waits = bank.tell("statement", of=of, count=looks, seed=seed)["waits"]
            self.waits.setdefault(f"statement, {of} account", []).extend(waits)

    def clock(self, what: str) -> float:
        return statistics.median(cost.clock for cost in self.costs[what])

    def processor(self, what: str) -> float:
        return statistics.median(cost.processor for cost in self.costs[what])


def run(servers: BenchServers, figures: Figures, seconds: float, number: int) -> None:
    """One round; the grown bank is loaded by the first that needs it, and kept."""
    long = seconds >= LONG_SECONDS
    grown = GROWN if long else SHORT
    with ExitStack() as stack:
        small_urls = stack.enter_context(kept.copied(servers.administrator_url, SMALL))
        grown_urls = kept.kept(servers.administrator_url, grown)
        banks = [
            stack.enter_context(branch.opened(servers, "small", SMALL, small_urls)),
            stack.enter_context(branch.opened(servers, "grown", grown, grown_urls)),
        ]
        kept.warmed(servers.administrator_url, [*small_urls.values(), *grown_urls.values()])
        checkpointed(servers.administrator_url)
        for bank in banks:
            Measured().chunk(bank, 10 * WARM, WARM, WARM, seed=1000 * number)
            for part in range((WARM_HOPS if long else SHORT_WARM_HOPS) // HOPS):
                bank.completed(HOPS, seed=1000 * number + 500 + part)
        shown = _by_turns(banks, CHUNKS if long else SHORT_CHUNKS, 1000 * number + 1)
        wrong = [text for bank in banks for text in _audit(bank)]
        _note(figures, [f"{bank.size.members:,} members" for bank in banks], shown, wrong)
        for bank in banks:
            _remember(bank, figures)


def _by_turns(banks: Sequence[Branch], chunks: int, seed: int) -> list[Measured]:
    shown = [Measured() for _ in banks]
    for chunk in range(chunks):
        pairs = list(zip(banks, shown, strict=True))
        for bank, measured in pairs if chunk % 2 else reversed(pairs):
            measured.chunk(bank, HOPS, STEPS, LOOKS, seed + chunk)
    return shown


def _audit(bank: Branch) -> list[str]:
    """The ledger's own check over everything, what was loaded included."""
    with psycopg.connect(bank.platform.database_urls["ledger"], autocommit=True) as conn:
        found = check.check(conn)
    return [f"{bank.name} bank: {name}: {count}" for name, count in found.items() if count]


def _remember(bank: Branch, figures: Figures) -> None:
    """Memory of each process after the work, the others having heard of it too."""
    platform = bank.platform
    with platform.running(OTHERS), gateway_speed.gateway(platform.amqp_url) as (_, gateway):
        bank.await_heard()
        for service, pid in {**platform.pids, "gateway": gateway}.items():
            memory = proportional_kib(pid) / KIBIBYTES_PER_MEGABYTE
            name = f"{service}, {bank.size.members:,} members"
            figures.add(f"{EXPERIMENT}: memory", name, "MB", memory)


def _note(
    figures: Figures, sizes: Sequence[str], shown: Sequence[Measured], wrong: list[str]
) -> None:
    small, grown = shown
    for what in small.costs:
        for size, measured in zip(sizes, shown, strict=True):
            name = f"{what}, {size}"
            figures.add(EXPERIMENT, name, "ms/exchange", measured.clock(what), wrong)
            if measured.processor(what):
                spent = measured.processor(what)
                figures.add(f"{EXPERIMENT}: processor time", name, "ms/exchange", spent, wrong)
        ratio = grown.clock(what) / small.clock(what)
        figures.add(f"{EXPERIMENT}: grown to small", what, "x", ratio, wrong)
        print(f"  {what}: {small.clock(what):.3f} -> {grown.clock(what):.3f} ms, {ratio:.2f} x",
              flush=True)  # fmt: skip
    for what in small.waits:
        for size, measured in zip(sizes, shown, strict=True):
            for share in (0.5, 0.95):
                wait, unit = percentile(measured.waits[what], share), f"ms p{100 * share:.0f}"
                figures.add(f"{EXPERIMENT}: waits", f"{what}, {size}", unit, wait)
        medians = [percentile(measured.waits[what], 0.5) for measured in shown]
        print(f"  {what}: {medians[0]:.1f} -> {medians[1]:.1f} ms median", flush=True)
    print(f"  {'; '.join(wrong) or 'ledgers clean'}", flush=True)
