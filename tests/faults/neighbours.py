"""Members of one region who help each other, as threads of this process, and all they notice."""

from __future__ import annotations

import argparse
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.faults.platform import PATIENCE, POLL, Platform
from tests.system import traffic
from tests.system.traffic import EMPLOYERS, Client, Outcome, Pair

PLACES = {region: place for place, (_, region) in enumerate(EMPLOYERS)}


class Neighbours(Pair):
    """Two members of the same region."""

    def __init__(
        self, region: str, gateway: str, number: int, outcome: Outcome, options: Any
    ) -> None:
        self.region = region
        super().__init__(gateway, number, outcome, options)

    def _member(self, gateway: str, name: str, place: int, patience: float) -> Client:
        return super()._member(gateway, f"{self.region}.{name}", PLACES[self.region], patience)


class Region:
    """Pairs of one region who do as many exchanges as they are told, or go on until told.

    Args:
        poll: seconds between two looks of a client at its exchange.
        repeat: chance of a repeated call.
    """

    def __init__(
        self, platform: Platform, region: str, pairs: int, poll: float = POLL, repeat: float = 0.0
    ) -> None:
        self.seen, self.exchanges = Outcome(), 0
        self._stop, self._began = threading.Event(), time.monotonic()
        self._threads: list[threading.Thread] = []
        gateway, run = platform.at.gateway_url, uuid.uuid4().hex[:8]
        options = argparse.Namespace(repeat=repeat, run=run, patience=PATIENCE, poll=poll)
        with ThreadPoolExecutor(pairs) as threads:
            joining = [
                threads.submit(Neighbours, region, gateway, number, self.seen, options)
                for number in range(pairs)
            ]
            self.pairs = [each.result() for each in joining]

    def do(self, exchanges: int) -> Outcome:
        """So many exchanges from request to settled; what was seen of them alone."""
        self.seen.begin_anew()
        traffic.work(list(self.pairs), exchanges, len(self.pairs))
        return self.seen

    def begin(self) -> Region:
        """Go on until the outcome is asked for."""
        self.seen.begin_anew()
        self._stop.clear()
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._go_on, args=[each]) for each in self.pairs]
        for thread in self._threads:
            thread.start()
        return self

    def _go_on(self, pair: Pair) -> None:
        while not self._stop.is_set():
            try:
                pair.exchange()
            except (AssertionError, TimeoutError) as error:
                self.seen.wrong.append(str(error))

    def outcome(self) -> Mapping[str, Any]:
        """End what was begun; what came of it, as of a ``Load``."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        found = traffic.summary(self.seen, time.monotonic() - self._began)
        self.exchanges = len(found["ids"])
        return found
