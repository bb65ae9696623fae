"""From a completed exchange in its queue to the posted transfer and its confirmed event."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.bench_servers import BenchServers
from tests.benchmarks.contestant import Contestant
from tests.benchmarks.deals import work
from tests.benchmarks.figures import Figures
from tests.benchmarks.ourselves import Timebank
from tests.benchmarks.peer_contestants import FastStreamAsyncpg, StockNameko
from tests.benchmarks.pgbench import OneEvent, TpcB

EXPERIMENT = "ledger hop"
ACCOUNTS = (1000, 10, 2)
CONTESTANTS: Sequence[Contestant] = (
    Timebank(), TpcB(), OneEvent(), StockNameko(), FastStreamAsyncpg()
)  # fmt: skip
ABSENT = {
    "pgledger": "its SQL would have to be committed here or fetched at each run",
    "django-hordak, Celery, Dramatiq": "no program written for them",
}


def run(servers: BenchServers, figures: Figures, seconds: float, number: int) -> None:
    """One round: everybody once at each number of accounts, in turn."""
    for name, why in ABSENT.items():
        figures.lack(name, why)
    for accounts in ACCOUNTS:
        for contestant in CONTESTANTS:
            if isinstance(contestant, TpcB) and accounts != ACCOUNTS[0]:
                continue  # it has tables of its own, whatever ours hold
            reason = contestant.unable()
            if reason:
                figures.lack(contestant.name, reason)
                continue
            _measure(contestant, servers, figures, seconds, accounts, number)


def _measure(
    contestant: Contestant, servers: BenchServers, figures: Figures,
    seconds: float, accounts: int, number: int,
) -> None:  # fmt: skip
    todo = work(accounts, int(contestant.expected * seconds), seed=number)
    name = f"{contestant.name}, {accounts} accounts"
    try:
        outcome = contestant.measure(servers, todo, seconds)
    except (TimeoutError, RuntimeError) as error:
        figures.add(EXPERIMENT, name, "events/s", 0, [str(error)])
        return
    figures.add(EXPERIMENT, name, "events/s", outcome.rate, outcome.wrong)
    if outcome.cores and outcome.rate:
        spent = 1000 * sum(outcome.cores.values()) / outcome.rate
        figures.add(f"{EXPERIMENT}: processor time of all", name, "ms/event", spent)
    for process, cores in outcome.cores.items():
        figures.add(f"{EXPERIMENT}: cores", f"{name}: {process}", "cores", cores)
    shown = "; ".join(outcome.wrong) or "audit clean"
    print(f"  {name}: {outcome.rate:.0f} events/s ({shown})", flush=True)
