"""From completed exchanges to transferred, settled, told and reported, until all is quiet."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence

import psycopg

from services.contracts.readers import READERS
from tests.benchmarks import ourselves, queues
from tests.benchmarks.bench_servers import BenchServers, checkpointed
from tests.benchmarks.deals import REGION, Deal, Work, messages, work
from tests.benchmarks.figures import Figures
from tests.benchmarks.platform import Platform, Watch
from tests.benchmarks.processor import Split

EXPERIMENT = "whole pipeline"
EXPECTED = 250
"""Exchanges a second, roughly; decides how many there are."""
ACCOUNTS = 1000
PATIENCE = 8
"""Times as long as expected it may take."""
LOOK = 0.02
"""Seconds between two looks."""

LISTING = """
insert into listing (id, version, owner_id, kind, title, description, category, minutes, online,
                     skills, state, region, published_at, expires_at)
values (%s, 1, %s, 'offer', 'Prepared help', 'Prepared.', 'digital-and-data', 60, true, '{}',
        'open', 'london', now(), now() + interval '90 days')
"""
EXCHANGE = """
copy exchange (id, version, listing_id, title, category, giver_id, receiver_id, asker_id, region,
               giver_region, receiver_region, recorded, requested_at, sent_at, state, next_actor,
               actor_id, minutes, held_minutes, attempt, from_fund, ruled, sequence, entered_at,
               deadline, booked_at, completed_at) from stdin
"""

ENDS = (
    ("exchanges", "settled exchanges", "select count(*) from exchange where state = 'settled'", 1),
    ("ledger", "transfers", "select count(*) from transfer where kind = 'exchange'", 1),
    ("notifications", "notices", "select count(*) from notice where channel = 'in_app'"
     " and template = 'settled'", 2),
    ("reporting", "settled facts", "select count(*) from exchange_fact where state = 'settled'", 1),
    ("reporting", "transfer facts", "select count(*) from transfer_fact where kind = 'exchange'",
     1),
)  # fmt: skip
"""Where, what, how counted, and how many for each exchange when all is done."""


def run(servers: BenchServers, figures: Figures, seconds: float, number: int) -> None:
    """One round: exchanges a second from the first to the last, and each process's share."""
    todo = work(ACCOUNTS, max(200, int(EXPECTED * seconds)), seed=number, duplicates=0)
    with Platform.prepared(servers) as platform:
        fill(platform, todo)
        with platform.running():
            with platform.frozen():
                publish(platform.amqp_url, todo.feed)
                checkpointed(servers.administrator_url)
                split = Split(platform.all_pids())
                began = time.perf_counter()
                split.__enter__()
            with Watch(platform) as watch:
                done = _await_end(watch, len(todo.deals), began + PATIENCE * seconds)
                took = time.perf_counter() - began
                split.__exit__()
                wrong = audit(watch, todo)
    rate = len(todo.deals) / took
    if not done:
        wrong.insert(0, f"unfinished after {took:.0f} s")
    figures.add(EXPERIMENT, "completed to settled, told, reported", "exchanges/s", rate, wrong)
    # Says more than the rate when others use the machine as well.
    spent = 1000 * sum(split.cores.values()) / rate
    figures.add(f"{EXPERIMENT}: processor time", "of all processes", "ms/exchange", spent)
    for name, cores in split.cores.items():
        figures.add(f"{EXPERIMENT}: cores", name, "cores", cores)
    print(f"  {rate:.0f} exchanges/s ({'; '.join(wrong) or 'audit clean'})", flush=True)


def fill(platform: Platform, todo: Work) -> None:
    """Completed exchanges with their holds, as exchanges and ledger would have them."""
    now = datetime.datetime.now(datetime.UTC)
    with psycopg.connect(platform.database_urls["ledger"]) as conn:
        ourselves.fill(conn, todo, now)
    with psycopg.connect(platform.database_urls["exchanges"]) as conn:
        add_exchanges(conn, todo.deals, now)
    platform.filled()


def add_exchanges(conn: psycopg.Connection, deals: Sequence[Deal], now: datetime.datetime) -> None:
    """Exchanges in the state ``completed``, waiting for the ledger."""
    listing = deals[0].exchange_id
    conn.execute(LISTING.encode(), [listing, deals[0].giver_id])
    deadline = now + datetime.timedelta(days=1)
    with conn.cursor() as cursor, cursor.copy(EXCHANGE.encode()) as copy:
        for deal in deals:
            copy.write_row((
                deal.exchange_id, 6, listing, "Prepared help", "digital-and-data", deal.giver_id,
                deal.receiver_id, deal.receiver_id, *[deal.region] * 3, False, now, now,
                "completed", "ledger", deal.receiver_id, deal.minutes, deal.minutes, 1, False,
                False, 0, now, deadline, now, now,
            ))  # fmt: skip


def publish(amqp_url: str, feed: Sequence[Deal]) -> None:
    """Say the completions as exchanges would: to everybody who hears them."""
    with queues.connected(amqp_url) as connection:
        key = f"{feed[0].region}.exchanges.exchange_completed"
        queues.Filler(connection, key, exchange="timebank").fill(messages(feed))


def _await_end(watch: Watch, exchanges: int, limit: float) -> bool:
    """Wait until every figure is reached and nothing moves; whether before ``limit``."""
    while time.perf_counter() < limit:
        # The cheap question first: while events wait, nothing is counted.
        if not watch.waiting(REGION) and _reached(watch, exchanges) and watch.quiet():
            return True
        time.sleep(LOOK)  # between two looks
    return False


def _reached(watch: Watch, exchanges: int) -> bool:
    return all(watch.count(where, query) == each * exchanges for where, _, query, each in ENDS)


def audit(watch: Watch, todo: Work) -> list[str]:
    """What differs from one of everything for each exchange; and the ledger's own check."""
    wrong = []
    for where, name, query, each in ENDS:
        found = watch.count(where, query)
        if found != each * len(todo.deals):
            wrong.append(f"{name}: {found}, not {each * len(todo.deals)}")
    wrong += ourselves.Timebank().books(watch.conns["ledger"], todo)
    for name in READERS:
        parked = watch.count(name, "select count(*) from retry")
        wrong += [f"{name} has {parked} to be tried again or parked"] if parked else []
    return wrong
