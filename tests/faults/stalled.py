"""A reader that stands still until the broker takes its messages back: `consumer_timeout`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.broker_faults import control, halted
from tests.faults.disturbed import disturbed
from tests.faults.measured import Case
from tests.faults.platform import Platform, until

TIMEOUT_MS, TICK_MS = 3_000, 1_000
"""Milliseconds until the broker gives up a reader here, and between its looks."""
USUAL_TIMEOUT_MS, USUAL_TICK_MS = 1_800_000, 60_000
"""The broker's own values."""
NOTICED_SECONDS = 30.0
GIVEN_UP = b"Timeout value used"
"""What the broker logs when it has closed such a reader's channel."""


def stall(platform: Platform) -> Case:
    """The ledger stands still with messages in hand, and finds them redelivered."""
    noticed: list[bool] = []

    def stand() -> None:
        log = platform.where.log_of("broker")
        size = log.stat().st_size
        with halted(platform, "ledger"):
            noticed.append(until(lambda: GIVEN_UP in log.read_bytes()[size:], NOTICED_SECONDS))

    with _impatient(platform):
        case = disturbed(platform, stand)
    if not all(noticed):
        case.wrong.append("the broker did not give the stalled reader up")
    return case


@contextmanager
def _impatient(platform: Platform) -> Iterator[None]:
    """Channels read the values when they are opened, so the ledger is started anew."""
    _set(platform, TIMEOUT_MS, TICK_MS)
    try:
        yield
    finally:
        _set(platform, USUAL_TIMEOUT_MS, USUAL_TICK_MS)


def _set(platform: Platform, timeout_ms: int, tick_ms: int) -> None:
    values = {"consumer_timeout": timeout_ms, "channel_tick_interval": tick_ms}
    for name, value in values.items():
        control(platform, "eval", f"application:set_env(rabbit, {name}, {value}).")
    platform.restart("ledger")
