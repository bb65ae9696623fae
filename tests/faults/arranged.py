"""Gives a running platform other pools, and says what its clients' waits come to."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.figures import percentile
from tests.faults.platform import Platform


def arrange(platform: Platform, pools: str) -> float:
    """Move to the pools of a file's text; seconds until newcomers worked and all others had
    drained."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pools.toml"
        file.write_text(pools)
        platform.launch("up", "--pools", str(file))
    return time.monotonic() - began


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum, and of how many."""
    if not values:
        return {"count": 0}
    named = {"p50": percentile(values, 0.5), "p95": percentile(values, 0.95), "max": max(values)}
    return {**{name: round(value, 1) for name, value in named.items()}, "count": len(values)}


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """The same of waits."""
    return spread([1000 * each for each in seconds])
