"""The database alone, driven by pgbench: its own workload, and our SQL an event at a time."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import psycopg

from tests.benchmarks import plain_ledger
from tests.benchmarks.bench_servers import BenchServers, checkpointed, settled_disk
from tests.benchmarks.contestant import Contestant, Outcome
from tests.benchmarks.deals import Work
from tests.benchmarks.processor import Split

CLIENTS = 16
SCALE = 10
"""Of pgbench's own tables: a million accounts, ten branches."""
JITTER_SECONDS = 120
"""Beyond the seconds it should run; then it is given up."""


class TpcB(Contestant):
    """pgbench's TPC-B-like transaction: what the machine does without any of our rules."""

    name = "pgbench TPC-B-like"
    expected = 1000

    def unable(self) -> str | None:
        return None if shutil.which("pgbench") else "pgbench is not installed"

    def measure(self, servers: BenchServers, work: Work, seconds: float) -> Outcome:
        with servers.empty_database() as url:
            _run(url, ["-i", "-q", "-s", str(SCALE)], JITTER_SECONDS)
            settled_disk(url)
            checkpointed(servers.administrator_url)
            with Split(servers.pids()) as split:
                text = _run(url, [*_clients(), "-n", "-T", str(max(1, round(seconds)))], seconds)
        return Outcome(_rate(text), split.cores)


class OneEvent(Contestant):
    """The ledger's work in one transaction an event, without a broker and without Python."""

    name = "pgbench same SQL"
    expected = 800

    def unable(self) -> str | None:
        return None if shutil.which("pgbench") else "pgbench is not installed"

    def measure(self, servers: BenchServers, work: Work, seconds: float) -> Outcome:
        share = len(work.feed) // CLIENTS
        fitting = replace(work, feed=work.feed[: share * CLIENTS])
        done = set(fitting.feed)
        fitting = replace(fitting, deals=[deal for deal in work.deals if deal in done])
        script = str(plain_ledger.PEERS / "one_event.sql")
        options = [*_clients(), "-n", "-t", str(share), "-f", script]
        options += ["-D", "n=0", "-D", f"share={share}"]
        with plain_ledger.database(servers) as url:
            plain_ledger.fill(url, fitting)
            settled_disk(url)
            checkpointed(servers.administrator_url)
            with Split(servers.pids()) as split:
                text = _run(url, options, seconds)
            with psycopg.connect(url) as conn:
                wrong = plain_ledger.wrong(conn, fitting, in_outbox=len(fitting.deals))
        distinct = len(fitting.deals) / len(fitting.feed)
        return Outcome(_rate(text) * distinct, split.cores, wrong)


def _clients() -> list[str]:
    return ["-M", "prepared", "-c", str(CLIENTS), "-j", "2"]


def _run(url: str, options: Sequence[str], seconds: float) -> str:
    parts = urlsplit(url)
    environment = {
        "PGHOST": parts.hostname or "", "PGPORT": str(parts.port), "PGUSER": parts.username or "",
        "PGPASSWORD": parts.password or "", "PATH": "/usr/bin:/bin:/usr/local/bin",
    }  # fmt: skip
    done = subprocess.run(
        ["pgbench", *options, parts.path.lstrip("/")], env=environment, capture_output=True,
        text=True, timeout=8 * seconds + JITTER_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"pgbench failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def _rate(text: str) -> float:
    found = re.search(r"tps = ([\d.]+)", text)
    assert found, text
    return float(found[1])
