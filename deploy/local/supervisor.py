"""Starts the processes of an instance, restarts what dies and stops everything on request."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys

from deploy.local import installation, plan
from deploy.local.child import Child
from deploy.local.places import Places, Problem, write_private
from deploy.local.process import SERVER, SERVICE, TASK, Identity, identify

EAGER_SECONDS = 0.05
"""Seconds between looks while something is starting or stopping."""
CALM_SECONDS = 1.0
"""Seconds between looks while all is well; a dying child wakes us at once."""


class Supervisor:
    """One loop over all children; the file it writes is what `up`, `status` and `down` read."""

    def __init__(self, where: Places, what: plan.Plan, part: str) -> None:
        self.where = where
        self.part = part
        self.children = [Child(each, where.log_of(each.name)) for each in what.processes]
        self.by_name = {child.process.name: child for child in self.children}
        self.stopping = False
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
        while not self._finished():
            busy = self._stop_next() if self.stopping else self._keep_running()
            self._write_state()
            self._wait(EAGER_SECONDS if busy else CALM_SECONDS)
        self._write_state()

    def _ask_to_stop(self, *_: object) -> None:
        self.stopping = True

    def _finished(self) -> bool:
        return self.stopping and not any(child.running for child in self.children)

    def _keep_running(self) -> bool:
        for child in self.children:
            child.look()
            if child.due() and self._may_start(child):
                child.start()
        return any(child.unsettled for child in self.children)

    def _may_start(self, child: Child) -> bool:
        """What it needs has worked once; that it works at this moment is the child's own care."""
        needed = (self.by_name.get(name) for name in child.process.after)
        return all(each is None or each.was_ready for each in needed)

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


def main(where: Places, part: str) -> int:
    try:
        what = plan.make(where, part, os.environ)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2
    installation.write(where, what.installation)
    Supervisor(where, what, part).run()
    return 0
