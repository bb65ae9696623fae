"""A platform of the faults' own: started, loaded, hurt, waited for and audited."""

from __future__ import annotations

import contextlib
import email
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from deploy import audit, audit_messages, audit_sources
from deploy.local import faults, installation, supervisor
from deploy.local.installation import Installation
from deploy.local.places import REPOSITORY, Problem, places

INSTANCE = "faults"
SETTINGS = {
    # A killed sender's mail is taken over soon: the shortest lease there may be.
    "TIMEBANK_MAIL_LEASE": "6",
    "TIMEBANK_SMTP_TIMEOUT": "1",
    # As many tries as in production, in seconds instead of minutes.
    "TIMEBANK_RETRY_SCHEDULE": "0.5,1,2,4,8",
    "TIMEBANK_RATE_LIMIT": "1000000",
}
PATIENCE = 90.0
"""Seconds a client repeats a call, and we wait for quiet: more than any restart takes."""
LOOK = 0.1
"""Seconds between two looks at a condition."""
CALM_LOOKS = 4
"""Looks in a row that must find nothing: what goes from hand to hand is seen in neither."""


class Platform:
    """An instance of the launcher.

    Args:
        name: of the instance; its data and ports are its own.
        environment: added to the launcher's own, such as the address of a proxy.
    """

    def __init__(self, name: str = INSTANCE, environment: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.where = places(name)
        self.environment = {
            **SETTINGS,
            "TIMEBANK_FAILPOINT": f"@{self.where.folder / 'failpoint'}",
            **(environment or {}),
        }

    @property
    def at(self) -> Installation:
        """Where everything of it is reached."""
        return installation.read(self.name)

    def launch(self, *words: str) -> str:
        """Run a command of the launcher; what it printed.

        Raises:
            Problem: it failed.
        """
        done = subprocess.run(
            [sys.executable, "-m", "deploy.local", "--instance", self.name, *words],
            cwd=REPOSITORY,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Problem(done.stdout + done.stderr)
        return done.stdout

    def up(self) -> None:
        """Start it, or find it running."""
        self.launch("up")

    def fresh(self) -> None:
        """Start it with no data, whatever another run has left."""
        self.down()
        shutil.rmtree(self.where.folder)
        self.where = places(self.name)
        self.up()

    def down(self) -> None:
        """Stop it; its data stay."""
        self.launch("down")

    def kill(self, process: str) -> None:
        """SIGKILL; the supervisor starts it again."""
        faults.kill(self.where, process)

    def stop(self, process: str) -> None:
        """Ask a process to end; the supervisor starts it again."""
        faults.find(self.where, process).send(signal.SIGTERM)

    def restart(self, process: str) -> None:
        """Stop a process politely and wait until it is back."""
        faults.restart(self.where, process)

    def arm(self, process: str, *traps: str) -> None:
        """Let the next lives of a process end at these points (``point:nth``), one each."""
        (self.where.folder / f"failpoint.{process}").write_text("\n".join(traps))

    def told(self, process: str) -> dict[str, Any]:
        """What the supervisor says of a process: its state, pid and restarts."""
        found: dict[str, Any] = supervisor.read_state(self.where)["processes"][process]
        return found

    def is_back(self, process: str, ended: int) -> bool:
        """Whether a process is ready again after its end number ``ended``."""
        told = self.told(process)
        return bool(told["restarts"] >= ended and told["state"] == "ready")

    def restarts(self, process: str) -> int:
        """How often a process has ended and been started again."""
        return int(self.told(process)["restarts"])

    def await_all(self) -> None:
        """Wait until every process is ready again."""
        faults.await_all(self.where)

    def query(self, service: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask or change a service's database as the service itself may."""
        with psycopg.connect(self.at.database_urls[service]) as conn:
            cursor = conn.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def load(self, exchanges: int, clients: int = 8) -> Load:
        """Clients at work on exchanges, in a process of their own."""
        return Load(self, exchanges, clients)

    def audit(self) -> dict[str, int]:
        """Every figure by code, nothing being in flight."""
        return audit.run(self.at.audit_urls, 0, self.at.amqp_url)

    def await_quiet(self, seconds: float = PATIENCE) -> float:
        """Wait until nothing waits anywhere and every figure is zero; ``audit`` tells whether.

        What a process holds unacknowledged is seen by nobody but through the figures.

        Returns:
            Seconds until nothing waited.
        """
        began = time.monotonic()
        calm, empty = 0, 0.0
        while calm < CALM_LOOKS and time.monotonic() - began < seconds:
            if self.waits() or any(self.audit().values()):
                calm = 0
            else:
                empty = empty if calm else time.monotonic() - began
                calm += 1
            time.sleep(LOOK)  # between two looks; the condition is above
        return empty if calm else time.monotonic() - began

    def waits(self) -> bool:
        """Whether a message, an e-mail or an exchange is still on its way."""
        try:
            mails = self.query("notifications", "select from notice where next_at is not null")
            under_way = self.query(
                "exchanges", "select from exchange where state in ('accepted', 'completed')"
            )
            if mails or under_way or audit_messages.in_broker(self.at.amqp_url, 0):
                return True
            with audit_sources.opened(self.at.audit_urls) as at:
                return audit_messages.in_databases(at, 0) > self.parked()
        except (psycopg.Error, Problem):
            return True

    def parked(self) -> int:
        """Messages that wait for an operator, in all services."""
        found = 0
        for service in self.at.database_urls:
            statement = "select count(*) from retry where parked_at is not null"
            found += self.query(service, statement)[0][0]
        return found

    def redelivered(self) -> Counter[tuple[str, int]]:
        """Messages met a second time, by process and its pid: every life counts from zero."""
        found: Counter[tuple[str, int]] = Counter()
        for name, address in self.at.health_urls.items():
            if name == "mailbox":
                continue
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/metrics") as page:
                for line in page.read().decode().splitlines():
                    if line.startswith("timebank_events_total{") and '"redelivered"' in line:
                        found[name, self.told(name)["pid"]] += int(float(line.split()[-1]))
        return found

    def mails(self, since: float) -> Counter[str]:
        """How often the mail server took each e-mail after a moment (``time.time()``)."""
        found: Counter[str] = Counter()
        for file in (Path(self.at.mail_folder) / "new").iterdir():
            if file.stat().st_mtime >= since:
                with file.open("rb") as content:
                    found[str(email.message_from_binary_file(content)["Message-ID"])] += 1
        return found


class Load:
    """Exchanges on their way through the API."""

    def __init__(self, platform: Platform, exchanges: int, clients: int) -> None:
        self.exchanges = exchanges
        command = [sys.executable, "-m", "tests.system.traffic"]
        command += ["--gateway", platform.at.gateway_url, "--exchanges", str(exchanges)]
        command += ["--clients", str(clients), "--pairs", str(clients)]
        command += ["--repeat", "0.05", "--patience", str(PATIENCE)]
        self.process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def outcome(self) -> dict[str, Any]:
        """What the clients saw, as ``tests.system.traffic`` sums it up, once they are done."""
        said, _ = self.process.communicate()
        if not said:
            return {"exchanges": 0, "ids": [], "wrong": ["the clients themselves failed"]}
        found: dict[str, Any] = json.loads(said)
        return found


def wrong_of(outcome: Mapping[str, Any], expected: int) -> Sequence[str]:
    """What the clients found wrong, as sentences."""
    said = [str(sentence) for sentence in outcome["wrong"]]
    if outcome["exchanges"] != expected:
        said.append(f"{outcome['exchanges']} of {expected} exchanges were settled")
    return said


def until(true: Callable[[], Any], seconds: float = PATIENCE) -> bool:
    """Wait until ``true()`` is, at most ``seconds``; whether it became true."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK)  # between two looks; the condition is above
    return True
