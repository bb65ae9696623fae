"""F11: a backlog in front of a service that stood still, and how it is worked off."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import psycopg
import uuid_utils.compat

from deploy.local import faults
from services.bus import envelope
from services.bus import said as bus_said
from services.contracts import members
from tests.faults.broker_faults import halted, messages_in
from tests.faults.disturbed import disturbed
from tests.faults.measured import total
from tests.faults.platform import Platform, until
from tests.faults.scenario import Result, Scenario
from tests.faults.stalled import stall

SHORT, LONG = 20_000, 100_000
"""Events in the backlog of the short and of the long form."""
AT_ONCE = 1000
"""Events written with one statement."""
DRAIN_SECONDS = 600.0
"""Clients wait as long for an hour to be held: while the ledger stands still, an exchange stays
accepted, and that is no fault."""


def run(platform: Platform, seed: int, minutes: float) -> Result:
    """The ledger stands still until the backlog waits; then everything is to be worked off."""
    size = SHORT if minutes < 2 else LONG
    drained: list[float] = []
    memory: list[int] = []

    def pile_up() -> None:
        with halted(platform, "ledger"):
            _say(platform, size)
            until(lambda: messages_in(platform, "ledger.") >= size, DRAIN_SECONDS)
        began = time.monotonic()
        until(lambda: _looked(platform, memory) < 100, DRAIN_SECONDS)
        drained.append(time.monotonic() - began)

    case = disturbed(platform, pile_up, patience=DRAIN_SECONDS)
    figures = {
        "events in the backlog": size,
        "worked off per second": round(size / max(drained[0], 0.01)),
        "memory of the ledger at most, MB": round(max(memory) / 1e6),
    }
    return total([case, stall(platform)], figures)


def _looked(platform: Platform, memory: list[int]) -> int:
    """Messages still waiting; takes down the ledger's memory (bytes) at every look."""
    pages = Path(f"/proc/{faults.find(platform.where, 'ledger').pid}/statm").read_text().split()
    memory.append(int(pages[1]) * 4096)
    return messages_in(platform, "ledger.")


def _say(platform: Platform, size: int) -> None:
    """Write changes of one member into the outbox of members: the ledger reads all of them."""
    ((body,),) = platform.query(
        "reporting", "select data from heard where type = 'members.member_joined' limit 1"
    )
    fields = members.MemberChanged().fields
    sample = {name: body[name] for name in fields if name in body}
    now = datetime.datetime.now(datetime.UTC)
    said = [
        envelope.outgoing(
            event_id=uuid_utils.compat.uuid7(), schema=members.MemberChanged,
            region=body["region"], subject=body["member_id"], time=now,
            correlation_id="a backlog", data=members.MemberChanged().load(sample),
        )
        for _ in range(size)
    ]  # fmt: skip
    with psycopg.connect(platform.at.database_urls["members"]) as conn:
        for start in range(0, size, AT_ONCE):
            bus_said.keep(conn, said[start : start + AT_ONCE])


F11 = Scenario("F11", "a backlog in front of a ledger that stood still, and its timeout", run, 0.6)
