"""More processes of a service than the launcher starts: they share its queues and its outbox."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.local import probe
from deploy.local.places import REPOSITORY
from deploy.local.ports import LOOPBACK
from tests.faults.platform import Platform, until


@contextlib.contextmanager
def more_of(platform: Platform, service: str, count: int) -> Iterator[None]:
    """Run ``count`` further processes of a service meanwhile."""
    environment = _environment_of(int(platform.told(service)["pid"]))
    running = [_started(environment, service, port) for port in _free_ports(count)]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def _started(environment: dict[str, str], service: str, port: int) -> subprocess.Popen[bytes]:
    own = {**environment, "TIMEBANK_HTTP_PORT": str(port), "TIMEBANK_FAILPOINT": "off"}
    process = subprocess.Popen(
        [sys.executable, "-m", "services.bus.runner", f"services.{service}.service"],
        cwd=REPOSITORY,
        env=own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if not until(lambda: probe.is_ready(f"http://{LOOPBACK}:{port}/_status"), 30):
        process.kill()
        raise RuntimeError(f"another {service} did not start")
    return process


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]


def _environment_of(pid: int) -> dict[str, str]:
    """What the supervisor has told a process."""
    lines = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(line.split("=", 1) for line in lines if "=" in line)
