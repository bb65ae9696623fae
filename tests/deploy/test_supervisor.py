"""Proves that the supervisor restarts what dies, gives up on bad settings and leaves nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from deploy.local import commands, faults, pools, ports, supervisor
from deploy.local.places import REPOSITORY, Places, Problem
from deploy.local.process import Identity, marked
from tests.deploy.supervised import LATER

LISTEN = """
import socket, signal
server = socket.create_server(("127.0.0.1", {port}))
while True:
    server.accept()[0].close()
"""
REFUSE = "import sys; print('TIMEBANK_AMQP_URL is missing.', file=sys.stderr); sys.exit(2)"
DRAINED = """
import signal, socket, sys
def end(*_):
    try:
        socket.create_connection(("127.0.0.1", {other})).close()
        print("somebody works", flush=True)
    except OSError:
        print("nobody works", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + LISTEN
PATIENCE_SECONDS = 20.0

Start = Callable[..., subprocess.Popen]


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Places]:
    yield Places("fake", tmp_path)
    for each in marked(tmp_path):
        each.send(signal.SIGKILL)


@pytest.fixture
def start(where: Places) -> Iterator[Start]:
    running: list[subprocess.Popen] = []

    def begin(*processes: dict) -> subprocess.Popen:
        command = [sys.executable, "-m", "tests.deploy.supervised", str(where.folder)]
        running.append(subprocess.Popen([*command, json.dumps(processes)], cwd=REPOSITORY))
        return running[-1]

    yield begin
    for each in running:
        each.kill()
        each.wait()


def listener(where: Places, name: str, **more: object) -> dict:
    port = ports.choose(where.ports, [name], {})[name]
    code = more.pop("code", LISTEN)
    assert isinstance(code, str)
    return {
        "name": name,
        "code": code.format(port=port),
        "ready": f"tcp://127.0.0.1:{port}",
        **more,
    }


def told(where: Places, name: str) -> dict:
    return supervisor.read_state(where).get("processes", {}).get(name, {})


def await_state(where: Places, name: str, state: str) -> dict:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while told(where, name).get("state") != state:
        assert time.monotonic() < deadline, f"{name} is {told(where, name)}, not {state}"
        time.sleep(0.02)
    return told(where, name)


def test_a_killed_process_is_started_again(where: Places, start: Start) -> None:
    start(listener(where, "ledger"))
    await_state(where, "ledger", "ready")
    before = faults.find(where, "ledger")
    faults.kill(where, "ledger")
    faults.await_ready(where, "ledger", before)
    assert told(where, "ledger")["restarts"] == 1
    assert not before.alive


def test_a_process_that_keeps_dying_is_started_less_and_less_often(
    where: Places, start: Start
) -> None:
    start({"name": "ledger", "code": "import time; print(time.time(), flush=True); 1/0"})
    deadline = time.monotonic() + PATIENCE_SECONDS
    while told(where, "ledger").get("restarts", 0) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    lines = where.log_of("ledger").read_text().splitlines()
    times = [float(line) for line in lines if line[:1].isdigit()][:4]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[0] > 0.2
    assert pauses == sorted(pauses)


def test_a_process_that_refuses_its_settings_is_reported_and_not_tried_again(
    where: Places, start: Start
) -> None:
    start({"name": "ledger", "code": REFUSE})
    failed = await_state(where, "ledger", "failed")
    assert "TIMEBANK_AMQP_URL is missing." in failed["reason"]
    assert failed["restarts"] == 1


def test_what_needs_another_process_waits_for_it(where: Places, start: Start) -> None:
    task = {"name": "migrate", "kind": "task", "code": "raise SystemExit(1)"}
    start(task, listener(where, "ledger", after=["migrate"]))
    await_state(where, "migrate", "failed")
    assert told(where, "ledger")["state"] == "waiting"


def test_stopping_ends_even_a_process_that_will_not(where: Places, start: Start) -> None:
    running = start(
        listener(where, "polite"), listener(where, "stubborn", code=STUBBORN, stop_seconds=0.3)
    )
    await_state(where, "polite", "ready")
    await_state(where, "stubborn", "ready")
    running.send_signal(signal.SIGTERM)
    assert running.wait(PATIENCE_SECONDS) == 0
    assert marked(where.folder) == []


def test_down_finds_what_a_killed_supervisor_left_behind(where: Places, start: Start) -> None:
    running = start(listener(where, "ledger"))
    await_state(where, "ledger", "ready")
    orphan = faults.find(where, "ledger")
    running.kill()
    running.wait()
    assert orphan.alive
    commands.down(where)
    assert not orphan.alive


def test_a_state_file_that_is_nonsense_counts_as_nothing_running(where: Places) -> None:
    for text in ("", "[]", "{", '{"supervisor": {"pid": "x"}}', '{"supervisor": null}'):
        where.state.write_text(text)
        assert supervisor.running(where) is None
        commands.down(where)


def test_a_process_that_is_not_there_is_named_with_those_that_are(
    where: Places, start: Start
) -> None:
    start(listener(where, "ledger"))
    await_state(where, "ledger", "ready")
    with pytest.raises(Problem, match="There is no process leger; there are: ledger"):
        faults.kill(where, "leger")
    assert faults.find(where, "ledger") != Identity(0)


def moved(where: Places, running: subprocess.Popen, *processes: dict) -> None:
    """Ask a supervisor to take these on instead of those it has."""
    (where.folder / LATER).write_text(json.dumps(processes))
    serial = pools.want(where, ())
    running.send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while supervisor.read_state(where).get("serial") != serial:
        assert time.monotonic() < deadline, "the supervisor did not rearrange"
        time.sleep(0.02)


def test_who_leaves_is_drained_when_somebody_else_works_and_not_started_again(
    where: Places, start: Start
) -> None:
    other = ports.choose(where.ports, ["new"], {})["new"]
    drained = DRAINED.replace("{other}", str(other)) + LISTEN
    running = start(
        listener(where, "old", service="ledger", code=drained),
        listener(where, "kept", service="ledger"),
    )
    await_state(where, "old", "ready")
    kept = await_state(where, "kept", "ready")
    slow = {**listener(where, "new", service="ledger"), "name": "new"}
    slow["code"] = "import time; time.sleep(0.5)\n" + slow["code"]
    moved(where, running, slow, {"name": "kept", "code": "", "service": "ledger"})
    await_state(where, "new", "ready")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while told(where, "old"):
        assert time.monotonic() < deadline, told(where, "old")
        time.sleep(0.02)
    assert where.log_of("old").read_text() == "somebody works\n"
    assert told(where, "kept")["pid"] == kept["pid"]


def test_nobody_leaves_for_somebody_who_does_not_start(where: Places, start: Start) -> None:
    running = start(listener(where, "old", service="ledger"))
    before = await_state(where, "old", "ready")
    moved(where, running, {"name": "new", "code": REFUSE, "service": "ledger"})
    await_state(where, "new", "failed")
    assert (told(where, "old")["state"], told(where, "old")["pid"]) == ("ready", before["pid"])
    assert told(where, "old")["leaving"]
