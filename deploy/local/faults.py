"""Kills and restarts single processes of a running instance, for the proofs and the curious."""

from __future__ import annotations

import signal
import time

from deploy.local import commands, supervisor
from deploy.local.commands import LOOK_SECONDS
from deploy.local.places import Places, Problem
from deploy.local.process import Identity, stop

RESTART_SECONDS = 60.0
"""Seconds a restarted server may take until it is ready; the broker takes about six."""
DEATH_SECONDS = 10.0
"""Seconds a killed process may take to be gone: it has its memory to give back."""


def kill(where: Places, name: str) -> int:
    """End a process at once (SIGKILL), as a crash would; returns the pid that was."""
    who = find(where, name)
    if not who.send(signal.SIGKILL):
        raise Problem(f"{name} ended by itself a moment ago.")
    # The kernel takes a moment; until then it would still count as alive.
    who.wait(DEATH_SECONDS)
    return who.pid


def restart(where: Places, name: str) -> None:
    """Stop a process politely and wait until the supervisor has it ready again."""
    who = find(where, name)
    told = _told(where)[name]
    stop([who], signal.Signals(told["stop_signal"]), RESTART_SECONDS)
    await_ready(where, name, who)


def await_ready(where: Places, name: str, before: Identity) -> None:
    """Wait until another process than `before` does the work of that name."""
    watcher = supervisor.running(where)
    deadline = time.monotonic() + RESTART_SECONDS
    while True:
        told = _told(where)[name]
        now = Identity(told["pid"], told["ticks"])
        if told["state"] == "ready" and now != before:
            return
        if told["state"] == "failed" or time.monotonic() > deadline:
            raise Problem(f"{name} did not come back: {told['reason'] or told['state']}")
        if watcher is None or watcher.wait(LOOK_SECONDS):
            raise Problem("The supervisor is gone; run `make up`.")


def await_all(where: Places) -> None:
    """Wait until every process is ready again, whatever was killed."""
    watcher = supervisor.running(where)
    if watcher is None:
        raise Problem("The supervisor is gone; run `make up`.")
    commands.await_ready(where, watcher)


def find(where: Places, name: str) -> Identity:
    """The living process of a name."""
    told = _told(where)
    if name not in told:
        raise Problem(f"There is no process {name}; there are: {', '.join(told) or 'none'}.")
    who = Identity(told[name]["pid"], told[name]["ticks"])
    if not who.pid or not who.alive:
        raise Problem(f"{name} is not running just now ({told[name]['state']}).")
    return who


def _told(where: Places) -> dict:
    return supervisor.read_state(where).get("processes", {})
