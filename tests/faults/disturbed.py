"""One fault put in while exchanges are under way, and what came of them after its end."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg

from tests.faults.measured import Case, Watch
from tests.faults.platform import PATIENCE, Platform, until

EXCHANGES, CLIENTS = 60, 8
SHARE = 0.2
"""Of the exchanges asked for before the fault: some of every state are under way then."""


def disturbed(
    platform: Platform,
    hurt: Callable[[], object],
    exchanges: int = EXCHANGES,
    patience: float = PATIENCE,
) -> Case:
    """Drive exchanges, call ``hurt`` in their midst, and wait until all is quiet.

    Args:
        hurt: puts the fault in and returns at its end.
        exchanges: to be driven.
        patience: seconds the clients wait for an exchange to go on; longer than the fault.

    Returns:
        The case; both its times count from the fault's end: ``first_success`` to the next
        exchange that settled, ``empty`` until all exchanges were driven and nothing waited.
    """
    watch, case = Watch(platform), Case()
    before = count(platform, "true")
    load = platform.load(exchanges, CLIENTS, patience)
    until(lambda: load.ended or count(platform, "true") >= before + SHARE * exchanges)
    hurt()
    ended = time.monotonic()
    settled = count(platform, "state = 'settled'")
    if not until(lambda: load.ended or count(platform, "state = 'settled'") > settled):
        case.wrong.append(f"nothing settled within {PATIENCE:.0f} s of the fault's end")
    case.first_success.append(round(time.monotonic() - ended, 2))
    until(lambda: load.ended, 2 * patience)
    driven = time.monotonic() - ended
    watch.ended(case, load)
    case.empty[-1] = round(case.empty[-1] + driven, 2)
    return case


def count(platform: Platform, condition: str) -> int:
    """Exchanges for which an SQL condition holds; none while the database is away."""
    try:
        statement = f"select count(*) from exchange where {condition}"
        return int(platform.query("exchanges", statement)[0][0])
    except psycopg.OperationalError:
        return 0


def lives(platform: Platform) -> dict[str, int]:
    """How often each process of the business has ended."""
    names = ("members", "exchanges", "ledger", "notifications", "reporting", "gateway")
    return {name: platform.restarts(name) for name in names}
