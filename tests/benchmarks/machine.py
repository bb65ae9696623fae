"""What the machine is, and how fast its disk keeps what it is given."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import psycopg

from deploy.local import programs
from tests.benchmarks.bench_servers import FOLDER, BenchServers

FSYNC_SECONDS = 1
"""For each of the ways pg_test_fsync tries."""


def facts(servers: BenchServers) -> dict[str, Any]:
    """Processor, memory, versions, disk and the commit that was measured."""
    with psycopg.connect(servers.administrator_url) as conn:
        version = conn.info.server_version
    return {**looked_at(version), "fsync_us": fsync()}


def load() -> list[float]:
    """How many wanted a core in the last 1, 5 and 15 minutes."""
    return [round(each, 2) for each in os.getloadavg()]


def looked_at(version: int) -> dict[str, Any]:
    """What can be told without trying anything out.

    Args:
        version: of the database server, as it tells it.
    """
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _first(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text()),
        "memory_mb": int(_first(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())) // 1024,
        "system": " ".join((platform.system(), ".".join(platform.release().split(".")[:2]))),
        "python": platform.python_version(),
        "postgresql": f"{version // 10000}.{version % 10000}",
        "load_before": load(),
        "waiting_for_a_core_percent": pressure(),
        "commit": _commit(),
    }


def pressure() -> float | None:
    """Share of the last minute in which somebody waited for a core, in percent; the figures
    of a run on a machine that others use too say little."""
    try:
        text = Path("/proc/pressure/cpu").read_text()
    except OSError:
        return None
    return float(_first(r"some .*avg60=([\d.]+)", text))


def fsync() -> dict[str, float]:
    """Microseconds for one 8 kB write to be safe, by method; empty without pg_test_fsync."""
    folder = programs.database_folder(FOLDER)
    program = folder / "pg_test_fsync" if folder else None
    if program is None or not program.exists():
        return {}
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / "fsync-test"
    command = [str(program), "-s", str(FSYNC_SECONDS), "-f", str(file)]
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    file.unlink(missing_ok=True)
    one_write = text.partition("Compare file sync methods using two")[0]
    found = re.findall(r"^\s+(\w+)\s+[\d.]+ ops/sec\s+(\d+) usecs/op", one_write, re.MULTILINE)
    return {method: float(micros) for method, micros in found}


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1].strip() if found else "0"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()
