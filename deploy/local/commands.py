"""The commands of the launcher: start, stop, and look at an instance."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from deploy.local import database, installation, plan, pools, secret, supervisor
from deploy.local.places import REPOSITORY, Places, Problem
from deploy.local.pools import Pool
from deploy.local.process import MARK, Identity, identify, marked, stop

START_SECONDS = 120.0
"""Seconds without one more process being ready after which a start counts as failed; all of a
start takes about 15, and half a minute when the two cores have other work too."""
STOP_SECONDS = 60.0
"""Seconds the supervisor may take to stop everything; its own deadlines add up to less."""
ORPHAN_SECONDS = 10.0
"""Seconds an orphan may take before it is killed."""
LOOK_SECONDS = 0.05
"""Seconds between looks at the supervisor's file."""
SHOWN_LINES = 20
"""Log lines shown of a process that failed."""

_launched: list[subprocess.Popen[bytes]] = []
"""Supervisors outlive us on purpose; a forgotten Popen would warn that its process still runs."""


@contextmanager
def alone(where: Places) -> Iterator[None]:
    """Two commands on one instance wait for each other instead of starting everything twice."""
    with where.lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def up(where: Places, part: str, wanted: Sequence[Pool] | None = None) -> installation.Installation:
    """Start an instance unless it runs already, and wait until all of it is ready.

    Args:
        wanted: the pools to have; those that run stay, newcomers start, and then the others
            drain. By default what runs stays as it is, and what starts is plain.
    """
    with alone(where):
        who, state = supervisor.running(where), supervisor.read_state(where)
        if who is None or not _may_stay(state, part) or (wanted and "serial" not in state):
            _stop_all(where)
            if part == plan.PLATFORM:
                secret.make_issuer_key(where)
                secret.make_client_key(where)
                pools.want(where, wanted or pools.plain(plan.DATABASE_SERVICES))
            who = _launch(where, part)
        elif wanted:
            _rearrange(where, who, wanted)
        await_ready(where, who)
    return installation.read(where.instance)


def switch(where: Places, service: str, name: str, *, stopped: bool) -> tuple[Pool, ...]:
    """Stop or start a pool (of every service for ``all``), and wait until that is done.

    Returns:
        The pools there are then.

    Raises:
        Problem: there is no such pool, or nothing runs.
    """
    with alone(where):
        who = supervisor.running(where)
        if who is None or supervisor.read_state(where).get("part") != plan.PLATFORM:
            raise Problem("Nothing runs here; start with `make up`.")
        changed = pools.switched(plan.wanted(where).pools, service, name, stopped=stopped)
        _rearrange(where, who, changed)
        await_ready(where, who)
    return changed


def _rearrange(where: Places, who: Identity, wanted: Sequence[Pool]) -> None:
    """Have the supervisor take pools on; what has to start or drain then takes its time."""
    serial = pools.want(where, wanted)
    who.send(signal.SIGUSR1)
    while (state := supervisor.read_state(where)).get("serial") != serial:
        if who.wait(LOOK_SECONDS):
            raise Problem(_last_line(where))
    if state["problem"]:
        raise Problem(state["problem"])


def _may_stay(state: dict, part: str) -> bool:
    """Whether what runs is enough, and nothing in it has given up on settings mended since."""
    enough = state.get("part") == part or part == plan.SERVERS
    failed = any(each["state"] == "failed" for each in state.get("processes", {}).values())
    return enough and not failed


def _launch(where: Places, part: str) -> Identity:
    where.state.unlink(missing_ok=True)
    command = [sys.executable, "-m", "deploy.local", "--instance", where.instance]
    with where.log_of("supervisor").open("wb") as log:
        process = subprocess.Popen(
            [*command, "supervise", part],
            cwd=REPOSITORY,
            env={**os.environ, MARK: str(where.folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _launched.append(process)
    who = identify(process.pid)
    if who is None:
        raise Problem(_last_line(where))
    return who


def _last_line(where: Places) -> str:
    lines = where.log_of("supervisor").read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "The supervisor stopped without a word."


def await_ready(where: Places, who: Identity) -> None:
    """Wait until every process of a supervisor is ready, or say which is not and why."""
    deadline, awaited = time.monotonic() + START_SECONDS, 0
    while True:
        processes = supervisor.read_state(where).get("processes", {})
        failed = [name for name, each in processes.items() if each["state"] == "failed"]
        if failed:
            raise Problem(_account(where, failed, processes))
        late = [name for name, each in processes.items() if not _settled(each)]
        if processes and not late:
            return
        if len(late) != awaited:
            deadline, awaited = time.monotonic() + START_SECONDS, len(late)
        if time.monotonic() > deadline:
            raise Problem(_account(where, late, processes))
        if who.wait(LOOK_SECONDS):
            raise Problem(_last_line(where))


def _settled(told: dict) -> bool:
    """A task that is done, or a process that is ready and has not died since that was written;
    never one that is to leave."""
    alive = Identity(told["pid"], told["ticks"]).alive
    ready = told["state"] == "ready" and alive and not told.get("leaving")
    return told["state"] == "done" or ready


def _account(where: Places, names: list[str], processes: dict) -> str:
    """What to show of processes that did not start: why, and their last lines."""
    parts = []
    for name in names:
        reason = processes[name]["reason"] or f"still {processes[name]['state']}"
        parts.append(f"{name} did not start: {reason}")
    for name in names:
        lines = tail(where, name, SHOWN_LINES)
        if lines:
            parts.append(f"--- last lines of {where.log_of(name)}\n" + "\n".join(lines))
    return "\n".join(parts)


def tail(where: Places, name: str, count: int) -> list[str]:
    try:
        return where.log_of(name).read_text(errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return []


def down(where: Places) -> None:
    """Stop an instance and whatever is left of it."""
    with alone(where):
        _stop_all(where)


def _stop_all(where: Places) -> None:
    who = supervisor.running(where)
    if who is not None:
        stop([who], signal.SIGTERM, STOP_SECONDS)
    for each in _launched:
        each.poll()  # takes note of its end
    orphans = _orphans(where)
    for number in (signal.SIGTERM, signal.SIGINT):
        group = [each for each, wanted in orphans if wanted == number]
        stop(group, number, ORPHAN_SECONDS)


def _orphans(where: Places) -> list[tuple[Identity, int]]:
    """Processes whose supervisor is gone, each with the signal that stops it gently."""
    found: dict[Identity, int] = dict.fromkeys(marked(where.folder), signal.SIGTERM)
    for told in supervisor.read_state(where).get("processes", {}).values():
        who = Identity(told["pid"], told["ticks"])
        if who.pid and who.alive:
            found[who] = told["stop_signal"]
    # PostgreSQL writes its title over the environment the mark would be found in.
    server = database.running(where)
    if server is not None:
        found[server] = signal.SIGINT
    return list(found.items())
