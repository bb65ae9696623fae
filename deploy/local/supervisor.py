"""Starts the processes of an instance, restarts what dies and stops everything on request."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from deploy.local import installation, plan
from deploy.local.child import STARTING, Child
from deploy.local.places import Places, Problem, write_private
from deploy.local.pools import Seat
from deploy.local.process import SERVER, SERVICE, TASK, Identity, identify

EAGER_SECONDS = 0.05
"""Seconds between looks while something is starting or stopping."""
CALM_SECONDS = 1.0
"""Seconds between looks while all is well; a dying child wakes us at once."""
NEWCOMERS_AT_ONCE = 2
"""Processes that start while others work: each takes two seconds of a core to get ready, and
those who are served meanwhile are to notice little of it."""

Rearrange = Callable[[Sequence[Seat], Sequence[str]], plan.Plan]
"""The plan for the pools that are wanted now, given who works and whose names are taken."""


class Supervisor:
    """One loop over all children; the file it writes is what `up`, `status` and `down` read."""

    def __init__(
        self, where: Places, what: plan.Plan, part: str, rearrange: Rearrange | None = None
    ) -> None:
        self.where = where
        self.part = part
        self.installation, self.rearrange = what.installation, rearrange
        self.children = [Child(each, where.log_of(each.name)) for each in what.processes]
        self.by_name = {child.process.name: child for child in self.children}
        self.stopping = self.asked = False
        self.serial, self.problem = plan.wanted(where).serial, ""
        self._written = ""
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        os.set_blocking(self._wake, False)

    def run(self) -> None:
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        # Closing the terminal `make up` ran in is no reason to stop.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, self._ask_to_rearrange)
        self._tell()
        while not self._finished():
            if self.asked and not self.stopping:
                self._rearrange()
            busy = self._stop_next() if self.stopping else self._keep_running()
            self._write_state()
            self._wait(EAGER_SECONDS if busy else CALM_SECONDS)
        self._write_state()

    def _ask_to_stop(self, *_: object) -> None:
        self.stopping = True

    def _ask_to_rearrange(self, *_: object) -> None:
        self.asked = True

    def _rearrange(self) -> None:
        """Take on who is wanted now and not here; who is here and not wanted will leave."""
        self.asked, serial = False, plan.wanted(self.where).serial
        business = [child for child in self.children if child.process.kind == SERVICE]
        living = [
            Seat(child.process.name, child.process.service, child.process.regions)
            for child in business
            if not child.draining
        ]
        taken = [child.process.name for child in business if child.draining]
        try:
            if self.rearrange is None:
                raise Problem("These processes have no pools.")
            self._take_on(self.rearrange(living, taken))
            self.problem = ""
        except Problem as problem:
            self.problem = str(problem)
        self.serial = serial

    def _take_on(self, what: plan.Plan) -> None:
        wanted = {each.name: each for each in what.processes if each.kind == SERVICE}
        for child in self.children:
            if child.process.kind == SERVICE:
                child.leaving = child.draining or child.process.name not in wanted
        for name, process in wanted.items():
            if name not in self.by_name:
                self.by_name[name] = child = Child(process, self.where.log_of(name))
                child.newcomer = True
                self.children.append(child)
        self._tell()

    def _tell(self) -> None:
        """Say where those answer who are here now, to whoever calls or looks."""
        addresses: dict[str, list[str]] = {}
        health = {"mailbox": self.installation.mail_url} if self.installation.mail_url else {}
        for child in self.children:
            process = child.process
            if process.kind == SERVICE and not child.draining:
                addresses.setdefault(process.service, []).append(process.address)
                health[process.name] = process.address
        with contextlib.suppress(OSError):  # a full disk; told at the next change
            write_private(self.where.addresses, json.dumps(addresses) + "\n")
            installation.write(self.where, replace(self.installation, health_urls=health))

    def _finished(self) -> bool:
        return self.stopping and not any(child.running for child in self.children)

    def _keep_running(self) -> bool:
        for child in self.children:
            if child.draining:
                child.stop()
                continue
            child.look()
            if child.due() and self._may_start(child):
                child.start()
        self._let_go()
        return any(child.unsettled or child.leaving for child in self.children)

    def _may_start(self, child: Child) -> bool:
        """What it needs has worked once; that it works at this moment is the child's own care."""
        needed = (self.by_name.get(name) for name in child.process.after)
        starting = sum(each.newcomer and each.state == STARTING for each in self.children)
        if child.newcomer and starting >= NEWCOMERS_AT_ONCE:
            return False
        return all(each is None or each.was_ready for each in needed)

    def _let_go(self) -> None:
        """Drain who is to leave when the newcomers of their service work; forget who is gone."""
        awaited = {
            child.process.service for child in self.children if child.newcomer and not child.leaving
        }
        leaving = [
            child
            for child in self.children
            if child.leaving and not child.draining and child.process.service not in awaited
        ]
        for child in leaving:
            child.leave()
        if leaving:
            self._tell()  # before they hear of it, so that nobody calls them then
        for child in leaving:
            child.stop()
        gone = [child for child in self.children if child.gone]
        for child in gone:
            self.children.remove(child)
            del self.by_name[child.process.name]
        if gone:
            self._tell()

    def _stop_next(self) -> bool:
        """Services first, so that their last words still find a broker and a database."""
        for kinds in ((SERVICE, TASK), (SERVER,)):
            group = [each for each in self.children if each.process.kind in kinds]
            for child in group:
                child.stop()
            if any(child.running for child in group):
                return True
        return False

    def _wait(self, seconds: float) -> None:
        select.select([self._wake], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)

    def _write_state(self) -> None:
        me = identify(os.getpid())
        state = {
            "part": self.part,
            "supervisor": {"pid": os.getpid(), "ticks": me.started_ticks if me else 0},
            "stopping": self.stopping,
            "serial": self.serial,
            "problem": self.problem,
            "processes": {child.process.name: child.describe() for child in self.children},
        }
        text = json.dumps(state, indent=2) + "\n"
        if text != self._written:
            # A full disk is no reason to leave the children alone; we try again at the next look.
            with contextlib.suppress(OSError):
                write_private(self.where.state, text)
                self._written = text


def read_state(where: Places) -> dict:
    """What the supervisor wrote last; empty when there is nothing readable."""
    try:
        state = json.loads(where.state.read_text())
        return state if isinstance(state, dict) else {}
    except (OSError, ValueError):
        return {}


def running(where: Places) -> Identity | None:
    """The living supervisor of an instance."""
    try:
        told = read_state(where)["supervisor"]
        who = Identity(int(told["pid"]), int(told["ticks"]))
    except (KeyError, TypeError, ValueError):
        return None
    return who if who.alive else None


def _plan(where: Places, part: str, environment: Mapping[str, str]) -> plan.Plan:
    if part == plan.CLUSTER:
        from deploy.local import cluster_plan  # makes certificates; others shall not carry that

        return cluster_plan.make(where)
    return plan.make(where, part, environment)


def main(where: Places, part: str) -> int:
    try:
        environment = dict(os.environ)
        what = _plan(where, part, environment)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2
    rearrange = functools.partial(plan.rearranged, where, what.installation, environment)
    Supervisor(where, what, part, rearrange if part == plan.PLATFORM else None).run()
    return 0
