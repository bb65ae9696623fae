"""Tells how much processor time a process has used, with its children's."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def used(pids: Mapping[str, int]) -> dict[str, float]:
    """Seconds of processor time so far, by name; a server's include its children's."""
    found = {pid: _times(pid) for pid in _all()}
    return {name: _family(pid, found) for name, pid in pids.items()}


def _family(pid: int, times: Mapping[int, tuple[int, float, float] | None]) -> float:
    mine = times.get(pid)
    if mine is None:
        return 0.0
    children = [each for each, told in times.items() if told and told[0] == pid]
    return mine[1] + mine[2] + sum(_family(child, times) for child in children)


def _times(pid: int) -> tuple[int, float, float] | None:
    """Parent, own seconds, and seconds of the children that have ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    numbers = [int(field) for field in fields[1:]]
    return numbers[0], (numbers[10] + numbers[11]) / TICKS, (numbers[12] + numbers[13]) / TICKS


def _all() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


class Split:
    """How many of the machine's cores each process kept busy during a block."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self.pids = pids
        self.cores: dict[str, float] = {}

    def __enter__(self) -> Split:
        self._began, self._before = time.perf_counter(), used(self.pids)
        return self

    def __exit__(self, *_: object) -> None:
        seconds, after = time.perf_counter() - self._began, used(self.pids)
        self.cores = {
            name: round((after[name] - self._before[name]) / seconds, 3) for name in self.pids
        }
