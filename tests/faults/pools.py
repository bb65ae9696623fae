"""Shows on a running platform that regions with pools of their own leave each other alone.

python -m tests.faults.pools [--only flood,kills,moves] [--backlog 2000] [--minutes 0.5] [--record]

Takes about ten minutes as it stands; figures are in docs/operations.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from deploy.local.places import REPOSITORY
from tests.faults import flood, pool_kills, pool_moves
from tests.faults.kept import RESULTS
from tests.faults.platform import Platform
from tests.faults.version import commit, tested

INSTANCE = "pools"
BACKLOG = 50_000
"""Completed exchanges with which London is flooded."""
MINUTES = 2.0
"""Of kills, and of moves."""
FOLDER = REPOSITORY / "var" / "faults"


def main(arguments: Sequence[str]) -> int:
    """0 when everything was as promised, 1 when not."""
    options = _parser().parse_args(arguments)
    seed = options.seed if options.seed is not None else random.randrange(1_000_000)
    platform = Platform(options.instance)
    shows: dict[str, Callable[[], dict[str, Any]]] = {
        "flood": lambda: flood.run(platform, options.backlog),
        "kills": lambda: pool_kills.run(platform, seed, options.minutes),
        "moves": lambda: pool_moves.run(platform, seed, options.minutes),
    }
    about = {"commit": commit(), "tested": tested(), "seed": seed, "cores": os.cpu_count()}
    print(json.dumps(about), flush=True)
    platform.fresh()
    try:
        found = {name: _shown(name, shows[name]) for name in options.only.split(",")}
    finally:
        platform.down()
    text = json.dumps({**about, **found}, indent=2) + "\n"
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "pools.json").write_text(text)
    if options.record:
        (RESULTS / "pools.json").write_text(text)
    print(text)
    return 0 if all(map(sound, found.values())) else 1


def _shown(name: str, show: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    print(f"{name} ...", flush=True)
    try:
        found = show()
    except Exception as error:  # the others are still worth knowing
        traceback.print_exc()
        found = {"wrong": [f"{type(error).__name__}: {error}"[:500]]}
    print(f"    {name} {'ok' if sound(found) else 'NOT SOUND'}", flush=True)
    return found


def sound(found: dict[str, Any]) -> bool:
    """Whether every figure of the audit was zero and nothing else was wrong."""
    return not found["wrong"] and not any(found["audit"].values())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.pools")
    add = parser.add_argument
    add("--only", default="flood,kills,moves", help="a comma list")
    add("--backlog", type=int, default=BACKLOG, help="completed exchanges of the flood")
    add("--minutes", type=float, default=MINUTES, help="of kills, and of moves")
    add("--seed", type=int, help="what chooses; absent: chosen and printed")
    add("--record", action="store_true", help="keep the figures in tests/faults/results, too")
    add("--instance", default=INSTANCE, help="name of the platform")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
