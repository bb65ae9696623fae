"""Describes a process as data and tells a live process of ours from a stale or reused pid."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MARK = "TIMEBANK_STARTED_FOR"
"""Environment variable every process of an instance carries: the instance's folder."""

SERVER, TASK, SERVICE = "server", "task", "service"
"""Servers come first and go last; a task runs once to its end; services do the business."""


@dataclass(frozen=True)
class Process:
    """One process of an installation: what to run, when it may start, how it says it is ready."""

    name: str
    kind: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    ready: str = ""
    """An address to ask: http://…, amqp://host:port, postgresql://host:port, tcp://host:port."""
    after: tuple[str, ...] = ()
    user: str | None = None
    service: str = ""
    """Whose work it does; several processes may share it."""
    regions: tuple[str, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0
    """Seconds between the polite signal and SIGKILL: longer than a batch or a checkpoint takes."""

    @property
    def address(self) -> str:
        """The base URL of a process that answers by HTTP."""
        return self.ready.removesuffix("/_status")


@dataclass(frozen=True)
class Identity:
    """A pid together with the moment its process started, which a reused pid does not share."""

    pid: int
    started_ticks: int = field(default=0)

    @property
    def alive(self) -> bool:
        now = identify(self.pid)
        return now is not None and now.started_ticks == self.started_ticks

    @property
    def seconds_alive(self) -> float:
        since_boot = float(Path("/proc/uptime").read_text().split()[0])
        return since_boot - self.started_ticks / os.sysconf("SC_CLK_TCK")

    def send(self, number: signal.Signals) -> bool:
        """Signal this very process; False when it is gone (a reused pid is never hit)."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return False
        try:
            if not self.alive:
                return False
            signal.pidfd_send_signal(handle, number)
            return True
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)

    def wait(self, seconds: float) -> bool:
        """Wait for its end, child of ours or not; False when it still lives."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return True
        try:
            if not self.alive:
                return True
            # Not poll(), which eventlet takes away; the tests run under it.
            ended, _, _ = select.select([handle], [], [], seconds)
            return bool(ended) or not self.alive
        finally:
            os.close(handle)


def identify(pid: int) -> Identity | None:
    """Who runs under this pid now; None for nobody, and for a zombie, which runs no more."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in brackets may itself hold spaces and brackets; the fields start after the last.
    fields = text.rpartition(")")[2].split()
    state, started = fields[0], int(fields[19])
    return None if state in "ZX" else Identity(pid, started)


def marked(folder: Path) -> list[Identity]:
    """Every living process that was started for an instance, whatever became of its launcher."""
    wanted = f"{MARK}={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        who = identify(int(entry.name))
        if wanted in environment and who is not None:
            found.append(who)
    return found


def stop(processes: list[Identity], number: signal.Signals, seconds: float) -> None:
    """Ask all to stop, wait for all within one deadline, then end those that did not."""
    for each in processes:
        each.send(number)
    deadline = time.monotonic() + seconds
    late = [each for each in processes if not each.wait(max(0.0, deadline - time.monotonic()))]
    for each in late:
        each.send(signal.SIGKILL)
    for each in late:
        each.wait(seconds)
