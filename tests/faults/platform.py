"""A platform of the faults' own: started, loaded, hurt, waited for and audited."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

import psycopg

from deploy import audit
from deploy.local import faults, installation, supervisor
from deploy.local.installation import Installation
from deploy.local.places import REPOSITORY, Problem, places
from tests.faults.looks import Looks

INSTANCE = "faults"
SETTINGS = {
    # A killed sender's mail is taken over soon: the shortest lease there may be.
    "TIMEBANK_MAIL_LEASE": "6",
    "TIMEBANK_SMTP_TIMEOUT": "1",
    # As many tries as in production, in seconds instead of minutes.
    "TIMEBANK_RETRY_SCHEDULE": "0.5,1,2,4,8",
    "TIMEBANK_RATE_LIMIT": "1000000",
    # A call that died with its process is repeated after this; ten seconds of waiting show
    # nothing more than four.
    "TIMEBANK_RPC_TIMEOUT": "4",
}
PATIENCE = 90.0
"""Seconds a client repeats a call, and we wait for quiet: more than any restart takes."""
_WARNING = re.compile(r'^{.*"level": "(warning|error|critical)"')
LOOK = 0.05
"""Seconds between two looks at a condition."""
POLL = 0.03
"""Seconds between two looks of a client at its exchange: while a process is away, eight of
them asking without a pause would take the processor it needs to come back."""


class Platform:
    """An instance of the launcher.

    Args:
        name: of the instance; its data and ports are its own.
        environment: added to the launcher's own, such as the address of a proxy.
        repository: whose code it is; another clone's has data of its own.
    """

    def __init__(
        self,
        name: str = INSTANCE,
        environment: Mapping[str, str] | None = None,
        repository: Path = REPOSITORY,
    ) -> None:
        self.name, self.repository = name, repository
        self.where = places(name, repository)
        self.environment = {
            **SETTINGS,
            "TIMEBANK_FAILPOINT": f"@{self.where.folder / 'failpoint'}",
            **(environment or {}),
        }
        self._looks: Looks | None = None

    @property
    def at(self) -> Installation:
        """Where everything of it is reached."""
        return installation.of(self.where)

    @property
    def looks(self) -> Looks:
        """Kept connections to its databases, to look again and again."""
        if self._looks is None:
            self._looks = Looks(self.at.database_urls)
        return self._looks

    def launch(self, *words: str) -> str:
        """Run a command of the launcher; what it printed.

        Raises:
            Problem: it failed.
        """
        done = subprocess.run(
            [sys.executable, "-m", "deploy.local", "--instance", self.name, *words],
            cwd=self.repository,
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
        self.where = places(self.name, self.repository)
        self.up()

    def down(self) -> None:
        """Stop it; its data stay."""
        if self._looks is not None:
            self._looks.close()
            self._looks = None
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

    def arm_now(self, process: str, *trap: str) -> None:
        """Let a living process end at this point (``point:nth``); without one, disarm it."""
        self.arm(process, *trap)
        faults.find(self.where, process).send(signal.SIGUSR1)

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

    def load(self, exchanges: int, clients: int = 8, patience: float = PATIENCE) -> Load:
        """Clients at work on exchanges, in a process of their own; patience in seconds."""
        return Load(self, exchanges, clients, patience)

    def audit(self) -> dict[str, int]:
        """Every figure by code, nothing being in flight."""
        return audit.run(self.at.audit_urls, 0, self.at.amqp_url)

    def await_quiet(self, seconds: float = PATIENCE) -> float:
        """Wait until nothing waits anywhere and every figure is zero; seconds until nothing
        waited."""
        return self.settled(seconds)[0]

    def settled(self, seconds: float = PATIENCE) -> tuple[float, dict[str, int]]:
        """Wait likewise, at most ``seconds``.

        Returns:
            Seconds until nothing waited, and the audit's figures after that; when they are
            not zero in time, those that are found in the end.
        """
        began = time.monotonic()
        before, empty = None, None
        while (passed := time.monotonic() - began) < seconds:
            said = self._said()
            empty = None if said is None else passed if empty is None else empty
            if said is not None and said == before:
                figures = self._figures()
                if figures is not None and not any(figures.values()):
                    return empty or 0.0, figures
                empty = None  # a repeat waits that nobody needs, or something is wrong
            before = said
            time.sleep(LOOK)  # between two looks; the condition is above
        return passed, self.audit()

    def _said(self) -> int | None:
        with contextlib.suppress(psycopg.OperationalError):
            return self.looks.said()
        return None

    def _figures(self) -> dict[str, int] | None:
        with contextlib.suppress(psycopg.Error, Problem):
            return self.audit()
        return None

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

    def last_warnings(self) -> Iterator[str]:
        """What each process warned of last, for whoever has to explain what went wrong."""
        for file in sorted(self.where.logs.glob("*.log")):
            warned = [line for line in file.open(errors="replace") if _WARNING.match(line)]
            yield from (f"{file.stem} warned last: {line[:200].rstrip()}" for line in warned[-1:])

    def mails(self, since: float) -> Counter[str]:
        """How often the mail server took each e-mail after a moment (``time.time()``)."""
        found: Counter[str] = Counter()
        for file in (Path(self.at.mail_folder) / "new").iterdir():
            if file.stat().st_mtime >= since:
                with file.open("rb") as content:
                    found[str(BytesHeaderParser().parse(content)["Message-ID"])] += 1
        return found


class Load:
    """Exchanges on their way through the API."""

    def __init__(
        self, platform: Platform, exchanges: int, clients: int, patience: float = PATIENCE
    ) -> None:
        self.exchanges = exchanges
        self.process = _clients(platform, exchanges, clients, patience)

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def outcome(self) -> dict[str, Any]:
        """What the clients saw, as ``tests.system.traffic`` sums it up, once they are done."""
        said, _ = self.process.communicate()
        return _told(said)


class Clients:
    """People who join once and then do as many exchanges as they are told, again and again."""

    def __init__(self, platform: Platform, clients: int) -> None:
        self.process = _clients(platform, 0, clients)
        self.exchanges, self._thread = 0, ThreadPoolExecutor(1)
        self._said: Future[str] = Future()

    def begin(self, exchanges: int) -> Clients:
        """Let them do so many more; they must have done the ones before."""
        assert self.process.stdin, "a pipe, as the other"
        assert self.process.stdout, "a pipe, as the other"
        self.exchanges = exchanges
        self.process.stdin.write(f"{exchanges}\n")
        self.process.stdin.flush()
        self._said = self._thread.submit(self.process.stdout.readline)
        return self

    @property
    def ended(self) -> bool:
        return self._said.done()

    def outcome(self) -> dict[str, Any]:
        """As of a ``Load``."""
        return _told(self._said.result())

    def go(self) -> None:
        """Let them go home."""
        self.process.kill()
        self.process.wait()
        self._thread.shutdown()


def _clients(
    platform: Platform, exchanges: int, clients: int, patience: float = PATIENCE
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.system.traffic"]
    command += ["--gateway", platform.at.gateway_url, "--exchanges", str(exchanges)]
    command += ["--clients", str(clients), "--pairs", str(clients), "--poll", str(POLL)]
    command += ["--repeat", "0.05", "--patience", str(patience)]
    return subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _told(said: str) -> dict[str, Any]:
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
