"""How many webhooks one process of notifications delivers, over HTTPS, to how many receivers."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import psycopg

from deploy.local import certificates, probe
from services.bus import envelope
from services.bus.transaction import new_id
from services.contracts import feed
from services.notifications import subscription_handlers, subscription_store, webhook_store
from services.notifications.subscription import Signal, Wish
from tests.benchmarks.bench_servers import BenchServers, checkpointed, process
from tests.benchmarks.figures import Figures
from tests.benchmarks.platform import Platform
from tests.system.watching import free_port

EXPERIMENT = "webhooks delivered"
REGION = "london"
KIND = feed.BY_EVENT["exchange_settled"]
START_SECONDS = 20.0
LOOK = 0.02


@dataclass(frozen=True)
class Case:
    """Receivers, the seconds each takes over a signal, and signals a second that are given it."""

    receivers: int
    seconds: float
    each: float


CASES: Mapping[str, Case] = {
    "one receiver": Case(1, 0.0, 100.0),
    "eight receivers": Case(8, 0.0, 25.0),
    "eight that take 100 ms": Case(8, 0.1, 8.0),
}


def run(servers: BenchServers, figures: Figures, seconds: float, number: int) -> None:
    """Lay signals ready as the handler of events does, and wait until all are delivered."""
    with TemporaryDirectory() as folder, Platform.prepared(servers) as platform:
        shown = Path(folder)
        _certify(shown)
        more = {"TIMEBANK_WEBHOOK_TARGETS": "loopback", "SSL_CERT_FILE": str(shown / "ca.crt")}
        with platform.running(("notifications",), more=more):
            for name, case in CASES.items():
                checkpointed(servers.administrator_url)
                with _receiving(case, shown) as url:
                    rate = _rate(platform, case, url, round(seconds * case.each))
                figures.add(EXPERIMENT, name, "signals/s", rate)


def _certify(folder: Path) -> None:
    """An authority our process is told to trust, and what its receivers show."""
    authority = certificates.new_authority()
    made = certificates.issue(authority, "localhost")
    for name, text in (("ca.crt", authority.pem), ("server.crt", made.certificate),
                       ("server.key", made.key)):  # fmt: skip
        (folder / name).write_text(text)


@contextmanager
def _receiving(case: Case, folder: Path) -> Iterator[str]:
    """One process answers for all receivers: what it takes is not taken from ours."""
    port = free_port()
    command = ["-m", "tests.benchmarks.webhook_receiver", str(port), str(case.seconds)]
    with ExitStack() as stack:
        stack.enter_context(process("webhook-receiver", [*command, str(folder)], {}))
        limit = time.perf_counter() + START_SECONDS
        while not probe.is_ready(f"tcp://127.0.0.1:{port}"):
            if time.perf_counter() > limit:
                raise TimeoutError("the receiver does not listen")
            time.sleep(LOOK)  # between two looks
        yield f"https://localhost:{port}/"


def _rate(platform: Platform, case: Case, url: str, each: int) -> float:
    """Signals a second, from when they are due until the last is known to be delivered."""
    with psycopg.connect(platform.database_urls["notifications"]) as conn:
        now = datetime.datetime.now(datetime.UTC)
        receivers = [_receiver(conn, url, now) for _ in range(case.receivers)]
        signals = [_signal(now) for _ in range(each)]
        wanted = [(receiver, signal) for receiver in receivers for signal in signals]
        webhook_store.add(conn, wanted, now)
        conn.commit()
        began = time.perf_counter()
        left = "select count(*) from webhook_delivery where state = 'pending'"
        while conn.execute(left).fetchone() != (0,):
            conn.commit()
            time.sleep(LOOK)  # between two looks
        took = time.perf_counter() - began
        failed = "select count(*) from webhook_delivery where state <> 'delivered' or attempts > 0"
        if conn.execute(failed).fetchone() != (0,):
            raise RuntimeError("a webhook was not delivered at once")
        subscription_store.end(conn, receivers, "withdrawn", now)
    return len(wanted) / took


def _receiver(conn: psycopg.Connection, url: str, now: datetime.datetime) -> UUID:
    """A webhook that was let in."""
    new = new_id()
    subscription_store.add(conn, new, new, Wish("webhook", "Rota", (REGION,), (), url), now)
    subscription_store.approve(conn, new, new, now)
    subscription_store.replace_secret(conn, new, subscription_handlers.new_secret(), now, now)
    return new


def _signal(now: datetime.datetime) -> Signal:
    event_id = new_id()
    said = envelope.signal(
        event_id=envelope.public_id(event_id), kind=KIND, regions=(REGION,),
        subject=str(new_id()), time=now,
    )  # fmt: skip
    return Signal(str(event_id), KIND.type, (REGION,), now, json.loads(said.body))
