"""F2: every process dies again and again at moments of no particular meaning, under load."""

from __future__ import annotations

import random
import time

from deploy.local.places import Problem
from tests.faults.measured import MAILS_OF_A_KILL, Case, Watch, total
from tests.faults.platform import Load, Platform
from tests.faults.scenario import Result, Scenario

VICTIMS = ("members", "exchanges", "ledger", "notifications", "reporting", "gateway")
EXCHANGES, CLIENTS = 60, 8
TELL_SECONDS = 60.0
"""Seconds between two words about how far it is."""
PAUSE = (0.5, 4.0)
"""Seconds between two kills: the shortest hits a process while another is still away."""


class Killer:
    """Kills at random, and measures how long each process is away."""

    def __init__(self, platform: Platform, seed: int) -> None:
        self.platform, self.rng = platform, random.Random(seed)
        self.killed: dict[str, int] = dict.fromkeys(VICTIMS, 0)
        self.away: dict[str, tuple[float, int]] = {}
        self.returns: list[float] = []
        self.next = time.monotonic()

    def look(self) -> None:
        """Notice who is back, and kill when it is time to."""
        for name, (since, end) in list(self.away.items()):
            if self.platform.is_back(name, end):
                self.returns.append(round(time.monotonic() - since, 2))
                del self.away[name]
        if time.monotonic() >= self.next:
            self.next = time.monotonic() + self.rng.uniform(*PAUSE)
            self._kill(self.rng.choice(VICTIMS))

    @property
    def said(self) -> str:
        """How far it is, in words."""
        return (
            f"{sum(self.killed.values())} kills, {len(self.returns)} returns seen,"
            f" the slowest after {max(self.returns, default=0):.1f} s"
        )

    def _kill(self, name: str) -> None:
        ends = self.platform.restarts(name)
        try:
            self.platform.kill(name)
        except Problem:
            return  # it is away already
        self.killed[name] += 1
        self.away[name] = (time.monotonic(), ends + 1)


def run(platform: Platform, seed: int, minutes: float) -> Result:
    """Kill for ``minutes``; the clients begin anew as long as that lasts."""
    killer = Killer(platform, seed)
    watch = Watch(platform)
    loads = [platform.load(EXCHANGES, CLIENTS)]
    end, tell = time.monotonic() + 60 * minutes, time.monotonic() + TELL_SECONDS
    while time.monotonic() < end:
        killer.look()
        if loads[-1].ended:
            loads.append(platform.load(EXCHANGES, CLIENTS))
        if time.monotonic() >= tell:
            tell += TELL_SECONDS
            print(f"    {killer.said}, {len(loads) - 1} times {EXCHANGES} exchanges", flush=True)
        time.sleep(0.05)  # the pace of looking; when to kill is decided above
    platform.await_all()
    watch.mails_allowed = MAILS_OF_A_KILL * killer.killed["notifications"]
    case = _ended(watch, loads)
    case.first_success = killer.returns
    kills = {f"kills of {name}": float(count) for name, count in killer.killed.items()}
    kills["kills in all"] = float(sum(killer.killed.values()))
    kills["e-mails that may come twice"] = float(watch.mails_allowed)
    return total([case], kills)


def _ended(watch: Watch, loads: list[Load]) -> Case:
    return watch.ended(Case(), *loads)


F2 = Scenario("F2", "SIGKILL of every process at random, under load", run, 0.2)
