"""Keeps one process alive: starts it, notices its end, waits a little longer each time it dies."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from deploy.local import probe
from deploy.local.places import identity_of
from deploy.local.process import TASK, Identity, Process, identify

FIRST_PAUSE_SECONDS = 0.2
"""Before the first restart: at once would only meet whatever killed it."""
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 5.0
"""Alive this long, a process counts as healthy again and its pause starts small: longer than
any takes to get ready, so that one which dies while starting is still started ever less often."""
BAD_SETTINGS = 2
"""Exit code of a process that refuses its settings: starting it again would change nothing."""
CANNOT_START = 127
"""What a shell answers for a program it cannot start."""
TASK_ATTEMPTS = 5
"""A task that failed this often will fail for ever; `up` then shows its log."""
LOG_BYTES = 20_000_000
"""Size at which a log is put aside; one older file is kept."""

WAITING, STARTING, READY, PAUSED = "waiting", "starting", "ready", "restarting"
DONE, BROKEN, STOPPED, DRAINING = "done", "failed", "stopped", "draining"


class Child:
    """The state of one process over its lives."""

    def __init__(self, process: Process, log: Path) -> None:
        self.process = process
        self.log = log
        self.state = WAITING
        self.was_ready = False
        self.newcomer = False  # started beside others, and not ready yet
        self.leaving = False
        self.restarts = 0
        self.reason = ""
        self.who: Identity | None = None
        self._popen: subprocess.Popen[bytes] | None = None
        self._pause = FIRST_PAUSE_SECONDS
        self._not_before = 0.0
        self._started = 0.0
        self._log_start = 0
        self._kill_at: float | None = None

    @property
    def running(self) -> bool:
        return self._popen is not None

    @property
    def unsettled(self) -> bool:
        return self.state in (WAITING, STARTING, PAUSED)

    @property
    def draining(self) -> bool:
        return self.state == DRAINING

    @property
    def gone(self) -> bool:
        """Whether it was to leave, and has."""
        return self.leaving and self.state == STOPPED

    def due(self) -> bool:
        return self.state in (WAITING, PAUSED) and time.monotonic() >= self._not_before

    def start(self) -> None:
        try:
            self._popen = self._spawn()
        except OSError as error:
            self.reason = f"{self.process.command[0]} could not be started: {error}"
            self._ended(CANNOT_START)
            return
        self.who = identify(self._popen.pid)
        self.state = STARTING
        self._started = time.monotonic()

    def _spawn(self) -> subprocess.Popen[bytes]:
        self._rotate()
        process = self.process
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            return subprocess.Popen(
                process.command,
                env=dict(process.environment),
                cwd=process.folder,
                **identity_of(process.user),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def look(self) -> None:
        """Notice an end, readiness, or a log that has grown too long."""
        if self._popen is None:
            return
        code = self._popen.poll()
        if code is not None:
            self._ended(code)
        elif self.state == STARTING and self.process.ready and probe.is_ready(self.process.ready):
            self.state, self.was_ready, self.reason = READY, True, ""
            self.newcomer = False
        elif self.state == READY:
            self._rotate()

    def _ended(self, code: int) -> None:
        self._popen, self.who = None, None
        lived = time.monotonic() - self._started
        if self.process.kind == TASK and code == 0:
            self.state, self.was_ready = DONE, True
            return
        if code != CANNOT_START:
            name = signal.Signals(-code).name if code < 0 else ""
            self.reason = f"exit code {code}" if code >= 0 else f"signal {name}"
        self.restarts += 1
        hopeless = self.process.kind == TASK and self.restarts >= TASK_ATTEMPTS
        if code == BAD_SETTINGS or hopeless:
            self.reason = f"{self._last_words()} ({self.reason})"
            self.state = BROKEN
            return
        if lived >= STEADY_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        self._not_before = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        self.state = PAUSED

    def leave(self) -> None:
        """Count as one who is asked to stop, and is not started again."""
        self.leaving, self.state = True, DRAINING

    def stop(self) -> None:
        """Ask it to stop, once; end it when its deadline has passed."""
        if self._popen is None:
            self.state = STOPPED if self.state != BROKEN else BROKEN
            return
        if self._popen.poll() is not None:
            self._popen, self.who, self.state = None, None, STOPPED
        elif self._kill_at is None:
            self._popen.send_signal(self.process.stop_signal)
            self._kill_at = time.monotonic() + self.process.stop_seconds
        elif time.monotonic() >= self._kill_at:
            self._popen.kill()

    def _last_words(self) -> str:
        """The last line this life wrote; for refused settings, the sentence that says so."""
        try:
            with self.log.open("rb") as log:
                log.seek(self._log_start)
                lines = log.read()[-20_000:].decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1] if lines else ""

    def _rotate(self) -> None:
        """Put a long log aside by copying, because the process keeps writing to the same file."""
        try:
            if self.log.stat().st_size < LOG_BYTES:
                return
        except FileNotFoundError:
            return
        shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
        os.truncate(self.log, 0)
        self._log_start = 0

    def describe(self) -> dict[str, object]:
        return {
            "kind": self.process.kind,
            "state": self.state,
            "pid": self.who.pid if self.who else 0,
            "ticks": self.who.started_ticks if self.who else 0,
            "restarts": self.restarts,
            "service": self.process.service,
            "leaving": self.leaving,
            "reason": self.reason,
            "ready": self.process.ready,
            "regions": list(self.process.regions),
            "stop_signal": int(self.process.stop_signal),
        }
