"""Proves that a stale pid, or one that belongs to somebody else by now, is never mistaken."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from deploy.local.process import MARK, Identity, identify, marked

SLEEP = [sys.executable, "-c", "input()"]


def test_a_living_process_is_recognised() -> None:
    who = identify(os.getpid())
    assert who is not None
    assert who.alive


def test_a_pid_reused_by_another_process_is_not_taken_for_ours_and_not_signalled() -> None:
    with subprocess.Popen(SLEEP, stdin=subprocess.PIPE) as other:
        now = identify(other.pid)
        assert now is not None
        stale = Identity(other.pid, now.started_ticks - 1)
        assert not stale.alive
        assert not stale.send(signal.SIGKILL)
        assert other.poll() is None


def test_a_pid_nobody_has_is_dead() -> None:
    with subprocess.Popen(SLEEP, stdin=subprocess.PIPE) as other:
        who = identify(other.pid)
    assert who is not None
    assert not who.alive
    assert not who.send(signal.SIGTERM)
    assert who.wait(0)


def test_a_process_is_found_by_the_instance_it_was_started_for(tmp_path: Path) -> None:
    folder = tmp_path / "a folder with spaces"
    environment = {**os.environ, MARK: str(folder)}
    with subprocess.Popen(SLEEP, stdin=subprocess.PIPE, env=environment) as ours:
        assert [each.pid for each in marked(folder)] == [ours.pid]
        assert marked(tmp_path) == []
