"""People who ask for exchanges while the platform is hurt, and take no excuse."""

from __future__ import annotations

import argparse
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.platform import PATIENCE, Platform
from tests.system.traffic import AWAY, Client, Outcome, Pair

PAUSE = 0.1
"""Seconds between two bookings: they shall be spread over the fault, not be a load."""


@dataclass
class Booked:
    """What became of bookings during a fault; seconds each took."""

    taken: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class People:
    """Two members who trust each other with an hour each, ready before the fault."""

    def __init__(self, platform: Platform) -> None:
        options = argparse.Namespace(repeat=0.0, run=uuid.uuid4().hex[:8], patience=PATIENCE)
        self.pair = Pair(platform.at.gateway_url, 0, Outcome(), options)

    def book(self, seconds: float, more: Callable[[], bool] = lambda: True) -> Booked:
        """Ask for exchanges and withdraw them, one after another, each tried once.

        Args:
            seconds: at most.
            more: whether the fault lasts.
        """
        for member in self.pair.members:
            member.patience = 0.0
        booked, end = Booked(), time.monotonic() + seconds
        while time.monotonic() < end and more():
            began = time.monotonic()
            try:
                self._once(self.pair.members[1], self.pair.listings[0])
                booked.taken.append(time.monotonic() - began)
            except (AssertionError, TimeoutError, *AWAY) as error:
                booked.refused.append(str(error))
            time.sleep(PAUSE)  # see PAUSE
        return booked

    def _once(self, receiver: Client, listing: str) -> None:
        status, asked = receiver.post("/v1/exchanges", {"listing_id": listing, "minutes": 15})
        assert status == 201, f"{status}: {asked}"
        status, answer = receiver.post(f"/v1/exchanges/{asked['id']}/withdraw", {})
        assert status == 200, f"{status}: {answer}"
